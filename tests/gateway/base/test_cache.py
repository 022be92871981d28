from __future__ import annotations

from collections.abc import Collection

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


def test_several_are_loaded_at_once_and_only_those_that_are_not_here() -> None:
    cache = TimedCache[str, int](seconds=2)
    cache.get("one", len)
    asked: list[list[str]] = []

    def load(keys: Collection[str]) -> dict[str, int]:
        asked.append(sorted(keys))
        return dict.fromkeys(keys, 0)

    assert cache.get_all(["one", "two", "three"], load) == {"one": 3, "two": 0, "three": 0}
    assert cache.get_all(["two", "one"], load) == {"two": 0, "one": 3}
    assert asked == [["three", "two"]]


def test_it_never_has_more_than_its_size() -> None:
    cache = TimedCache[int, int](seconds=2, size=3)
    cache.get(0, int)
    assert cache.get_all([1, 2, 3], lambda keys: {key: key for key in keys}) == {1: 1, 2: 2, 3: 3}
    assert cache.peek(0) is None
    assert cache.peek(3) == 3


def test_what_is_too_old_makes_room_for_what_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    began = clock.monotonic()
    cache = TimedCache[int, int](seconds=2, size=3)
    for second, key in enumerate([0, 1, 0, 2]):
        monkeypatch.setattr(clock, "monotonic", lambda second=second: began + second)
        cache.get(key, int)
    assert [cache.peek(key) for key in (0, 1, 2)] == [0, None, 2]
    assert cache.get_all([3], lambda keys: {key: key for key in keys}) == {3: 3}
    assert [cache.peek(key) for key in (0, 1, 2, 3)] == [0, None, 2, 3]
    cache.get(4, int)
    assert [cache.peek(key) for key in (0, 1, 2, 3, 4)] == [None, None, None, None, 4]


def test_what_is_too_old_is_not_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    cache = TimedCache[str, int](seconds=2)
    cache.get("one", len)
    later = clock.monotonic() + 2
    monkeypatch.setattr(clock, "monotonic", lambda: later)
    assert cache.peek("one") is None
    assert cache.get("one", lambda _: 4) == 4
