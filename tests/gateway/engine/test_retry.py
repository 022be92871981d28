"""When deferred mail is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from gateway.engine.retry import LIFETIME, MINUTES, next_try
from gateway.engine.throttle import PAUSE

ACCEPTED = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Middle(Random):
    """Dice that always show the middle."""

    def uniform(self, a, b):
        return (a + b) / 2


class Lowest(Random):
    def uniform(self, a, b):
        return a


@pytest.mark.parametrize(("attempt", "minutes"), [*enumerate(MINUTES, 1), (99, MINUTES[-1]), (0, MINUTES[0])])
def test_it_works(attempt, minutes):
    assert next_try(attempt, ACCEPTED, ACCEPTED, rng=Middle()) == ACCEPTED + timedelta(minutes=minutes)


def test_what_was_deferred_together_does_not_come_back_together():
    times = {next_try(2, ACCEPTED, ACCEPTED) for _ in range(50)}
    assert len(times) > 40
    assert all(timedelta(minutes=4) <= time - ACCEPTED <= timedelta(minutes=6) for time in times)


def test_the_wait_that_a_receiver_asks_for_is_kept():
    assert next_try(1, ACCEPTED, ACCEPTED, retry_after=600) == ACCEPTED + timedelta(minutes=10)
    assert next_try(8, ACCEPTED, ACCEPTED, retry_after=600, rng=Middle()) == ACCEPTED + timedelta(hours=8)


def test_the_last_try_is_at_the_end_of_the_lifetime():
    late = ACCEPTED + LIFETIME - timedelta(minutes=1)
    assert next_try(20, ACCEPTED, late) == ACCEPTED + LIFETIME
    assert next_try(21, ACCEPTED, ACCEPTED + LIFETIME) is None


def test_the_schedule_reaches_the_end_of_the_lifetime():
    now, attempt = ACCEPTED, 1
    while (again := next_try(attempt, ACCEPTED, now)) is not None:
        assert again > now
        now, attempt = again, attempt + 1
    assert now == ACCEPTED + LIFETIME
    assert 15 < attempt < 40


def test_a_paused_destination_is_open_again_at_the_first_retry():
    assert (next_try(1, ACCEPTED, ACCEPTED, rng=Lowest()) - ACCEPTED).total_seconds() > PAUSE
