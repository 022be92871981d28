"""What became of the mail to each receiving domain, and how long it took."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.base.ids import make_public_id
from tests.tracking.facts import NOON, make_fact, tell
from tracking.events import Fact
from tracking.queries import EventFilter, aggregate, endings, receivers

pytestmark = pytest.mark.django_db

BOUNDS = (1, 5)


def ended(kind: str, domain: str, seconds: float, account_id: int = 1, **fields: Any) -> list[Fact]:
    """Return the facts of a copy that was accepted at noon and ended `seconds` later."""
    accepted = make_fact(account_id, recipient_domain=domain, **fields)
    origin = replace(accepted.origin, public_id=str(make_public_id(NOON)))
    end = make_fact(account_id, kind, at=NOON + timedelta(seconds=seconds), recipient_domain=domain, sequence=2, **fields)
    return [replace(accepted, origin=origin), replace(end, origin=origin)]


def asked(account_id: int = 1, **fields: Any) -> EventFilter:
    return EventFilter(account_id=account_id, **fields)


@pytest.fixture
def _told() -> None:
    tell(
        [
            *ended("delivered", "big.example", 0.25),
            *ended("delivered", "big.example", 4.75),
            *ended("bounced", "big.example", 90),
            *ended("cancelled", "small.example", 3),
            make_fact(recipient_domain="small.example"),
            *ended("delivered", "theirs.example", 1, 2),
        ]
    )


@pytest.mark.usefixtures("_told")
def test_receivers_stand_by_what_was_delivered() -> None:
    big, small = receivers(asked())
    assert (big.domain, big.sent, big.failed, big.sending) == ("big.example", 2, 1, 0)
    assert big.seconds is not None
    assert big.seconds.average == pytest.approx(2.5, abs=0.002)
    assert big.seconds.least == pytest.approx(0.25, abs=0.002)
    assert big.seconds.most == pytest.approx(4.75, abs=0.002)
    assert (small.domain, small.sent, small.failed, small.sending, small.seconds) == ("small.example", 0, 1, 1, None)


@pytest.mark.usefixtures("_told")
def test_receivers_are_limited_and_of_one_account() -> None:
    assert [one.domain for one in receivers(asked(), 1)] == ["big.example"]
    assert [one.domain for one in receivers(asked(2))] == ["theirs.example"]
    assert receivers(asked(domain_id=5)) == []
    assert receivers(asked(until=NOON)) == []


@pytest.mark.usefixtures("_told")
def test_endings_are_spread_over_the_time_they_took() -> None:
    found = endings(asked(recipient_domain="big.example"), BOUNDS)
    assert {end: (one.number, list(one.spread)) for end, one in found.items()} == {
        "sent": (2, [1, 1, 0]),
        "failed": (1, [0, 0, 1]),
    }
    assert found["failed"].seconds.most == pytest.approx(90, abs=0.002)
    assert set(endings(asked(recipient_domain="small.example"), BOUNDS)) == {"failed"}
    assert endings(asked(2, recipient_domain="big.example"), BOUNDS) == {}


def test_whole_seconds_are_counted() -> None:
    tell(
        [*ended("delivered", "a.example", 1.25), *ended("delivered", "b.example", 1.75), *ended("delivered", "c.example", 0.5)]
    )
    tell([*ended("bounced", "a.example", 9), *ended("delivered", "a.example", 7, 2)])
    assert [(bucket.key, bucket.count) for bucket in aggregate(asked(), "seconds")] == [(1, 2), (0, 1)]


def test_a_bound_belongs_to_the_span_that_it_begins() -> None:
    tell(ended("delivered", "a.example", 5.0))
    assert list(endings(asked(), BOUNDS)["sent"].spread) == [0, 0, 1]


def test_a_clock_that_went_back_took_no_time() -> None:
    tell(ended("delivered", "a.example", -7))
    assert endings(asked(), BOUNDS)["sent"].seconds.least == 0
