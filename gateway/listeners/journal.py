"""What the sink saw, as JSON lines, and the messages as files. No Django here."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

_LINGER = 0.05  # seconds that lines are gathered before they are written


class Stage(StrEnum):
    """Where in a session a client is; `dot` is the end of a message."""

    CONNECT = "connect"
    EHLO = "ehlo"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    DOT = "dot"


@dataclass(slots=True, kw_only=True)
class Transaction:
    """One transaction, or a session that was refused before it had one (`mail_from` is None then).

    `stage` is how far it came, `dot` when the whole message did. `rcpt_to` are the recipients, each with the reply that it got.
    `reply` is the last reply, or `drop` or `hang` by a rule; empty when the client left after MAIL.
    """

    number: int
    time: float
    client: str
    helo: str
    tls: str  # the protocol, empty without TLS
    stage: Stage
    mail_from: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    rcpt_to: list[tuple[str, str]] = field(default_factory=list)
    content: bytes | None = field(default=None, repr=False)
    reply: str = ""


class Journal:
    """Writes a line for each transaction to `lines` and, with a `folder`, each message to a numbered file in it.

    A line has number, time, client, helo, tls, mail_from, parameters, rcpt_to (address and reply of each), stage, reply, size
    and sha256 of the message, and with a folder its path there. Lines are written a moment later, many at once; files at once.
    """

    def __init__(self, lines: BinaryIO, folder: Path | None = None) -> None:
        self._lines = lines
        self._folder = folder
        self._waiting: list[bytes] = []
        self._last_file = _find_last(folder) if folder else 0

    def record(self, transaction: Transaction) -> None:
        """Note a transaction; call from an event loop."""
        entry = _describe(transaction)
        if transaction.content is not None and self._folder is not None:
            entry["path"] = self._save(self._folder, transaction.content)
        if not self._waiting:
            asyncio.get_running_loop().call_later(_LINGER, self.flush)
        self._waiting.append(msgspec.json.encode(entry))

    def flush(self) -> None:
        """Write the lines that wait."""
        if self._waiting:
            self._lines.write(b"\n".join([*self._waiting, b""]))
            self._lines.flush()
            self._waiting.clear()

    def _save(self, folder: Path, content: bytes) -> str:
        self._last_file += 1
        name = f"{self._last_file}.eml"
        made = folder / f".{name}"
        made.write_bytes(content)
        made.rename(folder / name)  # who watches the folder sees whole messages only
        return name


def _find_last(folder: Path) -> int:
    return max((int(path.stem) for path in folder.glob("*.eml") if path.stem.isdecimal()), default=0)


def _describe(transaction: Transaction) -> dict[str, Any]:
    content = transaction.content
    return {
        "number": transaction.number,
        "time": datetime.fromtimestamp(transaction.time, UTC),
        "client": transaction.client,
        "helo": transaction.helo,
        "tls": transaction.tls,
        "mail_from": transaction.mail_from,
        "parameters": transaction.parameters,
        "rcpt_to": [{"address": address, "reply": reply} for address, reply in transaction.rcpt_to],
        "stage": transaction.stage,
        "reply": transaction.reply,
        "size": None if content is None else len(content),
        "sha256": None if content is None else hashlib.sha256(content).hexdigest(),
    }
