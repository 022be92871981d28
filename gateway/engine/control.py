"""What people do to mail that waits: cancel it, hold it back, let it go, try it at once; in bulk.

    queued, deferred          -> held        hold
    held                      -> queued      release; deferred, where its time has not come
    deferred after a try      -> queued      retry
    queued, deferred, held    -> cancelled   cancel, which is told as an event
    sending                   -> sending     cancel, which is noted: it is cancelled if that try puts it off

Beside `queue`, and as carefully: each move is a compare-and-set over a batch of its own commit, so that a queue of millions is
worked through in steps, beside everything that goes on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import product
from typing import Any, Final

from django.db import transaction

from gateway.base import bulk, clock, wake
from gateway.base.statement import Statement
from gateway.engine.leases import RECIPIENTS
from gateway.engine.queue import cancellations
from gateway.engine.sql import CANCEL_ASKED, Placed, in_line
from gateway.models import ListTask, Recipient
from tracking import events

BATCH: Final = 1000  # recipients of one commit
LATE: Final = timedelta(hours=12)  # after which released mail begins its lifetime anew
PRIORITIES: Final = (0, 1)  # of Recipient: transactional and bulk mail

State = Recipient.State


class Verb(StrEnum):
    CANCEL = "cancel"
    HOLD = "hold"
    RELEASE = "release"
    RETRY = "retry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """The mail of one account that an act is about: all that waits, or that of a message, a sender domain, an SMTP user.

    Mail that was accepted after `until` is not meant: an act that takes long does not run after what comes in meanwhile.
    """

    account_id: int
    message_id: int | None = None
    domain_id: int | None = None
    smtp_user_id: int | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """What a verb does to a row in one of the states `sources`; `sets` is SQL with `{now}` for the time."""

    sources: tuple[State, ...]
    sets: str
    only: str = "TRUE"


_IS_EARLY: Final = "r.next_attempt_at > {now}"
_CHANGES: Final = {
    Verb.CANCEL: _Change(
        sources=(State.QUEUED, State.DEFERRED, State.HELD),
        sets="state = 'cancelled', sequence = r.sequence + 1, next_attempt_at = NULL, done_at = {now}",
    ),
    Verb.HOLD: _Change(sources=(State.QUEUED, State.DEFERRED), sets="state = 'held'"),
    Verb.RELEASE: _Change(
        sources=(State.HELD,),
        sets=f"state = CASE WHEN {_IS_EARLY} THEN 'deferred' ELSE 'queued' END,"
        f" next_attempt_at = CASE WHEN {_IS_EARLY} THEN r.next_attempt_at END",
    ),
    Verb.RETRY: _Change(
        sources=(State.DEFERRED,), sets="state = 'queued', next_attempt_at = NULL", only="r.attempts > 0"
    ),  # what was not tried yet waits for the time that its sender named
}
_NOTE_CANCEL: Final = _Change(
    sources=(State.SENDING,), sets=f"marks = r.marks | {CANCEL_ASKED}", only=f"r.marks & {CANCEL_ASKED} = 0"
)
# Conditions on the recipient or its message, by the name of the field of Which.
_CONDITIONS: Final = {
    "message_id": "r.message_id = {}",
    "domain_id": "m.domain_id = {}",
    "smtp_user_id": "m.smtp_user_id = {}",
    "until": "m.accepted_at <= {}",
}
# The same of a send to an address list, whose members are mail that waits although they are no recipients yet.
_TASKS: Final = {
    "message_id": "message_id",
    "domain_id": "message__domain_id",
    "smtp_user_id": "message__smtp_user_id",
    "until": "message__accepted_at__lte",
}
_LIST_MOVES: Final = {
    Verb.CANCEL: (ListTask.OPEN, ListTask.State.CANCELLED),
    Verb.HOLD: ((ListTask.State.WAITING, ListTask.State.RUNNING), ListTask.State.HELD),
    Verb.RELEASE: ((ListTask.State.HELD,), ListTask.State.WAITING),
}
_RETURNED = "r.id, r.message_id, r.position, r.email, r.domain, r.sequence, r.state"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an act got: the recipients that it moved, and whether none are left."""

    moved: int
    is_done: bool


def carry_out_within(seconds: float, verb: Verb, which: Which) -> Progress:
    """Do `verb` for as long as that, and at least one batch; what is left is for another time."""
    end = clock.monotonic() + seconds
    moved = 0
    for number in carry_out(verb, which):
        moved += number
        if clock.monotonic() > end:
            return Progress(moved=moved, is_done=False)
    return Progress(moved=moved, is_done=True)


def cancel(which: Which) -> int:
    """Cancel what waits, and return how many recipients that were."""
    return sum(carry_out(Verb.CANCEL, which))


def hold(which: Which) -> int:
    """Hold back what waits, until it is released; return how many recipients that were."""
    return sum(carry_out(Verb.HOLD, which))


def release(which: Which) -> int:
    """Let go what was held back; return how many recipients that were."""
    return sum(carry_out(Verb.RELEASE, which))


def retry(which: Which) -> int:
    """Try at once what was deferred; return how many recipients that were."""
    return sum(carry_out(Verb.RETRY, which))


def cancel_message(account_id: int, message_id: int) -> int:
    """Cancel what waits of one message of an account, and return how many recipients that were."""
    return cancel(Which(account_id=account_id, message_id=message_id))


