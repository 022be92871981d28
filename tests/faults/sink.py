"""`python -m tests.faults.sink PORT JOURNAL`: the receiving server of the faults: journals what it saw before it replies.

A line has the token in the body, the recipients with their replies, the stage and the last reply. With an order `dot:n:pid`
(tests.faults.points) it holds the n-th reply to a final dot back until it has killed that group of processes.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import msgspec

from gateway.base.environment import Endpoint
from gateway.listeners.journal import Stage, Transaction
from gateway.listeners.serving import Place, serve
from gateway.listeners.sink import Script, SinkConnection, make_sink, parse_rule
from tests.faults.points import ORDERS

TOKEN = re.compile(rb"^Token: (\S+)", re.MULTILINE)  # in the body
DYING = 0.1  # seconds that a killed process has to be gone
# By the first label of the recipient's domain.
RULES = ("rcpt:550:*@bounce.*::5.1.1 No such user", "rcpt:450:*@busy.*:1:4.2.1 Mailbox busy")


class PromptConnection(SinkConnection):
    """Records a transaction without recipients with the reply to them, and not once the client has gone on."""

    def _rcpt(self, recipient: str) -> None:
        super()._rcpt(recipient)
        if not self._accepted:
            self._give_up()


class Journal:
    """Writes each line at once, so that it is kept whoever is killed next."""

    def __init__(self, lines: BinaryIO, order: Path) -> None:
        self._lines = lines
        self._order = order
        self._taken = 0

    def record(self, transaction: Transaction) -> None:
        """Write a transaction down; called before the reply goes out."""
        found = TOKEN.search(transaction.content or b"")
        entry = {
            "token": found[1].decode() if found else "",
            "rcpt_to": transaction.rcpt_to,
            "stage": transaction.stage,
            "reply": transaction.reply,
        }
        self._lines.write(msgspec.json.encode(entry) + b"\n")
        if transaction.stage is Stage.DOT:
            self._obey()

    def _obey(self) -> None:
        try:
            _, times, group = self._order.read_text().split(":")
        except FileNotFoundError:
            self._taken = 0
            return
        self._taken += 1
        if self._taken == int(times):
            self._order.rename(self._order.with_name(f"sink.{group}"))
            kill_group(int(group))


def kill_group(group: int) -> None:
    """Kill a group of processes, and wait until none of them can do anything any more."""
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
    time.sleep(DYING)


def main(port: int, path: Path) -> None:
    with path.open("ab", buffering=0) as lines:
        journal = Journal(lines, Path(os.environ[ORDERS]) / "sink")
        listener = make_sink(journal.record)
        script = Script([parse_rule(rule) for rule in RULES])
        listener.connect = lambda listener: PromptConnection(listener, script, journal.record)
        place = Place(listener=listener, endpoint=Endpoint("127.0.0.1", port), setting="PORT")
        say: Callable[[str], object] = sys.stdout.write
        serve([place], say, grace=1)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
