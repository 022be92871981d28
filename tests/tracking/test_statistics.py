"""The hourly roll-ups: what counts where."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from threading import Thread

import pytest
from django.db import connections

from gateway.engine.reply_words import Kind
from tests.tracking.facts import NOON, make_fact, tell, tell_one
from tracking import statistics
from tracking.events import LAST_SEQUENCE
from tracking.models import Event, EventType, HourlyStatistic

pytestmark = pytest.mark.django_db

HARD = {"recipient"}
BLOCK = {"blocked", "policy", "content", "authentication", "sender", "rate", "greylist"}


def counted(**where: object) -> dict[str, int]:
    """Return the counters above zero of the only row that there is."""
    row = HourlyStatistic.objects.filter(**{"tag": ""} | where).values(*statistics.COUNTERS).get()
    return {name: number for name, number in row.items() if number}


def test_it_works() -> None:
    tell([make_fact(kind=kind) for kind in ("accepted", "accepted", "delivered", "deferred")])
    assert counted() == {"accepted": 2, "delivered": 1, "deferred": 1}


def test_the_next_commit_adds_to_the_same_row() -> None:
    tell_one()
    tell_one()
    assert counted() == {"accepted": 2}


@pytest.mark.parametrize("kind", EventType.values)
def test_every_type_counts_once(kind: str) -> None:
    tell_one(kind=kind)
    columns = statistics.TOTALS[EventType(kind)]
    assert sum(counted().get(name, 0) for name in columns) == 1
    assert set(counted()) - set(columns) <= {"opened_unique", "clicked_unique"}


@pytest.mark.parametrize("category", ["", *Kind])
def test_bounces_have_classes(category: str) -> None:
    tell_one(kind="bounced", category=str(category))
    name = "hard" if category in HARD else "block" if category in BLOCK else "soft"
    assert counted() == {f"bounced_{name}": 1}


def test_the_classes_are_made_of_words_that_there_are() -> None:
    assert set(Kind) >= statistics.HARD | statistics.BLOCK


def test_only_the_first_is_unique() -> None:
    tell([make_fact(kind="opened"), make_fact(kind="opened", is_first=False), make_fact(kind="clicked", is_first=False)])
    assert counted() == {"opened": 2, "opened_unique": 1, "clicked": 1}


def test_each_tag_has_a_row_of_its_own() -> None:
    tell([make_fact(tags=["a", "b", "a", ""]), make_fact(tags=["b"]), make_fact()])
    rows = dict(HourlyStatistic.objects.values_list("tag", "accepted"))
    assert rows == {"": 3, "a": 1, "b": 2}


def test_rows_are_apart_by_account_domain_user_campaign_and_hour() -> None:
    tell_one(2)
    for field, value in (("domain_id", 3), ("smtp_user_id", 4), ("campaign", "spring"), ("at", NOON + timedelta(hours=1))):
        tell_one(**{field: value})
    assert HourlyStatistic.objects.count() == 5
    assert counted(domain_id=3) == counted(smtp_user_id=4) == counted(campaign="spring") == counted(account_id=2)


def test_hours_are_those_of_utc() -> None:
    tell_one(at=datetime(2026, 3, 10, 5, 45, tzinfo=timezone(timedelta(hours=5, minutes=30))))
    assert HourlyStatistic.objects.get().hour == datetime(2026, 3, 10, 0, tzinfo=UTC)


def test_long_words_are_cut_and_the_first_tags_count() -> None:
    tell_one(tags=["ü" * 300, "ü" * 251, *map(str, range(100))], campaign="😀" * 250)
    assert set(HourlyStatistic.objects.values_list("campaign", flat=True)) == {"😀" * 250}
    tags = set(HourlyStatistic.objects.exclude(tag="").values_list("tag", flat=True))
    assert tags == {"ü" * 250, *map(str, range(statistics.MOST_TAGS - 2))}


def test_what_is_not_told_does_not_count() -> None:
    tell([make_fact(sequence=LAST_SEQUENCE), make_fact(sequence=LAST_SEQUENCE + 1)])
    assert Event.objects.count() == 1
    assert counted() == {"accepted": 1}


def test_nothing_told_is_nothing_written() -> None:
    tell([])
    assert not HourlyStatistic.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_many_writers_wait_for_nobody_for_ever() -> None:
    """Whatever the order of their facts, writers take the rows in one order."""
    pairs = [(tag, campaign) for tag in "abcé" for campaign in ("", "Z", "z", "ä")]

    def write(step: int) -> None:
        for _ in range(15):
            tell([make_fact(tags=[tag], campaign=campaign) for tag, campaign in [*pairs[step:], *pairs[:step]]])
        connections.close_all()

    writers = [Thread(target=write, args=(step,)) for step in range(0, 16, 4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sum(HourlyStatistic.objects.filter(tag="").values_list("accepted", flat=True)) == 4 * 15 * len(pairs)
