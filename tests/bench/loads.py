"""The loads of the pipeline benchmark, and the process that sends one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import count
from typing import Final

from tests.bench.load.order import Order
from tests.bench.surroundings import ROOT

_runs = count()


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One way to send: `title` for people; the rest as in Order. A load with a rate lasts so many `seconds`."""

    title: str
    sessions: int
    per_connection: int = 0
    rate: float = 0.0
    seconds: float = 0.0
    is_http: bool = False

    def order(self, door: Mapping[str, object], messages: int) -> Order:
        """Return an order of so many messages, or what the rate gives in the time if that is less; its tokens are new."""
        most = min(messages, int(self.rate * self.seconds)) if self.rate else messages
        return Order(
            run=f"r{next(_runs):03d}",
            count=most,
            sessions=self.sessions,
            per_connection=self.per_connection,
            rate=self.rate,
            **door,
        )


# The one that leaves the machine idle goes first: PostgreSQL sweeps up after the others for minutes.
LOADS: Final[Mapping[str, Load]] = {
    "steady": Load(title="SMTP, 50 messages a second, evenly spaced", sessions=4, rate=50, seconds=40),
    "smtp100": Load(title="SMTP, 20 sessions, 100 messages on a connection", sessions=20, per_connection=100),
    "smtp1": Load(title="SMTP, 20 sessions, a new connection for each message", sessions=20, per_connection=1),
    "http": Load(title="HTTP, 20 connections, one recipient a call", sessions=20, is_http=True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What the load noted: by token when it was sent and when it was accepted; what failed; its own processor time."""

    accepted: Mapping[str, tuple[float, float]]
    failures: list[str] = field(default_factory=list)
    cpu: float


def send(order: Order) -> Sent:
    """Send a load from a process of its own."""
    command = [sys.executable, "-m", "tests.bench.load"]
    done = subprocess.run(command, input=json.dumps(asdict(order)), cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return Sent(**json.loads(done.stdout))
