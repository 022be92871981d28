"""Compares the three journals of a sitting, by the invariants of the promise. Pure: values in, violations out.

I1  nothing acknowledged is lost          I5  one event for each move, counted without gaps
I2  nothing arrives that nobody asked for  I6  what was counted is what there is
I3  each duplicate is owned up to          I7  a key makes one message
I4  what is written is what was said       I8  a refusal is one that asks to come again
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.faults.journals import Answer, Ask, Attempt, Books, Journals, Unit

TERMINAL = frozenset({"delivered", "bounced", "expired", "suppressed", "cancelled", "failed"})
COME_AGAIN = frozenset({0, 421, 429, 451, 452, 454, 503})  # the requests are good ones: no other refusal is right
LOST = "lost"  # the result of an attempt that nobody came back from
# Columns of the statistics by the type of events, as the console adds them up; each event counts in one of them.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "accepted": ("accepted",),
    "delivered": ("delivered",),
    "deferred": ("deferred",),
    "bounced": ("bounced_hard", "bounced_soft", "bounced_block"),
    "failed": ("failed",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """An invariant that does not hold, and of what."""

    invariant: str
    what: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What is reported of a sitting, in units but for the first three, which are requests."""

    acked: int
    ambiguous: int  # no try of the request got an answer
    refused: int
    delivered: int
    lost: int
    phantom: int
    duplicates: int
    bound: int  # tries whose final dot was on its way when a process or connection died


def check(journals: Journals, *, most_duplicates: int | None = None) -> list[Violation]:
    """Return all that is wrong; with `most_duplicates` also more duplicates than that, explained or not."""
    return list(_check(journals, most_duplicates))


def _check(journals: Journals, most_duplicates: int | None) -> Iterator[Violation]:
    yield from _say("I1", find_lost(journals))
    yield from _say("I2", find_phantoms(journals))
    yield from _say("I3", _find_unexplained(journals))
    duplicates = count_duplicates(journals)
    if most_duplicates is not None and duplicates > most_duplicates:
        yield Violation(invariant="I3", what=f"{duplicates} duplicates where at most {most_duplicates} can be")
    for unit in journals.units:
        yield from _say("I5", _find_untold(unit))
    yield from _say("I4", _find_untrue(journals))
    yield from _say("I6", _find_miscounted(journals.units, journals.books))
    yield from _say("I7", _find_repeated(journals))
    yield from _say("I8", _find_rude(journals.asks))


def _say(invariant: str, found: Iterable[str]) -> Iterator[Violation]:
    return (Violation(invariant=invariant, what=what) for what in found)


def count(journals: Journals) -> Counts:
    """Count what is reported of a sitting."""
    answers = defaultdict(set)
    for ask in journals.asks:
        answers[ask.token].add(ask.answer)
    acked = {token for token, seen in answers.items() if Answer.ACKED in seen}
    ambiguous = {token for token, seen in answers.items() if Answer.UNSEEN in seen} - acked
    return Counts(
        acked=len(acked),
        ambiguous=len(ambiguous),
        refused=len(answers) - len(acked) - len(ambiguous),
        delivered=sum(unit.state == "delivered" for unit in journals.units),
        lost=len(list(find_lost(journals))),
        phantom=len(list(find_phantoms(journals))),
        duplicates=count_duplicates(journals),
        bound=sum(attempt.is_ambiguous for unit in journals.units for attempt in unit.attempts),
    )


# I1, I2, I7: requests and rows -------------------------------------------------------------------------------------------
def find_lost(journals: Journals) -> Iterator[str]:
    """Yield each recipient of an acknowledged message that has no row, or whose row has come to no end."""
    stored = defaultdict(dict)
    for unit in journals.units:
        for name in unit.names:
            stored[name][unit.recipient] = unit
    for ask in journals.asks:
        if ask.answer is Answer.ACKED:
            found = stored.get(ask.message_id, {})
            for recipient in ask.recipients:
                if recipient not in found:
                    yield f"{recipient} was acknowledged in {ask.message_id} and is not there"
    for unit in journals.units:
        if not _has_ended(unit, journals):
            yield f"{unit.recipient} is still {unit.state}, next try {unit.next_attempt_at}"


def _has_ended(unit: Unit, journals: Journals) -> bool:
    waits = unit.state == "deferred" and unit.next_attempt_at is not None and unit.next_attempt_at > journals.read_at
    return unit.state in TERMINAL or waits


def find_phantoms(journals: Journals) -> Iterator[str]:
    """Yield what arrived or was stored of requests that were refused, were never made, or were made by another account."""
    wanted = {
        (ask.token, ask.account_id, recipient)
        for ask in journals.asks
        if ask.answer is not Answer.REFUSED
        for recipient in ask.recipients
    }
    for unit in journals.units:
        if (unit.token, unit.account_id, unit.recipient) not in wanted:
            yield f"{unit.recipient} of {unit.token} is stored for account {unit.account_id}, which did not ask for it"
    addressed = {(token, recipient) for token, _, recipient in wanted}
    for arrival in journals.arrivals:
        if arrival.is_taken and (arrival.token, arrival.recipient) not in addressed:
            yield f"{arrival.recipient} got {arrival.token!r}, which nobody asked for"


