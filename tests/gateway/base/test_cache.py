from __future__ import annotations

import pytest

from gateway.base import clock
from gateway.base.cache import TimedCache


def test_it_works() -> None:
    cache = TimedCache[str, int](seconds=2)
    assert (cache.get("one", len), cache.get("one", ord)) == (3, 3)


def test_peeking_loads_nothing() -> None:
    cache = TimedCache[str, int](seconds=2)
    assert cache.peek("one") is None
    cache.get("one", len)
    assert cache.peek("one") == 3


def test_what_is_too_old_is_not_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    cache = TimedCache[str, int](seconds=2)
    cache.get("one", len)
    later = clock.monotonic() + 2
    monkeypatch.setattr(clock, "monotonic", lambda: later)
    assert cache.peek("one") is None
    assert cache.get("one", lambda _: 4) == 4
