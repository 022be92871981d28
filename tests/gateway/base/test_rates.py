"""Requests in a time: counted together in Redis, by each process where there is none, and never without a limit."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator, Sequence

import pytest
import redis
from pytest_django import Settings

from gateway.base import rates
from gateway.base.clock import monotonic
from gateway.base.errors import RateExceeded
from gateway.base.rates import Limit, ProcessCounter, RedisCounter, check_rate, check_rates, check_room, count_failure


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    rates.forget()
    yield
    rates.forget()


@pytest.fixture
def shared(redis_url: str, settings: Settings) -> redis.Redis:
    """Redis, empty and in use."""
    client = redis.Redis.from_url(redis_url)
    client.flushdb()
    settings.REDIS_URL = redis_url
    return client


def refusals(name: str, limit: int, times: int) -> int:
    count = 0
    for _ in range(times):
        try:
            check_rate(name, limit, 60)
        except RateExceeded:
            count += 1
    return count


def refusal_of(limits: Sequence[Limit]) -> RateExceeded | None:
    try:
        check_rates(limits)
    except RateExceeded as refused:
        return refused
    return None


@pytest.fixture
def alone(settings: Settings) -> None:
    settings.REDIS_URL = ""


def test_it_works(alone: None) -> None:
    assert refusals("a", 3, 5) == 2
    with pytest.raises(RateExceeded) as refused:
        check_rate("a", 3, 60)
    assert (refused.value.limit, 0 < refused.value.retry_after <= 60) == (3, True)


def test_each_name_has_its_own_window(alone: None) -> None:
    assert refusals("a", 1, 2) == 1
    assert refusals("b", 1, 1) == 0


def test_a_window_ends(alone: None, monkeypatch: pytest.MonkeyPatch) -> None:
    start = monotonic()
    monkeypatch.setattr("gateway.base.clock.monotonic", lambda: start)
    assert refusals("a", 1, 2) == 1
    monkeypatch.setattr("gateway.base.clock.monotonic", lambda: start + 59)
    assert refusals("a", 1, 1) == 1
    monkeypatch.setattr("gateway.base.clock.monotonic", lambda: start + 61)
    assert refusals("a", 1, 2) == 1


@pytest.fixture(params=["in this process", "in Redis"])
def either(request: pytest.FixtureRequest) -> None:
    request.getfixturevalue("alone" if request.param == "in this process" else "shared")


def test_several_windows_count_at_once_and_the_first_full_one_speaks(either: None) -> None:
    limits = [("minute", 2, 60), ("hour", 3, 3600)]
    said = [refusal_of(limits) for _ in range(4)]
    assert said[:2] == [None, None]
    assert [(refused.limit, refused.retry_after) for refused in said[2:] if refused] == [(2, 60)] * 2
    # What the minute stopped is not counted in the hour.
    assert refusal_of(limits[1:]) is None
    last = refusal_of(limits[1:])
    assert last is not None
    assert (last.limit, 3599 <= last.retry_after <= 3600) == (3, True)


def test_threads_count_together(alone: None) -> None:
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(refusals("a", 100, 50))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sum(found) == 100


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "SIZE", 10)
    counter = ProcessCounter()
    for number in range(50):
        counter.count([(f"n{number}", 1, 60)])
    assert len(counter._windows) == 10
    assert counter.count([("n49", 1, 60)]) is not None


def test_redis_counts_for_all(shared: redis.Redis) -> None:
    assert refusals("a", 3, 2) == 0
    shared.incr("gatepost:rate:a")  # another process
    assert refusals("a", 3, 1) == 1
    assert 0 < shared.pttl("gatepost:rate:a") <= 60_000


def test_a_counter_that_lost_its_end_gets_one(shared: redis.Redis) -> None:
    shared.set("gatepost:rate:a", 7)
    assert refusals("a", 3, 1) == 1
    assert 0 < shared.pttl("gatepost:rate:a") <= 60_000


def test_redis_that_is_gone_lifts_no_limit(caplog: pytest.LogCaptureFixture, settings: Settings, unused_port: int) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{unused_port}/0"
    with caplog.at_level(logging.WARNING):
        assert refusals("a", 3, 5) == 2
    assert caplog.text.count("Redis does not answer") == 1  # it is left alone for a while


def test_redis_that_comes_back_is_used_again(
    shared: redis.Redis, monkeypatch: pytest.MonkeyPatch, redis_url: str, unused_port: int
) -> None:
    counter = RedisCounter(f"redis://127.0.0.1:{unused_port}/0", ProcessCounter())
    counter.count([("a", 9, 60)])
    counter._script = RedisCounter(redis_url, ProcessCounter())._script
    counter.count([("a", 9, 60)])
    assert shared.get("gatepost:rate:a") is None
    later = monotonic() + rates.PAUSE
    monkeypatch.setattr("gateway.base.clock.monotonic", lambda: later)
    counter.count([("a", 9, 60)])
    assert shared.get("gatepost:rate:a") == b"1"


@pytest.fixture
def unused_port() -> Iterator[int]:
    """A port where nobody listens: bound, so that nobody else gets it."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


FAILURES = [("failures", 2, 60)]


def is_full() -> bool:
    try:
        check_room(FAILURES)
    except RateExceeded as refused:
        return refused.limit == 2 and 0 < refused.retry_after <= 60
    return False


def test_looking_for_room_counts_nothing(alone: None) -> None:
    assert not any(is_full() for _ in range(5))


def test_failures_fill_a_window(alone: None) -> None:
    count_failure(FAILURES)
    assert not is_full()
    count_failure(FAILURES)
    assert is_full()


def test_failures_fill_a_window_in_redis(shared: redis.Redis) -> None:
    assert not any(is_full() for _ in range(5))
    count_failure(FAILURES)
    count_failure(FAILURES)
    rates.forget()  # it is not this process that knows
    assert is_full()
