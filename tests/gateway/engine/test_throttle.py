"""How fast a destination is fed."""

from __future__ import annotations

import pytest

from gateway.base import clock
from gateway.engine.throttle import LONG_PAUSE, PATIENCE, PAUSE, RECOVERY, Pace


@pytest.fixture
def later(monkeypatch):
    """Move the clock on by some seconds."""
    now = [1000.0]
    monkeypatch.setattr(clock, "monotonic", lambda: now[0])

    def move(seconds):
        now[0] += seconds

    return move


def test_it_works(later):
    pace = Pace(20)
    assert pace.cap == 20
    pace.slow_down(20)
    assert pace.cap == 10
    later(RECOVERY)
    assert pace.cap == 11


def test_echoes_of_one_complaint_count_once(later):
    pace = Pace(20)
    for _ in range(10):
        pace.slow_down(20)
    assert pace.cap == 10
    later(PATIENCE)
    pace.slow_down(10)
    assert pace.cap == 5


def test_it_recovers_by_one_a_minute_up_to_where_it_was(later):
    pace = Pace(4)
    pace.limit(1)
    later(RECOVERY * 2.5)
    assert pace.cap == 3
    later(RECOVERY * 100)
    assert pace.cap == 4


def test_one_connection_is_always_allowed(later):
    pace = Pace(20)
    pace.limit(0)
    assert pace.cap == 1


def test_a_failure_pauses_and_a_second_one_pauses_longer(later):
    pace = Pace(20)
    pace.pause("Connection refused.")
    assert pace.is_paused
    assert pace.reason == "Connection refused."
    later(PAUSE)
    assert not pace.is_paused
    pace.pause("Connection refused.")
    later(PAUSE)
    assert pace.is_paused
    later(LONG_PAUSE - PAUSE)
    assert not pace.is_paused


def test_success_ends_the_trouble(later):
    pace = Pace(20)
    pace.pause("Down.")
    pace.connected()
    assert not pace.is_paused
    pace.pause("Down.")
    later(PAUSE)
    assert not pace.is_paused
