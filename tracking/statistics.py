"""The hourly roll-ups: what the events of each hour add up to, counted in the commit of the events.

COUNTERS is the one table of what counts where; `add` counts by it what happens, and `tracking.recount` what happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from gateway.base import bulk
from tracking.models import EventType

if TYPE_CHECKING:
    from tracking.events import Fact

Key = tuple[int, datetime, int, int, str, str]  # in the order of KEYS; 0 and "" stand for none

KEYS: Final = ("account_id", "hour", "domain_id", "smtp_user_id", "campaign", "tag")
MOST_TAGS = 20  # of one event that count
LONGEST = 250  # characters of a tag or a campaign

# Whom a refusal is about (gateway.engine.reply_words.Kind) says of which class the bounce is; all others are soft.
HARD: Final = frozenset({"recipient"})
BLOCK: Final = frozenset({"blocked", "policy", "content", "authentication", "sender", "rate", "greylist"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """What one column counts: events of a type, of some categories or of all but some, all of them or first ones only."""

    type: EventType
    categories: frozenset[str] | None = None
    others_than: frozenset[str] = frozenset()
    first_only: bool = False

    def counts(self, kind: str, category: str, *, is_first: bool) -> bool:
        if kind != self.type.value or (self.first_only and not is_first):
            return False
        return category in self.categories if self.categories is not None else category not in self.others_than

    @property
    def condition(self) -> str:
        """The same in SQL, of a row of tracking_event."""
        parts = [f"type = '{self.type.value}'"]
        if self.categories is not None:
            parts.append(f"category IN ({_quoted(self.categories)})")
        if self.others_than:
            parts.append(f"category NOT IN ({_quoted(self.others_than)})")
        if self.first_only:
            parts.append("is_first")
        return " AND ".join(parts)


COUNTERS: Final[Mapping[str, Counter]] = {
    "accepted": Counter(type=EventType.ACCEPTED),
    "delivered": Counter(type=EventType.DELIVERED),
    "deferred": Counter(type=EventType.DEFERRED),
    "bounced_hard": Counter(type=EventType.BOUNCED, categories=HARD),
    "bounced_soft": Counter(type=EventType.BOUNCED, others_than=HARD | BLOCK),
    "bounced_block": Counter(type=EventType.BOUNCED, categories=BLOCK),
    "expired": Counter(type=EventType.EXPIRED),
    "suppressed": Counter(type=EventType.SUPPRESSED),
    "cancelled": Counter(type=EventType.CANCELLED),
    "failed": Counter(type=EventType.FAILED),
    "opened": Counter(type=EventType.OPENED),
    "opened_unique": Counter(type=EventType.OPENED, first_only=True),
    "clicked": Counter(type=EventType.CLICKED),
    "clicked_unique": Counter(type=EventType.CLICKED, first_only=True),
    "unsubscribed": Counter(type=EventType.UNSUBSCRIBED),
    "complained": Counter(type=EventType.COMPLAINED),
}
TOTALS: Final[Mapping[EventType, tuple[str, ...]]] = {
    kind: tuple(name for name, counter in COUNTERS.items() if counter.type is kind and not counter.first_only)
    for kind in EventType
}
"""The columns whose sum is the number of events of a type."""

COLUMNS: Final = (*KEYS, *COUNTERS)
TYPES: Final = ("bigint", "timestamptz", "bigint", "bigint", "text", "text", *("int" for _ in COUNTERS))
_SUMS = ", ".join(f"{name} = tracking_hourlystatistic.{name} + excluded.{name}" for name in COUNTERS)
_ROWS: Final = bulk.Table(
    "tracking_hourlystatistic", COLUMNS, TYPES, otherwise=f"ON CONFLICT ({', '.join(KEYS)}) DO UPDATE SET {_SUMS}"
)


def add(cursor: bulk.Cursor, facts: Iterable[Fact]) -> None:
    """Count facts, in the transaction of their events, and last in it: others wait for the rows until it commits."""
    add_counts(cursor, _count(facts))


def add_counts(cursor: bulk.Cursor, counts: Mapping[Key, Sequence[int]]) -> None:
    """Add to rows, which are made where there are none; the numbers stand in the order of COUNTERS, none below 0.

    Always in the order of the keys, so that no two transactions wait for each other.
    """
    bulk.insert(cursor, _ROWS, [(*key, *counts[key]) for key in sorted(counts)])


def hour_of(at: datetime) -> datetime:
    """Return the beginning of the hour in UTC that a time is in."""
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _count(facts: Iterable[Fact]) -> dict[Key, list[int]]:
    counts: dict[Key, list[int]] = {}
    for fact in facts:
        places = _places(fact.type.value, fact.category, is_first=fact.is_first)
        for key in _keys(fact):
            numbers = counts.get(key)
            if numbers is None:
                numbers = counts[key] = [0] * len(COUNTERS)
            for place in places:
                numbers[place] += 1
    return counts


def _keys(fact: Fact) -> Iterator[Key]:
    origin = fact.origin
    hour, campaign = hour_of(fact.at), origin.campaign[:LONGEST]
    for tag in ("", *_tags(origin.tags)) if origin.tags else ("",):
        yield origin.account_id, hour, origin.domain_id or 0, origin.smtp_user_id or 0, campaign, tag


def _tags(tags: Sequence[str]) -> set[str]:
    return {tag[:LONGEST] for tag in tags[:MOST_TAGS] if tag}


@lru_cache(maxsize=1024)
def _places(kind: str, category: str, *, is_first: bool) -> tuple[int, ...]:
    """Return the places of the counters that an event counts in."""
    counters = enumerate(COUNTERS.values())
    return tuple(place for place, counter in counters if counter.counts(kind, category, is_first=is_first))


def _quoted(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in sorted(words))
