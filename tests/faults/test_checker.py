"""The checker finds nothing wrong with a sound sitting, and finds each violation that is planted in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.faults.checker import LOST, check, count
from tests.faults.journals import Answer, Arrival, Ask, Attempt, Books, Journals, Told, Unit

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACME, GLOBEX = 1, 2
LOST_ON_THE_WAY = Attempt(number=1, result=LOST, is_ambiguous=True)


def ask(token: str, *recipients: str, answer: Answer = Answer.ACKED, key: str = "", code: int = 250) -> Ask:
    account_id = GLOBEX if token.startswith("globex") else ACME
    name = f"id-{token}" if answer is Answer.ACKED else ""
    return Ask(token=token, account_id=account_id, recipients=recipients, answer=answer, key=key, message_id=name, code=code)


def took(token: str, recipient: str, number: int) -> Arrival:
    return Arrival(token=token, recipient=recipient, reply=f"250 #{number}#Queued", is_taken=True)


def delivered(number: int, reply: int) -> Attempt:
    return Attempt(number=number, result="delivered", code=250, reply=f"#{reply}#Queued")


def unit(token: str, recipient: str, state: str, *attempts: Attempt) -> Unit:
    account_id = GLOBEX if token.startswith("globex") else ACME
    types = ["accepted", *(attempt.result for attempt in attempts if attempt.result != LOST)]
    return Unit(
        token=token,
        account_id=account_id,
        names=frozenset({f"id-{token}", f"public-{token}"}),
        recipient=recipient,
        state=state,
        sequence=len(types),
        attempts=attempts,
        events=tuple([Told(sequence=place + 1, type=kind, account_id=account_id) for place, kind in enumerate(types)]),
    )


@pytest.fixture
def sound() -> Journals:
    """Two accounts; two copies of one message, a greylisted one, a bounce, a key that was tried again, a death at the dot."""
    busy = Attempt(number=1, result="deferred", code=450, reply="Busy")
    unknown = Attempt(number=1, result="bounced", code=550, reply="Unknown")
    return Journals(
        asks=(
            ask("two", "a@x.example", "b@x.example"),
            ask("globex-one", "c@x.example"),
            ask("keyed", "d@x.example", answer=Answer.UNSEEN, key="k", code=0),
            ask("keyed", "d@x.example", key="k", code=200),
            ask("refused", "e@x.example", answer=Answer.REFUSED, code=451),
            ask("unseen", "f@x.example", answer=Answer.UNSEEN, code=0),
            ask("bad", "g@x.example"),
        ),
        arrivals=(
            took("two", "a@x.example", 1),
            Arrival(token="", recipient="b@x.example", reply="450 Busy", is_taken=False),
            took("two", "b@x.example", 2),
            took("globex-one", "c@x.example", 3),  # and the worker died before it read this
            took("globex-one", "c@x.example", 4),
            took("keyed", "d@x.example", 5),
            Arrival(token="", recipient="g@x.example", reply="550 Unknown", is_taken=False),
        ),
        units=(
            unit("two", "a@x.example", "delivered", delivered(1, 1)),
            unit("two", "b@x.example", "delivered", busy, delivered(2, 2)),
            unit("globex-one", "c@x.example", "delivered", LOST_ON_THE_WAY, delivered(2, 4)),
            unit("keyed", "d@x.example", "delivered", delivered(1, 5)),
            unit("bad", "g@x.example", "bounced", unknown),
        ),
        books=Books(
            usage={ACME: 4, GLOBEX: 1},
            statistics={
                (ACME, "accepted"): 4,
                (ACME, "delivered"): 3,
                (ACME, "deferred"): 1,
                (ACME, "bounced_hard"): 1,
                (GLOBEX, "accepted"): 1,
                (GLOBEX, "delivered"): 1,
            },
        ),
        read_at=NOW,
    )


def change_unit(journals: Journals, place: int, **changes: object) -> Journals:
    units = list(journals.units)
    units[place] = replace(units[place], **changes)
    return replace(journals, units=tuple(units))


def change_ask(journals: Journals, place: int, **changes: object) -> Journals:
    asks = list(journals.asks)
    asks[place] = replace(asks[place], **changes)
    return replace(journals, asks=tuple(asks))


def with_arrival(journals: Journals, arrival: Arrival) -> Journals:
    return replace(journals, arrivals=(*journals.arrivals, arrival))


def without(journals: Journals, kind: str, place: int) -> Journals:
    rows = getattr(journals, kind)
    return replace(journals, **{kind: rows[:place] + rows[place + 1 :]})


def with_books(journals: Journals, *, usage: int = 0, delivered: int = 0) -> Journals:
    books = journals.books
    used = {**books.usage, ACME: books.usage[ACME] + usage}
    statistics = {**books.statistics, (ACME, "delivered"): books.statistics[ACME, "delivered"] + delivered}
    return replace(journals, books=Books(usage=used, statistics=statistics))


def tell_twice(journals: Journals) -> Journals:
    *before, last = journals.units[0].events
    return change_unit(journals, 0, events=(*before, last, replace(last, sequence=3)), sequence=3)


def make_second_message(journals: Journals) -> Journals:
    second = replace(journals.units[3], names=frozenset({"id-second"}))
    return replace(journals, units=(*journals.units, second))


PLANTED: dict[str, tuple[str, Callable[[Journals], Journals]]] = {
    "an acknowledged row is dropped": ("I1", lambda sound: without(sound, "units", 1)),
    "a row never ends": ("I1", lambda sound: change_unit(sound, 0, state="sending")),
    "a row is put off, and its time has passed": (
        "I1",
        lambda sound: change_unit(sound, 0, state="deferred", next_attempt_at=NOW - timedelta(seconds=1)),
    ),
    "a row is put off without a time": ("I1", lambda sound: change_unit(sound, 0, state="deferred")),
    "two tenants are swapped": (
        "I2",
        lambda sound: change_unit(change_unit(sound, 0, account_id=GLOBEX), 2, account_id=ACME),
    ),
    "one tenant's body goes to the other's recipient": (
        "I2",
        lambda sound: with_arrival(without(sound, "arrivals", 0), took("globex-one", "a@x.example", 1)),
    ),
    "a refused request is stored": (
        "I2",
        lambda sound: replace(sound, units=(*sound.units, unit("refused", "e@x.example", "delivered", delivered(1, 9)))),
    ),
    "mail arrives that nobody asked for": ("I2", lambda sound: with_arrival(sound, took("new", "n@x.example", 9))),
    "a send is duplicated": ("I3", lambda sound: with_arrival(sound, took("two", "a@x.example", 9))),
    "a third copy where one try is ambiguous": (
        "I3",
        lambda sound: with_arrival(sound, took("globex-one", "c@x.example", 9)),
    ),
    "a duplicate whose lost try is not called ambiguous": (
        "I3",
        lambda sound: change_unit(sound, 2, attempts=(replace(LOST_ON_THE_WAY, is_ambiguous=False), delivered(2, 4))),
    ),
    "delivered without a 2xx": ("I4", lambda sound: without(sound, "arrivals", 0)),
    "delivered after a 4xx alone": (
        "I4",
        lambda sound: change_unit(sound, 1, attempts=(replace(sound.units[1].attempts[0], result="delivered"),)),
    ),
    "delivered without an attempt": ("I4", lambda sound: change_unit(sound, 0, attempts=())),
    "bounced after a 4xx": (
        "I4",
        lambda sound: change_unit(sound, 4, attempts=(Attempt(number=1, result="bounced", code=450, reply="Busy"),)),
    ),
    "a reply in other words": ("I4", lambda sound: change_unit(sound, 0, attempts=(delivered(1, 77),))),
    "one reply for two deliveries": (
        "I4",
        lambda sound: change_unit(sound, 0, attempts=(delivered(1, 1), delivered(2, 1))),
    ),
    "an event is lost": ("I5", lambda sound: change_unit(sound, 1, events=sound.units[1].events[:2])),
    "an event in the middle is lost": (
        "I5",
        lambda sound: change_unit(sound, 1, events=(sound.units[1].events[0], sound.units[1].events[2])),
    ),
    "an event is told twice": ("I5", tell_twice),
    "an event of another account": (
        "I5",
        lambda sound: change_unit(sound, 4, events=tuple(replace(e, account_id=GLOBEX) for e in sound.units[4].events)),
    ),
    "an attempt is overwritten": ("I5", lambda sound: change_unit(sound, 1, attempts=(delivered(2, 2),))),
    "the quota is off by one": ("I6", lambda sound: with_books(sound, usage=1)),
    "a statistic is off by one": ("I6", lambda sound: with_books(sound, delivered=-1)),
    "a key makes two messages": ("I7", make_second_message),
    "a key is answered in two ways": ("I7", lambda sound: change_ask(sound, 2, answer=Answer.ACKED, message_id="other")),
    "a request without a key makes two messages": (
        "I7",
        lambda sound: change_ask(change_ask(make_second_message(sound), 3, key=""), 2, key="", answer=Answer.REFUSED),
    ),
    "a good request is refused for good": ("I8", lambda sound: change_ask(sound, 4, code=550)),
    "a client sees a 500": ("I8", lambda sound: change_ask(sound, 4, code=500)),
}


def test_it_finds_nothing_in_a_sound_sitting(sound: Journals) -> None:
    assert check(sound) == []


@pytest.mark.parametrize("name", PLANTED)
def test_it_finds_what_is_planted(sound: Journals, name: str) -> None:
    invariant, plant = PLANTED[name]
    found = check(plant(sound))
    assert invariant in {violation.invariant for violation in found}, found


def test_it_counts(sound: Journals) -> None:
    found = count(sound)
    assert (found.acked, found.ambiguous, found.refused) == (4, 1, 1)
    assert (found.delivered, found.lost, found.phantom) == (4, 0, 0)
    assert (found.duplicates, found.bound) == (1, 1)


def test_it_takes_no_duplicate_where_none_can_be(sound: Journals) -> None:
    assert [violation.invariant for violation in check(sound, most_duplicates=0)] == ["I3"]
    assert check(sound, most_duplicates=1) == []


def test_an_unanswered_request_may_be_there_or_not(sound: Journals) -> None:
    there = unit("unseen", "f@x.example", "delivered", delivered(1, 9))
    found = with_books(replace(sound, units=(*sound.units, there)), usage=1, delivered=1)
    statistics = {**found.books.statistics, (ACME, "accepted"): 5}
    found = replace(found, books=replace(found.books, statistics=statistics))
    assert check(with_arrival(found, took("unseen", "f@x.example", 9))) == []
