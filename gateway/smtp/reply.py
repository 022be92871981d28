"""Replies of SMTP servers as the sender reads them (RFC 5321 4.2): bytes in, values out, within limits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

MAX_REPLY_LINE: Final = 4096  # octets; RFC 5321 4.5.3.1.5 promises 512
MAX_REPLY: Final = 65_536  # octets of all lines of one reply

_TOO_LONG: Final = f"The server sent a reply of more than {MAX_REPLY} octets, or a line of more than {MAX_REPLY_LINE}."
_controls = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class ProtocolError(Exception):
    """The server sent what SMTP does not allow; str() says what, as a sentence."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server said: `lines` without code and separator, without control characters."""

    code: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return " ".join(self.lines)

    @property
    def is_good(self) -> bool:
        return 200 <= self.code < 300


@dataclass(frozen=True, slots=True)
class Extensions:
    """What the reply to EHLO offers, parameters by upper-case keyword."""

    offered: Mapping[str, str] = field(default_factory=dict)

    def __contains__(self, keyword: str) -> bool:
        return keyword in self.offered

    @property
    def size(self) -> int:
        """The largest message in octets (RFC 1870); 0 when none is stated."""
        stated = self.offered.get("SIZE", "")
        return int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 20 else 0


def read_extensions(reply: Reply) -> Extensions:
    words = [line.split(None, 1) for line in reply.lines[1:]]
    return Extensions({found[0].upper(): found[1].strip() if len(found) > 1 else "" for found in words if found})


class ReplyReader:
    """Cuts received bytes into replies (RFC 5321 4.2). A bare LF also ends a line, as some servers send it."""

    def __init__(self) -> None:
        self._buffer = b""
        self._lines: list[str] = []
        self._size = 0

    def clear(self) -> None:
        self._buffer, self._lines, self._size = b"", [], 0

    def feed(self, data: bytes) -> Iterator[Reply]:
        """Yield the replies that `data` completes, and raise ProtocolError where one is none, or too long."""
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            reply = self._take(line)
            if reply is not None:
                yield reply
        if len(self._buffer) > MAX_REPLY_LINE:
            raise ProtocolError(_TOO_LONG)

    def _take(self, line: bytes) -> Reply | None:
        self._size += len(line)
        if len(line) > MAX_REPLY_LINE or self._size > MAX_REPLY:
            raise ProtocolError(_TOO_LONG)
        line = line.rstrip(b"\r")
        code, separator = line[:3], line[3:4]
        if not code.isdigit() or not b"200" <= code <= b"599" or separator not in {b"", b" ", b"-"}:
            raise ProtocolError(f"The server sent {line[:60]!r}, which is no SMTP reply.")
        self._lines.append(_clean(line[4:].decode("utf-8", "replace")))
        if separator == b"-":
            return None
        reply = Reply(int(code), tuple(self._lines))
        self._lines, self._size = [], 0
        return reply


def _clean(text: str) -> str:
    return text if text.isprintable() else _controls.sub(" ", text)