def carry_out(verb: Verb, which: Which) -> Iterator[int]:
    """Do `verb` in batches; yield after each commit how many recipients it moved, so that the caller may stop or tell."""
    _move_lists(verb, which)
    if verb is not Verb.CANCEL:
        yield from _work_through(_CHANGES[verb], which, verb)
        return
    # What changes over from waiting to being sent, or back, between two of these is caught by the third.
    for change in (_NOTE_CANCEL, _CHANGES[verb], _NOTE_CANCEL):
        for number in _work_through(change, which, verb):
            yield number if change is not _NOTE_CANCEL else 0


def _work_through(change: _Change, which: Which, verb: Verb) -> Iterator[int]:
    asked = tuple(name for name in _CONDITIONS if getattr(which, name) is not None)
    for source, priority in product(change.sources, PRIORITIES):
        # A batch is of one priority, so that its rows are locked by their keys: as everybody does, and nobody waits in a ring.
        statement, after = _statement(change, source, asked), 0
        while moved := _move(statement, verb, which, priority, after):
            after = max(row.recipient_id for row in moved)
            yield len(moved)


def _move_lists(verb: Verb, which: Which) -> None:
    """Do the verb to the sends to lists whose messages are concerned; waits for a batch that is under way."""
    if verb not in _LIST_MOVES:
        return
    sources, state = _LIST_MOVES[verb]
    asked = {path: value for name, path in _TASKS.items() if (value := getattr(which, name)) is not None}
    tasks = ListTask.objects.for_account(which.account_id).filter(state__in=sources, **asked)
    tasks.update(state=state, error="", updated_at=clock.now())


def _move(statement: Statement, verb: Verb, which: Which, priority: int, after: int) -> list[Placed]:
    with transaction.atomic(), bulk.raw_cursor() as cursor:
        rows = statement.fetch(cursor, **_values(which), priority=priority, after=after, limit=BATCH)
        moved = [Placed._make(row[:-1]) for row in rows]
        events.record(
            cursor, cancellations(cursor, [one for one, row in zip(moved, rows, strict=True) if row[-1] == "cancelled"])
        )
        if verb is Verb.RELEASE:
            _begin_anew(cursor, {row.message_id for row in moved})
    if moved and verb in {Verb.RELEASE, Verb.RETRY}:
        wake.wake_sender()
    return moved


def _begin_anew(cursor: bulk.Cursor, message_ids: Collection[int]) -> None:
    """Give mail that was held for long its time to be tried: what is put off once is not given up for its age."""
    if message_ids:
        _BEGIN_ANEW.run(cursor, rows=[(key,) for key in sorted(message_ids)], late=clock.now() - LATE, at=clock.now())


_BEGIN_ANEW = Statement(
    postgresql="""
        UPDATE gateway_message SET send_at = %(at)b::timestamptz
        WHERE id = ANY(%(c0)b::bigint[]) AND coalesce(send_at, accepted_at) < %(late)b::timestamptz
    """,
    sqlite="""
        UPDATE gateway_message SET send_at = :at
        WHERE id IN (SELECT value ->> 0 FROM json_each(:rows)) AND coalesce(send_at, accepted_at) < :late
    """,
)


@lru_cache(maxsize=64)
def _statement(change: _Change, source: State, asked: tuple[str, ...]) -> Statement:
    """Return the statement that moves the next batch; conditions that are not asked for are not in it, as plans go."""
    return Statement(postgresql=_postgresql(change, source, asked), sqlite=_sqlite(change, source, asked))


def _postgresql(change: _Change, source: State, asked: Sequence[str]) -> str:
    conditions = [_CONDITIONS[name].format(f"%({name})b::{'timestamptz' if name == 'until' else 'bigint'}") for name in asked]
    after = "r.priority = %(priority)b::int AND r.id > %(after)b::bigint"
    places = [_place(source, RECIPIENTS.postgresql), after]
    return f"""
        WITH picked AS MATERIALIZED (
            SELECT r.id FROM gateway_recipient r JOIN gateway_message m ON m.id = r.message_id
            WHERE {_where(change, "%(account_id)b::bigint", [*places, *conditions])}
            ORDER BY r.id LIMIT %(limit)b::bigint FOR UPDATE OF r
        )
        UPDATE gateway_recipient r SET {change.sets.format(now="now()")} FROM picked
        WHERE r.id = picked.id AND r.state = '{source.value}' RETURNING {_RETURNED}
    """


def _sqlite(change: _Change, source: State, asked: Sequence[str]) -> str:
    conditions = [_CONDITIONS[name].format(f":{name}") for name in asked]
    places = [_place(source, RECIPIENTS.sqlite), "r.priority = :priority AND r.id > :after"]
    return f"""
        UPDATE gateway_recipient AS r SET {change.sets.format(now=":now")} WHERE r.id IN (
            SELECT r.id FROM gateway_recipient r JOIN gateway_message m ON m.id = r.message_id
            WHERE {_where(change, ":account_id", [*places, *conditions])}
            ORDER BY r.id LIMIT :limit
        ) RETURNING {_RETURNED.replace("r.", "")}
    """


def _place(source: State, leased: str) -> str:
    """Return what is in a state, by where to look for it: in the line of an index, or in leases."""
    if source in Recipient.LINES:
        return in_line(source)
    return f"r.state = '{source.value}' AND r.id IN ({leased})"


def _where(change: _Change, account: str, conditions: Sequence[str]) -> str:
    only = [] if change.only == "TRUE" else [change.only]
    return " AND ".join([f"r.account_id = {account}", *only, *conditions])


def _values(which: Which) -> dict[str, Any]:
    return {field.name: value for field in fields(which) if (value := getattr(which, field.name)) is not None}
