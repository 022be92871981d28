"""Slows down who guesses passwords by SMTP AUTH. In the process and for minutes only; a secret has 192 bits anyway.

Every try counts until it succeeds, so that many at once gain nothing. A client that has logged in as the same user before is
never slowed: guessing elsewhere does not lock the customer out.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from gateway.base import clock

FREE = 3  # tries without a wait
LONGEST = 8.0  # seconds
BLOCKED_AT = 50  # failures of one client; from then on it is not even asked
WINDOW = 600.0  # seconds without a failure after which all is forgotten
KNOWN = 86_400.0  # seconds that a login makes a client known
SIZE = 50_000  # clients and names that are remembered


@dataclass(slots=True)
class _Count:
    failures: int = 0
    last: float = 0.0


class Guard:
    """Counts failures by client (an address, or a network of IPv6) and by user name."""

    def __init__(self) -> None:
        self._counts: OrderedDict[str, _Count] = OrderedDict()
        self._known: OrderedDict[tuple[str, str], float] = OrderedDict()

    def begin(self, client: str, name: str) -> float | None:
        """Count a try; return the seconds to wait before it is looked at, None when it is not looked at at all."""
        failures = max(self._add(f"client {client}"), self._add(f"user {name}"))
        if self._known.get((client, name), 0.0) > clock.monotonic():
            return 0.0
        if self._counts[f"client {client}"].failures > BLOCKED_AT:
            return None
        return min(LONGEST, 0.25 * 2 ** (failures - FREE - 1)) if failures > FREE else 0.0

    def succeed(self, client: str, name: str) -> None:
        """Take the try back: it was no guess."""
        for key in (f"client {client}", f"user {name}"):
            if key in self._counts:
                self._counts[key].failures -= 1
        self._known[client, name] = clock.monotonic() + KNOWN
        self._known.move_to_end((client, name))
        _bound(self._known)

    def _add(self, key: str) -> int:
        """Count one more of `key` and return how many there were lately, this one among them."""
        count = self._counts.setdefault(key, _Count())
        if clock.monotonic() - count.last > WINDOW:
            count.failures = 0
        count.failures += 1
        count.last = clock.monotonic()
        self._counts.move_to_end(key)
        _bound(self._counts)
        return count.failures


def _bound(remembered: OrderedDict[object, object] | OrderedDict[str, _Count] | OrderedDict[tuple[str, str], float]) -> None:
    while len(remembered) > SIZE:
        remembered.popitem(last=False)
