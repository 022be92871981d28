"""What to look for among the events of one account, as a value, and the conditions that it stands for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from django.db.models import BooleanField, F, Func, JSONField, Lookup, Q, QuerySet, Value

from tracking.models import Event, EventType
from tracking.statistics import LONGEST

# What a search looks at: what the message says of itself, and what was heard on the way. The index over these words
# (migrations/*_find_events.py) repeats the list.
SEARCHED: Final = ("subject", "sender", "recipient", "address", "host", "reply")
TRIGRAM: Final = 3  # characters; shorter words are not in the index
LONGEST_WORDS = 500  # characters of a search that are looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events of an account. What is left empty holds of all; `since` belongs to the span, `until` does not.

    `text` is looked for in the fields of SEARCHED, `words` each in its own; a part of the field is enough, in any case.
    """

    account_id: int
    domain_id: int | None = None
    domain_ids: Sequence[int] = ()  # any of these
    smtp_user_id: int | None = None
    smtp_user_ids: Sequence[int] = ()  # any of these
    message_id: int | None = None
    recipient_id: int | None = None
    types: Sequence[EventType | str] = ()
    since: datetime | None = None
    until: datetime | None = None
    tag: str = ""
    campaign: str = ""
    recipient: str = ""  # the whole address, in any case
    recipient_domain: str = ""
    text: str = ""
    words: Mapping[str, str] = field(default_factory=dict)  # by field of SEARCHED

    @property
    def is_rolled_up(self) -> bool:
        """Tell whether the roll-ups know all that is asked for, apart from the minutes of its ends."""
        asked = (self.message_id, self.recipient_id, self.recipient, self.recipient_domain, self.text, *self.words.values())
        return all(value in {None, ""} for value in asked) and max(len(self.tag), len(self.campaign)) <= LONGEST

    @property
    def is_read_through(self) -> bool:
        """Tell whether a text is too short for the index over words: then every event is looked at."""
        texts = [text.strip() for text in (self.text, *self.words.values())]
        return any(text and len(text) < TRIGRAM for text in texts)

    def between(self, since: datetime | None, until: datetime | None) -> EventFilter:
        """Return the same for another span of time."""
        return replace(self, since=since, until=until)

    def events(self) -> QuerySet[Event]:
        """Return the events, in no order."""
        rows: QuerySet[Event] = Event.objects.for_account(self.account_id)
        return rows.filter(**self._exactly()).filter(*self._texts())

    def _exactly(self) -> dict[str, Any]:
        given = {
            "domain_id": self.domain_id,
            "domain_id__in": self.domain_ids or None,
            "smtp_user_id": self.smtp_user_id,
            "smtp_user_id__in": self.smtp_user_ids or None,
            "message_id": self.message_id,
            "recipient_id": self.recipient_id,
            "at__gte": self.since,
            "at__lt": self.until,
            "type__in": [str(kind) for kind in self.types] or None,
            "tags__has_tag": self.tag.replace("\0", "") or None,
            "campaign": self.campaign.replace("\0", "") or None,
            "recipient_domain": self.recipient_domain.lower().replace("\0", "") or None,
        }
        return {name: value for name, value in given.items() if value is not None}

    def _texts(self) -> list[Any]:
        """Return a condition for each text, beside the one on all words: it is true as well, and has the index."""
        asked = [((name,), words) for name, words in self.words.items() if words and name in SEARCHED]
        asked += [(("recipient",), self.recipient)] if self.recipient else []
        own = [Contains(fields, words) for fields, words in asked]
        whole = [Q(Equals("recipient", self.recipient))] if self.recipient else []
        texts = [self.text] if self.text else []
        return [*own, *whole, *(Contains(SEARCHED, words) for words in [*texts, *(words for _, words in asked)])]


_LOWER: Final = {letter: letter + 32 for letter in range(ord("A"), ord("Z") + 1)}  # of ASCII alone


class Contains(Func):
    """Whether fields, one behind the other, contain words, in any case as far as the database knows the letters."""

    output_field = BooleanField()
    conditional = True
    arg_joiner = " || ' ' || "
    template = "lower(%(expressions)s) LIKE lower(%%s)"

    def __init__(self, fields: Sequence[str], words: str) -> None:
        super().__init__(*map(F, fields))
        cleaned = words.strip()[:LONGEST_WORDS].replace("\0", "")
        self.is_short = len(cleaned) < TRIGRAM
        for special in ("\\", "%", "_"):
            cleaned = cleaned.replace(special, "\\" + special)
        self.pattern = f"%{cleaned}%"

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, tuple[str | int, ...]]:  # type: ignore[override]
        sql, params = super().as_sql(compiler, connection, **extra)
        return sql.replace("%%s", "%s"), (*params, self.pattern)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, tuple[str | int, ...]]:
        """Have words that no index knows compared as octets, which takes half the time; where their letters allow it."""
        if not self.is_short or self.pattern.lower() != self.pattern.upper().translate(_LOWER):
            return self.as_sql(compiler, connection, **extra)
        return self.as_sql(compiler, connection, template='lower((%(expressions)s) COLLATE "C") LIKE lower(%%s)', **extra)

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, tuple[str | int, ...]]:
        sql, params = self.as_sql(compiler, connection, **extra)
        return f"{sql} ESCAPE '\\'", params


class Equals(Func):
    """Whether a field is a text, in any case."""

    output_field = BooleanField()
    conditional = True
    template = "lower(%(expressions)s)"
    arg_joiner = ") = lower("

    def __init__(self, name: str, text: str) -> None:
        super().__init__(F(name), Value(text.strip().replace("\0", "")))


@JSONField.register_lookup
class HasTag(Lookup):
    """Whether a list of texts has one text. Django's `contains` is not there on SQLite."""

    lookup_name = "has_tag"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        sql, params = compiler.compile(self.lhs)
        return f"{sql} @> %s::jsonb", (*params, json.dumps([self.rhs]))

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        sql, params = compiler.compile(self.lhs)
        return f"EXISTS (SELECT 1 FROM json_each({sql}) WHERE value = %s)", (*params, self.rhs)
