"""What the load noted: of each letter when it was sent and accepted, and what went wrong."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field


@dataclass(slots=True)
class Journal:
    """Of `count` letters. `accepted` has, by token, when the letter's last byte was about to go and when it was accepted.

    Times are of the monotonic clock. `is_full` is set when something became of all letters.
    """

    count: int
    accepted: dict[str, tuple[float, float]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    is_full: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, token: str, sent_at: float) -> None:
        """Note that a letter was accepted just now."""
        self.accepted[token] = (sent_at, time.monotonic())
        self._look()

    def fail(self, why: str) -> None:
        self.failures.append(why)
        self._look()

    def _look(self) -> None:
        if len(self.accepted) + len(self.failures) >= self.count:
            self.is_full.set()
