"""How many requests a caller makes in a time: windows that begin with the first request.

Counted in Redis where REDIS_URL is set, so that all web processes count together; else, and while Redis does not answer, in
this process. A lost Redis thus loosens a limit to one per process; it never lifts it, and never fails a request.

A window that begins with the first request lets at most twice the limit through in any stretch of its length.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from gateway.base import clock
from gateway.base.errors import RateExceeded

log = logging.getLogger(__name__)

TIMEOUT = 0.25  # seconds that a request may lose to a Redis that does not answer
PAUSE = 5.0  # seconds until Redis is asked again after that
SIZE = 100_000  # callers counted in the process

# At most so many requests of a name in so many seconds.
Limit = tuple[str, int, int]

# One round trip for all windows of a request, and no window without an end: a counter that lost its expiry gets it back.
# Answers which window is full (0: none), and in how many milliseconds it ends.
_COUNT = """
for place, key in ipairs(KEYS) do
  local length = tonumber(ARGV[2 * place])
  local count = redis.call('INCR', key)
  local left = redis.call('PTTL', key)
  if left < 0 then
    redis.call('PEXPIRE', key, length)
    left = length
  end
  if count > tonumber(ARGV[2 * place - 1]) then
    return {place, left}
  end
end
return {0, 0}
"""

# The same, for windows that are looked at without counting.
_PEEK = """
for place, key in ipairs(KEYS) do
  if tonumber(redis.call('GET', key) or 0) >= tonumber(ARGV[2 * place - 1]) then
    return {place, math.max(redis.call('PTTL', key), 0)}
  end
end
return {0, 0}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Full:
    """A window that has no room for this request, and the seconds until it ends."""

    limit: Limit
    left: float


class ProcessCounter:
    """Windows in this process; safe for its threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._windows: dict[str, tuple[int, float]] = {}

    def count(self, limits: Sequence[Limit]) -> Full | None:
        """Count one more request, window by window; stop at the first that is full, and return it."""
        now = clock.monotonic()
        with self._lock:
            for limit in limits:
                count, ends = self._count(limit, now)
                if count > limit[1]:
                    return Full(limit=limit, left=ends - now)
        return None

    def _count(self, limit: Limit, now: float) -> tuple[int, float]:
        name, _, seconds = limit
        count, ends = self._windows.get(name, (0, 0.0))
        if ends <= now:
            count, ends = 0, now + seconds
            self._make_room(now)
        self._windows[name] = (count + 1, ends)
        return count + 1, ends

    def peek(self, limits: Sequence[Limit]) -> Full | None:
        """Return the first window that has no room for one more request, and count nothing."""
        now = clock.monotonic()
        with self._lock:
            for limit in limits:
                count, ends = self._windows.get(limit[0], (0, 0.0))
                if ends > now and count >= limit[1]:
                    return Full(limit=limit, left=ends - now)
        return None

    def clear(self) -> None:
        with self._lock:
            self._windows.clear()

    def _make_room(self, now: float) -> None:
        if len(self._windows) < SIZE:
            return
        self._windows = {name: window for name, window in self._windows.items() if window[1] > now}
        while len(self._windows) >= SIZE:  # all are open: the oldest goes
            del self._windows[next(iter(self._windows))]


class RedisCounter:
    """Windows in Redis, with a ProcessCounter for when it does not answer."""

    def __init__(self, url: str, fallback: ProcessCounter) -> None:
        self._fallback = fallback
        self._asks_again_at = 0.0
        client = redis.Redis.from_url(url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, retry=Retry(NoBackoff(), 0))
        self._script, self._peek = client.register_script(_COUNT), client.register_script(_PEEK)

    def count(self, limits: Sequence[Limit]) -> Full | None:
        """Count one more request, window by window; stop at the first that is full, and return it."""
        return self._ask(self._script, limits, self._fallback.count)

    def peek(self, limits: Sequence[Limit]) -> Full | None:
        """Return the first window that has no room for one more request, and count nothing."""
        return self._ask(self._peek, limits, self._fallback.peek)

    def _ask(self, script: Any, limits: Sequence[Limit], fallback: Callable[[Sequence[Limit]], Full | None]) -> Full | None:
        if clock.monotonic() < self._asks_again_at:
            return fallback(limits)
        try:
            place, left = script(
                keys=[f"gatepost:rate:{name}" for name, _, _ in limits],
                args=[number for _, most, seconds in limits for number in (most, seconds * 1000)],
            )
        except (redis.RedisError, OSError) as error:
            log.warning("Redis does not answer, request rates are counted in this process: %s", error)
            self._asks_again_at = clock.monotonic() + PAUSE
            return fallback(limits)
        return Full(limit=limits[place - 1], left=left / 1000) if place else None


_in_process = ProcessCounter()


@cache
def _counter(url: str) -> ProcessCounter | RedisCounter:
    return RedisCounter(url, _in_process) if url else _in_process


def check_rate(name: str, limit: int, seconds: int) -> None:
    """Count one request of `name` and raise RateExceeded when it is more than `limit` in `seconds`."""
    check_rates([(name, limit, seconds)])


def check_rates(limits: Sequence[Limit]) -> None:
    """Count one request in several windows, in this order, and raise RateExceeded at the first that is full.

    The windows behind that one do not count the request: who is stopped for a minute does not use up the day.
    """
    _refuse(_counter(settings.REDIS_URL).count(limits))


def count_failure(limits: Sequence[Limit]) -> None:
    """Count what went wrong, such as a log-in, for `check_room` to find."""
    _counter(settings.REDIS_URL).count(limits)


def check_room(limits: Sequence[Limit]) -> None:
    """Raise RateExceeded where a window is full, and count nothing: what is limited is what `count_failure` counts."""
    _refuse(_counter(settings.REDIS_URL).peek(limits))


def _refuse(full: Full | None) -> None:
    if full is None:
        return
    (_, limit, seconds), wait = full.limit, max(1, math.ceil(full.left))
    raise RateExceeded(
        f"More than {limit} requests in {seconds} seconds. Wait for {wait} seconds.", retry_after=wait, limit=limit
    )


def forget() -> None:
    """Forget what this process counted."""
    _in_process.clear()
