"""The roll-ups equal what the events add up to; where they do not, it is found and mended."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise
from threading import Event as Signal

import pytest
from django.db import connections

from tests.tracking.facts import NOON, make_fact, make_random_facts, tell, tell_one
from tracking.models import Event, HourlyStatistic
from tracking.recount import find_differences, find_edges, mend, steps
from tracking.statistics import COUNTERS

pytestmark = pytest.mark.django_db
SPAN = (NOON - timedelta(days=10), NOON + timedelta(days=10))


def stored() -> list[tuple[object, ...]]:
    rows = HourlyStatistic.objects.order_by("pk").values_list()
    return [row for row in rows if any(row[-len(COUNTERS) :])]


@pytest.mark.parametrize("seed", range(5))
def test_it_works(seed: int) -> None:
    facts = make_random_facts(200, seed)
    for start in range(0, 200, 40):
        tell(facts[start : start + 40])
    assert find_differences(*SPAN) == {}


@pytest.mark.parametrize("seed", range(3))
def test_everything_lost_comes_back(seed: int) -> None:
    tell(make_random_facts(200, seed))
    before = stored()
    HourlyStatistic.objects.all().delete()
    assert len(find_differences(*SPAN)) == len(before)
    mend(*SPAN)
    assert stored() == before
    assert find_differences(*SPAN) == {}


def test_what_is_too_much_and_too_little_is_mended() -> None:
    tell([make_fact(), make_fact(1, "delivered"), make_fact(2, tags=["a"])])
    before = stored()
    HourlyStatistic.objects.filter(account_id=1).update(accepted=7, delivered=0)
    HourlyStatistic.objects.filter(account_id=2, tag="a").update(accepted=0)
    found = find_differences(*SPAN)
    assert max(found.values())[:2] == (1, 0)
    assert (-6, 1) in {numbers[:2] for numbers in found.values()}
    mend(*SPAN)
    assert stored() == before


def test_a_row_that_nothing_stands_for_is_emptied() -> None:
    tell_one()
    before = stored()
    HourlyStatistic.objects.create(pk=(1, NOON, 9, 9, "never", ""), clicked=3)
    assert len(find_differences(*SPAN)) == 1
    mend(*SPAN)
    assert stored() == before


def test_one_account_is_mended_alone() -> None:
    tell([make_fact(1), make_fact(2)])
    HourlyStatistic.objects.update(accepted=5)
    assert {key[0] for key in find_differences(*SPAN, 2)} == {2}
    mend(*SPAN, 2)
    assert dict(HourlyStatistic.objects.values_list("account_id", "accepted")) == {1: 5, 2: 1}


def test_hours_outside_the_span_are_left_alone() -> None:
    tell([make_fact(), make_fact(at=NOON + timedelta(hours=1))])
    HourlyStatistic.objects.update(accepted=5)
    mend(NOON, NOON + timedelta(hours=1))
    assert list(HourlyStatistic.objects.order_by("hour").values_list("accepted", flat=True)) == [1, 5]


def test_it_counts_from_the_oldest_event_on() -> None:
    assert find_edges() is None
    tell([make_fact(at=NOON + timedelta(minutes=30)), make_fact(2, at=NOON + timedelta(hours=3))])
    HourlyStatistic.objects.create(pk=(1, NOON - timedelta(days=900), 0, 0, "", ""), accepted=3)
    assert find_edges() == (NOON, NOON + timedelta(hours=4))
    assert find_edges(1) == (NOON, NOON + timedelta(hours=1))


def test_steps_cover_the_span() -> None:
    pieces = list(steps(NOON, NOON + timedelta(hours=13)))
    assert pieces[0][0] == NOON
    assert pieces[-1][1] == NOON + timedelta(hours=13)
    assert all(before[1] == after[0] for before, after in pairwise(pieces))


@contextmanager
def closing_connections() -> Iterator[None]:
    try:
        yield
    finally:
        connections.close_all()


@contextmanager
def signalling(signal: Signal) -> Iterator[None]:
    try:
        yield
    finally:
        signal.set()


@pytest.mark.django_db(transaction=True)
def test_it_mends_beside_writers() -> None:
    """Two that mend and one that writes, at once: the end is exact."""
    tell(make_random_facts(100, 1))
    HourlyStatistic.objects.update(accepted=1, clicked=4)
    is_done = Signal()

    def write() -> None:
        with closing_connections(), signalling(is_done):
            for seed in range(20):
                tell(make_random_facts(20, seed))

    def repair() -> None:
        with closing_connections():
            while not is_done.is_set():
                mend(*SPAN)

    with ThreadPoolExecutor(3) as threads:
        for ended in [threads.submit(work) for work in (write, repair, repair)]:
            ended.result()
    mend(*SPAN)
    assert Event.objects.count() == 500
    assert find_differences(*SPAN) == {}
