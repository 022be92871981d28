"""A fast destination may take all the room, a slow or unknown one a share of it."""

from __future__ import annotations

import pytest

from gateway.base import clock
from gateway.engine.lanes import NEW, SHARE, SLOW, Lanes

FAST, LATE = 0.1, 2 * SLOW


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(clock, "monotonic", lambda: now[0])
    return now


def fill(lanes: Lanes, domain: str = "a.example") -> int:
    """Send copies off while there is room, at most as many as any drain has; return how many."""
    count = 0
    while count < 1000 and lanes.has_room(domain):
        lanes.enter(domain)
        count += 1
    return count


def test_it_works(time: list[float]) -> None:
    lanes = Lanes()
    assert fill(lanes) == NEW
    lanes.leave("a.example", FAST)
    assert fill(lanes) == 1000


def test_a_slow_destination_has_a_share() -> None:
    lanes = Lanes()
    lanes.enter("a.example")
    for _ in range(50):
        lanes.enter("a.example")
        lanes.leave("a.example", LATE)
    assert fill(lanes) == SHARE - 1


def test_one_that_stands_still_is_slow(time: list[float]) -> None:
    lanes = Lanes()
    for _ in range(SHARE):
        lanes.enter("a.example")
    time[0] += SLOW + 1
    assert not lanes.has_room("a.example")


def test_others_are_not_concerned(time: list[float]) -> None:
    lanes = Lanes()
    fill(lanes)
    assert lanes.has_room("b.example")


def test_nothing_is_kept_of_an_empty_lane() -> None:
    lanes = Lanes()
    lanes.enter("a.example")
    lanes.leave("a.example", LATE)
    assert not lanes._lanes
