"""A courier on a loop of its own, for tests of delivery."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import uvloop

from gateway.engine.deliver import Courier, Deadlines, Limits, Parcel
from gateway.engine.routing import Router, Rules

WIRE = b"From: ann@acme.example\r\nSubject: Hello\r\n\r\nHello, Bob.\r\n.\r\n..two dots\r\nEnd.\r\n"
QUICK = Deadlines(connect=2, banner=0.3, command=0.3, handshake=0.1, data=0.3, total=3, idle=2, quit=0.3)
PATIENT = Deadlines(connect=5, banner=5, command=5, handshake=2, data=5, total=10, idle=5, quit=2)


@dataclass
class Notes:
    """Stands for the queue's note that final dots are about to go."""

    batches: list[list[Parcel]] = field(default_factory=list)
    error: Exception | None = None
    before: Callable[[], Awaitable[None]] | None = None
    lost: frozenset[int] = frozenset()  # recipients that others are sending by now

    async def __call__(self, parcels: Sequence[Parcel]) -> list[Parcel]:
        if self.before is not None:
            await self.before()
        if self.error is not None:
            raise self.error
        self.batches.append(list(parcels))
        return [parcel for parcel in parcels if parcel.recipient_id not in self.lost]


def parcel(number: int = 0, **changes: Any) -> Parcel:
    values: dict[str, Any] = {
        "recipient_id": number,
        "attempt": 1,
        "domain": "inbox.example",
        "mail_from": f"b+{number}@returns.example",
        "rcpt_to": f"bob{number}@inbox.example",
        "wire": WIRE,
    }
    return Parcel(**(values | changes))


def make_courier(endpoint: Any, notes: Notes | None = None, **options: Any) -> Courier:
    """Make a courier that brings everything to one endpoint, as its relay."""
    router = Router(rules=Rules(relay=endpoint))
    options.setdefault("deadlines", QUICK)
    return Courier(note_data_sent=notes or Notes(), router=router, **options)


def run(work: Any, seconds: float = 20) -> Any:
    """Run a coroutine on a new uvloop, within a deadline."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(asyncio.wait_for(work, seconds))


__all__ = ["PATIENT", "QUICK", "WIRE", "Limits", "Notes", "make_courier", "parcel", "run"]
