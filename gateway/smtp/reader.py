"""The framing of what an SMTP client sends: lines, messages that end with CRLF.CRLF and with nothing else, and chunks."""

from __future__ import annotations

from gateway.smtp.events import CommandRefused
from gateway.smtp.limits import MAX_AUTH_LINE
from gateway.smtp.transaction import is_canonical

_END = b"\r\n.\r\n"


class Reader:
    """A buffer that gives lines, and after `begin_content` one message, after `begin_chunk` one chunk.

    Of a line or message that is too long it keeps no more than it takes to find the end.
    """

    def __init__(self, max_size: int) -> None:
        self.max_size = max_size
        self._buffer = bytearray()
        self._is_skipping = False  # the rest of a line that was too long
        self._searched = 0  # where the next look for the end of a message begins
        self._is_too_large = False
        self._left: int | None = None  # octets of a chunk that are still to be read
        self._is_kept = True  # the chunk is wanted
        self.is_in_content = False  # a message or chunk is next

    def receive(self, data: bytes) -> None:
        self._buffer += data

    def clear(self) -> None:
        self._buffer.clear()
        self._is_skipping = False

    def begin_content(self) -> None:
        """Give a message next, then lines again."""
        self._buffer[:0] = b"\r\n"  # so that the first line begins as every other does
        self._searched = 0
        self._is_too_large = False
        self.is_in_content = True

    def begin_chunk(self, size: int, *, is_kept: bool = True) -> None:
        """Give the next `size` octets as they are, then lines again; nothing of them when they are not kept."""
        self._left, self._is_kept = size, is_kept
        self.is_in_content = True

    def read(self) -> bytes | None:
        """Take a line without its CRLF, a message with its dots unstuffed (RFC 5321 4.5.2), or a chunk; None: not all is here.

        Raise CommandRefused for one that is too long, or a line that is none, once its end was read.
        """
        if not self.is_in_content:
            return self._take_line()
        return self._take_content() if self._left is None else self._take_chunk(self._left)

    def _take_line(self) -> bytes | None:
        end = self._buffer.find(b"\n") + 1
        if not end:
            self._bound_line()
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[:end]
        was_skipping, self._is_skipping = self._is_skipping, False
        if was_skipping or end > MAX_AUTH_LINE:
            raise CommandRefused(500, "5.5.6", "Line too long")
        if not line.endswith(b"\r\n") or line.count(b"\r") > 1 or b"\0" in line:
            words = "A line must end with CRLF and have no bare CR and no NUL in it"
            # What comes behind a BDAT is no command.
            raise CommandRefused(500, "5.5.2", words, is_final=line[:4].upper() == b"BDAT")
        return line[:-2]

    def _bound_line(self) -> None:
        if len(self._buffer) > MAX_AUTH_LINE:
            self._is_skipping = True
            self._buffer.clear()

    def _take_content(self) -> bytes | None:
        # Looked for from the end, where it nearly always is, and with no other dot at the beginning of a line before it.
        end = self._buffer.rfind(_END, self._searched)
        if end < 0:
            self._bound_content()
            self._searched = max(0, len(self._buffer) - len(_END) + 1)
            return None
        is_stuffed = self._buffer.rfind(b"\r\n.", 0, end + 2) >= 0
        if is_stuffed:
            end = self._buffer.find(_END, self._searched)
        with memoryview(self._buffer) as octets:
            content = bytes(octets[2 : end + 2])
        if is_stuffed:
            content = content.replace(b"\r\n.", b"\r\n").removeprefix(b".")
        del self._buffer[: end + len(_END)]
        self.is_in_content = False
        if self._is_too_large or len(content) > self.max_size:
            raise CommandRefused(552, "5.3.4", f"The message is larger than {self.max_size} bytes")
        return content

    def _bound_content(self) -> None:
        """Keep no more of a message that is too large than it takes to find its end."""
        # Stuffing makes four octets of three at most; the size without it is checked at the end.
        if len(self._buffer) > self.max_size * 4 // 3 + len(_END):
            self._is_too_large = True
        if self._is_too_large:
            del self._buffer[: 1 - len(_END)]

    def _take_chunk(self, left: int) -> bytes | None:
        here = min(len(self._buffer), left)
        if self._is_kept and here < left:
            return None
        with memoryview(self._buffer) as octets:
            chunk = bytes(octets[:here]) if self._is_kept else b""
        del self._buffer[:here]
        if here < left:
            self._left = left - here
            return None
        self._left, self.is_in_content = None, False
        return chunk


def find_stray(content: bytes) -> str:
    """Name a kind of octet in `content` that no message may have (RFC 5321 2.3.8); empty when there is none."""
    if is_canonical(content):
        return ""
    if b"\0" in content:
        return "a NUL"
    pairs = content.count(b"\r\n")
    if content.count(b"\n") > pairs:
        return "a bare LF"
    return "a bare CR" if content.count(b"\r") > pairs else ""
