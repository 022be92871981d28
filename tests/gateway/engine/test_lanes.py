"""A fast destination may take all the room; slow ones leave it to others."""

from __future__ import annotations

import pytest

from gateway.base import clock
from gateway.engine.lanes import COUNTED, MOST, ROOM, SHARE, SLOW, Lanes

SLOWLY = 2 * SLOW


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(clock, "monotonic", lambda: now[0])
    return now


def send_off(lanes: Lanes, count: int, domain: str = "a.example") -> None:
    for _ in range(count):
        lanes.enter(domain)


def test_it_works(time: list[float]) -> None:
    lanes = Lanes()
    assert lanes.room == ROOM
    send_off(lanes, ROOM)
    assert lanes.room == 0
    assert lanes.has_room("a.example")
    lanes.leave("a.example", 0.1)
    assert lanes.room == 1


def test_a_destination_that_stands_still_gives_its_room_back(time: list[float]) -> None:
    lanes = Lanes()
    send_off(lanes, ROOM)
    time[0] += SLOW + 1
    assert lanes.room == ROOM - COUNTED
    assert not lanes.has_room("a.example")
    assert lanes.has_room("b.example")


def test_a_slow_destination_has_a_share(time: list[float]) -> None:
    lanes = Lanes()
    send_off(lanes, SHARE + 50)
    for _ in range(50):
        lanes.leave("a.example", SLOWLY)
    assert not lanes.has_room("a.example")
    lanes.leave("a.example", SLOWLY)
    assert lanes.has_room("a.example")


def test_slow_destinations_have_an_end_all_together(time: list[float]) -> None:
    lanes = Lanes()
    for number in range(MOST // SHARE):
        send_off(lanes, SHARE, f"{number}.example")
    time[0] += SLOW + 1
    assert lanes.room == 0


def test_nothing_is_kept_of_an_empty_lane() -> None:
    lanes = Lanes()
    lanes.enter("a.example")
    lanes.leave("a.example", SLOWLY)
    assert not lanes._lanes
