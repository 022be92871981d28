"""How fast one destination may be fed: how many connections, and whether to connect at all. In process, in memory.

A destination is one address and port of a receiver.
"""

from __future__ import annotations

from typing import Final

from gateway.base import clock

PAUSE: Final = 30.0  # seconds without a new connection after one failed; less than the first retry waits
LONG_PAUSE: Final = 60.0  # when the try after the pause failed too
RECOVERY: Final = 60.0  # seconds until one more connection is allowed again
PATIENCE: Final = 5.0  # seconds in which further complaints are echoes of the same


class Pace:
    """What one destination can bear: a cap on connections, and a pause.

    The cap halves when the receiver complains and grows back by one a minute.
    """

    __slots__ = ("_cap", "_changed_at", "_most", "_paused_until", "_troubles", "reason")

    def __init__(self, most: int) -> None:
        self._most = most
        self._cap = most
        self._changed_at = float("-inf")
        self._paused_until = float("-inf")
        self._troubles = 0
        self.reason = ""  # of the last pause

    @property
    def cap(self) -> int:
        """How many connections may be open now."""
        if self._cap < self._most:
            grown = int((clock.monotonic() - self._changed_at) // RECOVERY)
            self._cap = min(self._cap + grown, self._most)
            self._changed_at += grown * RECOVERY
        return self._cap

    @property
    def is_paused(self) -> bool:
        """Whether no connection should be tried now."""
        return clock.monotonic() < self._paused_until

    def slow_down(self, in_use: int) -> None:
        """Take a complaint about our speed while `in_use` connections were open."""
        if clock.monotonic() - self._changed_at >= PATIENCE:
            self.limit(in_use // 2)

    def limit(self, cap: int) -> None:
        """Learn that the receiver takes no more than `cap` connections (but always one)."""
        self._cap = max(1, min(self.cap, cap))
        self._changed_at = clock.monotonic()

    def pause(self, reason: str) -> None:
        """Stop connecting for a while, because of `reason`, a sentence."""
        self._paused_until = clock.monotonic() + (LONG_PAUSE if self._troubles else PAUSE)
        self._troubles += 1
        self.reason = reason

    def connected(self) -> None:
        """Note that the destination greeted us: the trouble is over."""
        self._troubles = 0
        self._paused_until = float("-inf")
