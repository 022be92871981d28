"""A small cache of look-ups for the hot path, in the process, for seconds only."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping
from itertools import takewhile
from threading import Lock
from typing import Generic, TypeVar

from gateway.base import clock

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class TimedCache(Generic[K, V]):
    """Keeps at most `size` values for `seconds` each; a value is looked up again after that.

    A revoked key or a removed domain thus stops working everywhere within `seconds`.
    """

    def __init__(self, seconds: float, size: int = 10_000) -> None:
        self.seconds = seconds
        self.size = size
        self._lock = Lock()
        self._values: dict[K, tuple[float, V]] = {}

    def get(self, key: K, load: Callable[[K], V]) -> V:
        """Return the value of `key`, from `load(key)` where it is not here or too old."""
        found = self._values.get(key)
        if found is not None and found[0] > clock.monotonic():
            return found[1]
        value = load(key)
        self._keep({key: value})
        return value

    def get_all(self, keys: Collection[K], load: Callable[[Collection[K]], Mapping[K, V]]) -> dict[K, V]:
        """As `get` for several keys, with one `load` of those that are not here, which returns a value for each."""
        now = clock.monotonic()
        found = {key: value for key in keys if (value := self._values.get(key)) is not None and value[0] > now}
        missing = [key for key in keys if key not in found]
        loaded = load(missing) if missing else {}
        self._keep(loaded)
        return {key: found[key][1] if key in found else loaded[key] for key in keys}

    def peek(self, key: K) -> V | None:
        """Return the value of `key` where it is here and not too old, else None. Never blocks."""
        found = self._values.get(key)
        return found[1] if found is not None and found[0] > clock.monotonic() else None

    def _keep(self, values: Mapping[K, V]) -> None:
        with self._lock:
            now = clock.monotonic()
            if len(self._values) + len(values) > self.size:
                self._make_room(len(values), now)
            for key, value in values.items():
                self._values.pop(key, None)  # the oldest stay first, so that what is too old is found without looking further
                self._values[key] = (now + self.seconds, value)

    def _make_room(self, wanted: int, now: float) -> None:
        """Drop what is too old, and all where that does not help."""
        too_old = list(takewhile(lambda key: self._values[key][0] <= now, self._values))
        for key in too_old:
            del self._values[key]
        if len(self._values) + wanted > self.size:
            self._values.clear()

    def clear(self) -> None:
        with self._lock:
            self._values.clear()
