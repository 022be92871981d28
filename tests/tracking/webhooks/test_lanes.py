from __future__ import annotations

from collections.abc import Mapping

import pytest

from gateway.base import clock
from tracking.webhooks.endpoints import Endpoint
from tracking.webhooks.lanes import (
    FORGIVEN,
    PER_ACCOUNT,
    PER_ENDPOINT,
    PER_SLOW_ACCOUNT,
    PER_SLOW_ENDPOINT,
    ROOM,
    SLOW,
    SLOW_ROOM,
    Lanes,
)


def lane(webhook_id: int, account_id: int = 1, failures: int = 0) -> Endpoint:
    return Endpoint(webhook_id, account_id, "standard", failures)


def fill(lanes: Lanes, shares: Mapping[int, int], account_of: Mapping[int, int]) -> None:
    for webhook_id, share in shares.items():
        for _ in range(share):
            lanes.enter(webhook_id, account_of[webhook_id])


def call(lanes: Lanes, *called: Endpoint, seconds: float = 0.01) -> None:
    """Let each of the endpoints answer a call."""
    for one in called:
        lanes.enter(one.webhook_id, one.account_id)
        lanes.leave(one.webhook_id, one.account_id, seconds)


def quick(*called: Endpoint) -> Lanes:
    lanes = Lanes()
    call(lanes, *called)
    return lanes


def test_it_works() -> None:
    lanes = quick(lane(1), lane(2, 2))
    assert lanes.share([lane(1), lane(2, 2)]) == {1: PER_ENDPOINT, 2: PER_ENDPOINT}
    assert lanes.share([]) == {}


def test_one_account_gets_so_much_however_many_endpoints_it_has() -> None:
    ours = [lane(number) for number in range(1, 30)]
    shares = quick(*ours).share(ours)
    assert sum(shares.values()) == PER_ACCOUNT
    assert max(shares.values()) - min(shares.values()) <= 1


def test_everybody_gets_one_before_anybody_gets_two() -> None:
    many = [lane(number, number) for number in range(1, ROOM + 50)]
    shares = quick(*many).share(many)
    assert shares == dict.fromkeys(range(1, ROOM + 1), 1)


def test_what_is_under_way_takes_room_until_it_ends() -> None:
    lanes = quick(lane(1))
    fill(lanes, {1: PER_ENDPOINT}, {1: 1})
    assert lanes.share([lane(1)]) == {}
    lanes.leave(1, 1, 0.01)
    assert lanes.share([lane(1)]) == {1: 1}
    assert lanes.room == ROOM - PER_ENDPOINT + 1


def test_an_endpoint_that_failed_often_gets_one_probe() -> None:
    lanes = Lanes()
    assert lanes.share([lane(1, failures=5)]) == {1: 1}
    lanes.enter(1, 1)
    assert lanes.share([lane(1, failures=5)]) == {}


def test_slow_endpoints_get_less_each_and_together_and_are_forgiven(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(clock, "monotonic", lambda: now[0])
    lanes = quick(lane(99, 99))
    slow = [lane(number, number) for number in range(1, 61)]
    call(lanes, *slow, seconds=SLOW)
    shares = lanes.share([*slow, lane(99, 99)])
    assert shares.pop(99) == PER_ENDPOINT
    assert sum(shares.values()) == SLOW_ROOM
    assert max(shares.values()) <= PER_SLOW_ENDPOINT
    fill(lanes, shares, {one.webhook_id: one.account_id for one in slow})
    assert lanes.share(slow) == {}
    call(lanes, lane(60, 60))
    assert lanes.share([lane(60, 60)]) == {}
    now[0] += FORGIVEN
    call(lanes, lane(60, 60))
    assert lanes.share([lane(60, 60)])[60] > PER_SLOW_ENDPOINT


def test_new_endpoints_show_that_they_are_quick_first() -> None:
    lanes = quick(lane(99, 99))
    new = [lane(number, number % 9) for number in range(1, 61)]
    shares = lanes.share([*new, lane(99, 99)])
    assert shares.pop(99) == PER_ENDPOINT
    assert sum(shares.values()) == SLOW_ROOM
    lanes.enter(1, 1)
    lanes.leave(1, 1, 0.01, is_success=False)
    assert lanes.share([new[0]]) == {1: PER_SLOW_ENDPOINT}
    call(lanes, new[0])
    assert lanes.share([new[0]]) == {1: PER_ENDPOINT}


def test_one_accounts_slow_endpoints_leave_room_to_anothers() -> None:
    lanes = Lanes()
    ours = [lane(number, 1) for number in range(1, 61)]
    fill(lanes, lanes.share(ours), {one.webhook_id: 1 for one in ours})
    assert lanes.room == ROOM - PER_SLOW_ACCOUNT
    assert lanes.share([*ours, lane(99, 99)]) == {99: PER_SLOW_ENDPOINT}


def test_nothing_is_left_of_what_ended() -> None:
    lanes = Lanes()
    for number in range(1, 20):
        lanes.enter(number, 1)
        lanes.leave(number, 1, 0.5)
    assert (lanes.room, lanes._endpoints, lanes._accounts) == (ROOM, {}, {})
    assert (lanes._slow_calls, lanes._slow_accounts) == ({}, {})
