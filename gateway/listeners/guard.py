"""Slows down who guesses passwords by SMTP AUTH. In the process and for minutes only; a secret has 192 bits anyway.

Failures count, and once there is one, so do the tries that are under way, so that many at once gain nothing. A program that
opens fifty connections with the right secret is never slowed, nor is a client that has logged in as the same user before:
guessing elsewhere does not lock the customer out.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from gateway.base import clock

FREE = 3  # tries without a wait
LONGEST = 8.0  # seconds
BLOCKED_AT = 50  # failures of one client; from then on it is not even asked
LOCKED_AT = 100  # failures at one user, whoever made them; from then on only those who logged in as that user before are asked
WINDOW = 600.0  # seconds without a failure after which all is forgotten
KNOWN = 86_400.0  # seconds that a login makes a client known
LONGEST_NAME = 100  # characters of a name that count; no user has that many
SIZE = 50_000  # clients and names that are remembered


@dataclass(slots=True)
class _Count:
    failures: int = 0
    pending: int = 0  # tries under way
    last: float = 0.0  # when the last failure was

    @property
    def tries(self) -> int:
        """The number of the newest try, from 1, as waits are measured by it."""
        return self.failures + self.pending if self.failures else 1


class Guard:
    """Counts failures by client (an address, or a network of IPv6) and by user name."""

    def __init__(self) -> None:
        self._counts: OrderedDict[str, _Count] = OrderedDict()
        self._known: OrderedDict[tuple[str, str], float] = OrderedDict()

    def knows(self, client: str, name: str) -> bool:
        """Tell whether the client has logged in as that user before."""
        return self._known.get((client, name), 0.0) > clock.monotonic()

    def begin(self, client: str, name: str) -> float | None:
        """Begin a try, which must be ended; return the seconds to wait before it is looked at, None: it is not looked at."""
        counts = [self._count_of(key) for key in _keys(client, name)]
        for count in counts:
            count.pending += 1
        if self.knows(client, name):
            return 0.0
        by_client, by_user = counts
        if by_client.tries > BLOCKED_AT or by_user.tries > LOCKED_AT:
            return None
        tries = max(count.tries for count in counts)
        return min(LONGEST, 0.25 * 2 ** (tries - FREE - 1)) if tries > FREE else 0.0

    def end(self, client: str, name: str, *, is_right: bool | None) -> None:
        """End a try that was begun; None: nobody looked whether it was right, so that it makes no lock last longer."""
        for key in _keys(client, name):
            count = self._count_of(key)
            count.pending = max(0, count.pending - 1)
            if is_right is False:
                count.failures += 1
                count.last = clock.monotonic()
        if is_right:
            self._known[client, name] = clock.monotonic() + KNOWN
            self._known.move_to_end((client, name))
            _bound(self._known)

    def _count_of(self, key: str) -> _Count:
        count = self._counts.setdefault(key, _Count())
        if clock.monotonic() - count.last > WINDOW:
            count.failures = 0
        self._counts.move_to_end(key)
        _bound(self._counts)
        return count


def _keys(client: str, name: str) -> tuple[str, str]:
    return f"client {client}", f"user {name[:LONGEST_NAME]}"


def _bound(remembered: OrderedDict[object, object] | OrderedDict[str, _Count] | OrderedDict[tuple[str, str], float]) -> None:
    while len(remembered) > SIZE:
        remembered.popitem(last=False)
