"""What a courier is given to deliver, and what it keeps beside it on the way."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from gateway.engine.outcome import Outcome
from gateway.engine.routing import Host
from gateway.smtp.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One recipient's copy, ready for the wire.

    `domain` is where it goes (ASCII), `wire` the signed message with CRLF line ends only, the last octets among them.
    The courier has it noted that the final dot goes out (see `Courier`); until `noted_until` of the monotonic clock, it was.
    """

    recipient_id: int
    attempt: int
    domain: str
    mail_from: str
    rcpt_to: str
    wire: bytes = field(repr=False)
    needs_8bit: bool = False
    needs_smtputf8: bool = False
    noted_until: float = 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a parcel at one host. With `goes_on`, another host may be asked; with `slows`, the host wants less."""

    outcome: Outcome
    goes_on: bool = False
    slows: bool = False


class Job:
    """A parcel on its way to one host. Times are by the loop's clock."""

    __slots__ = ("deadline", "dot_sent", "host", "moves", "parcel", "started", "transaction", "verdict")

    def __init__(self, parcel: Parcel, transaction: Transaction, host: Host, *, started: float, deadline: float) -> None:
        self.parcel = parcel
        self.transaction = transaction
        self.host = host
        self.started = started
        self.deadline = deadline
        self.verdict: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        self.moves = 0  # how often a connection ended before the server said a word about it
        self.dot_sent = False

    @property
    def is_given_up(self) -> bool:
        """Whether nobody waits for it any more."""
        return self.verdict.done()

    def settle(self, verdict: Verdict) -> None:
        if not self.verdict.done():
            self.verdict.set_result(verdict)