def _find_repeated(journals: Journals) -> Iterator[str]:
    """Yield requests that made more messages than they may have, or fewer; and keys that were answered in two ways."""
    made = defaultdict(set)
    for unit in journals.units:
        made[unit.token].add(unit.names)
    for token, asks in _by_token(journals.asks).items():
        acked = sum(ask.answer is Answer.ACKED for ask in asks)
        unseen = sum(ask.answer is Answer.UNSEEN for ask in asks)
        least, most = (min(acked, 1), min(acked + unseen, 1)) if asks[0].key else (acked, acked + unseen)
        if not least <= len(made[token]) <= most:
            yield f"{token} made {len(made[token])} messages, with {acked} tries acknowledged and {unseen} unanswered"
        names = {ask.message_id for ask in asks if ask.answer is Answer.ACKED}
        if asks[0].key and len(names) > 1:
            yield f"the key {asks[0].key} was answered with {sorted(names)}"


def _by_token(asks: Sequence[Ask]) -> dict[str, list[Ask]]:
    found = defaultdict(list)
    for ask in asks:
        found[ask.token].append(ask)
    return found


def _find_rude(asks: Sequence[Ask]) -> Iterator[str]:
    for ask in asks:
        if ask.answer is Answer.REFUSED and ask.code not in COME_AGAIN:
            yield f"{ask.token} was refused with {ask.code}"


# I3, I4: rows and arrivals ------------------------------------------------------------------------------------------------
def count_duplicates(journals: Journals) -> int:
    """Return how many copies arrived beyond one for each row."""
    rows = Counter(unit.recipient for unit in journals.units)
    taken = Counter(arrival.recipient for arrival in journals.arrivals if arrival.is_taken)
    return sum(max(0, number - rows[recipient]) for recipient, number in taken.items())


def _find_unexplained(journals: Journals) -> Iterator[str]:
    """Yield addresses that took more copies than their attempts own up to: delivered, or ambiguous."""
    admitted: Counter[str] = Counter()
    for unit in journals.units:
        admitted[unit.recipient] += sum(one.result == "delivered" or one.is_ambiguous for one in unit.attempts)
    taken = Counter(arrival.recipient for arrival in journals.arrivals if arrival.is_taken)
    for recipient, number in taken.items():
        if number > admitted[recipient]:
            yield f"{recipient} took {number} copies, and its attempts explain {admitted[recipient]}"


def _find_untrue(journals: Journals) -> Iterator[str]:
    """Yield replies on record that were not given, and ends that no reply stands for."""
    given: dict[str, Counter[str]] = defaultdict(Counter)
    taken: dict[str, set[str]] = defaultdict(set)
    for arrival in journals.arrivals:
        given[arrival.recipient][arrival.reply] += 1
        if arrival.is_taken:
            taken[arrival.recipient].add(arrival.reply)
    for unit in journals.units:
        for attempt in unit.attempts:
            reply = f"{attempt.code} {attempt.reply}"
            if attempt.code and not given[unit.recipient][reply]:
                yield f"{unit.recipient} has the reply {reply!r} on record, which the receiver did not give"
            given[unit.recipient][reply] -= bool(attempt.code)
            if attempt.result == "delivered" and reply not in taken[unit.recipient]:
                yield f"{unit.recipient} is delivered by {reply!r}, and no message was taken with that"
        yield from _find_unfounded(unit)


def _find_unfounded(unit: Unit) -> Iterator[str]:
    last = unit.attempts[-1] if unit.attempts else Attempt(number=0, result="")
    if unit.state in {"delivered", "bounced"} and last.result != unit.state:
        yield f"{unit.recipient} is {unit.state}, and its last attempt {last.result or 'missing'}"
    if unit.state == "bounced" and last.code < 500:
        yield f"{unit.recipient} is bounced after {last.code} {last.reply}"


# I5, I6: rows and what is told of them -------------------------------------------------------------------------------------
def _find_untold(unit: Unit) -> Iterator[str]:
    numbers = [told.sequence for told in unit.events]
    if numbers != list(range(1, unit.sequence + 1)):
        yield f"{unit.recipient} has the events {numbers}, and its row counts {unit.sequence}"
    moves = [attempt.result for attempt in unit.attempts if attempt.result != LOST]
    if unit.state == "failed" and "failed" not in moves:
        moves.append("failed")  # given up: too many workers did not come back
    if [told.type for told in unit.events] != ["accepted", *moves]:
        yield f"{unit.recipient} went by {moves}, and its events are {[told.type for told in unit.events]}"
    if [attempt.number for attempt in unit.attempts] != list(range(1, len(unit.attempts) + 1)):
        yield f"{unit.recipient} has the attempts {[attempt.number for attempt in unit.attempts]}"
    if any(told.account_id != unit.account_id for told in unit.events):
        yield f"{unit.recipient} has events of another account"


def _find_miscounted(units: Sequence[Unit], books: Books) -> Iterator[str]:
    stored = Counter(unit.account_id for unit in units)
    for account_id in stored.keys() | books.usage.keys():
        used = books.usage.get(account_id, 0)
        if used != stored[account_id]:
            yield f"account {account_id} has used {used} of its quota, with {stored[account_id]} recipients"
    happened = Counter((told.account_id, told.type) for unit in units for told in unit.events)
    for account_id in stored.keys() | {account_id for account_id, _ in books.statistics}:
        for kind, columns in COLUMNS.items():
            counted = sum(books.statistics.get((account_id, column), 0) for column in columns)
            if counted != happened[account_id, kind]:
                yield f"account {account_id} has {counted} {kind} in its statistics, and {happened[account_id, kind]} events"
