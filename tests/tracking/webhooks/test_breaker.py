from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tracking.webhooks.breaker import LONGEST_PAUSE, PATIENCE, PAUSES, TOLERATED, Health, Tried, judge

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def failed(seconds: float = 0, **more: float) -> Tried:
    return Tried(at=NOW + timedelta(seconds=seconds), is_success=False, status=int(more.pop("status", 500)), **more)


def pause_of(health: Health, at: datetime) -> float:
    assert health.paused_until is not None
    return (health.paused_until - at).total_seconds()


def test_it_works() -> None:
    health = judge(Health(), [failed(number) for number in range(TOLERATED - 1)])
    assert (health.failures, health.paused_until, health.failing_since) == (TOLERATED - 1, None, NOW)
    health = judge(health, [failed(60)])
    assert pause_of(health, NOW + timedelta(seconds=60)) == pytest.approx(PAUSES[0], rel=0.11)


def test_one_outage_is_one_step_however_many_calls_were_on_their_way() -> None:
    health = judge(Health(), [failed() for _ in range(50)])
    assert health.failures == TOLERATED


def test_pauses_grow_to_a_cap() -> None:
    health, at, pauses = judge(Health(), [failed() for _ in range(TOLERATED)]), NOW, []
    for _ in range(10):
        assert health.paused_until is not None
        at = health.paused_until
        health = judge(health, [Tried(at=at, is_success=False, status=500)])
        pauses.append(pause_of(health, at))
    assert pauses == pytest.approx([*PAUSES[1:], *([PAUSES[-1]] * 4)], rel=0.11)


def test_no_pause_is_longer_than_the_schedule_lets_a_delivery_wait() -> None:
    health = judge(Health(failures=99, paused_until=NOW), [failed(1)], longest=960)
    assert pause_of(health, NOW + timedelta(seconds=1)) == pytest.approx(960, rel=0.11)


def test_a_success_forgets_all() -> None:
    health = judge(Health(), [failed() for _ in range(9)])
    health = judge(health, [Tried(at=NOW + timedelta(minutes=1), is_success=True, status=200, events=7)])
    assert health == Health(last_success_at=NOW + timedelta(minutes=1), last_failure_at=NOW, delivered=7)


def test_what_ended_later_counts_later() -> None:
    tried = [failed(9), Tried(at=NOW, is_success=True, status=200)]
    assert judge(Health(), tried).failures == 1


def test_a_wait_that_was_asked_for_pauses_at_once_and_is_bounded() -> None:
    assert pause_of(judge(Health(), [failed(status=429, wait=90)]), NOW) == 90
    assert pause_of(judge(Health(), [failed(status=503, wait=10**6)]), NOW) == LONGEST_PAUSE


def test_gone_is_a_verdict() -> None:
    assert "410" in judge(Health(), [failed(status=410)]).verdict


def test_patience_ends() -> None:
    since = NOW - PATIENCE
    assert judge(Health(failing_since=since), [failed()]).verdict == "Every call failed for 5 days."
    assert not judge(Health(failing_since=since + timedelta(seconds=1)), [failed()]).verdict


def test_long_without_events_is_no_failure() -> None:
    health = judge(Health(last_success_at=NOW - timedelta(days=90)), [failed()])
    assert (health.verdict, health.failing_since) == ("", NOW)
