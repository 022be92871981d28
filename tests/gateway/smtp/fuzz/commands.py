"""What a client may say, and when (RFC 5321 4.1.4, RFC 2920 3.1, RFC 3207 4): a judge of all that one sends."""

from __future__ import annotations

import re
from collections import deque
from typing import Final

from gateway.smtp.reply import Extensions
from gateway.smtp.transaction import Transaction

_COMMAND: Final = re.compile(
    rb"(?P<hello>EHLO|HELO) (?P<host>[a-z.]+)"
    rb"|(?P<mail>MAIL) FROM:<(?P<sender>[^\r\n\0]*)>(?P<parameters>(?: [A-Z0-9=]+)*)"
    rb"|(?P<rcpt>RCPT) TO:<(?P<recipient>[^\r\n\0]+)>"
    rb"|(?P<alone>STARTTLS|DATA|RSET|QUIT|\.)"
)
_OVER: Final = {"RSET", "QUIT"}  # what may come when the server has refused a transaction
# Command -> what may come next. BODY is the message itself; a dot right behind DATA ends the message of one that was refused.
_NEXT: Final = {
    "": {"EHLO"},
    "EHLO": {"HELO", "STARTTLS", "MAIL", "QUIT"},
    "HELO": {"MAIL", "QUIT"},
    "STARTTLS": {"MAIL", "QUIT"},
    "HANDSHAKE": {"EHLO"},
    "RSET": {"MAIL"},
    "MAIL": {"RCPT", *_OVER},
    "RCPT": {"DATA", *_OVER},
    "DATA": {"BODY", ".", *_OVER},
    "BODY": {"."},
    ".": {"MAIL", *_OVER},
    "QUIT": set(),
}


class Commands:
    """Judges each chunk that is sent. Tell it what the application does, before the session does it."""

    def __init__(self, host: str, *, wants_tls: bool) -> None:
        self._host = host.encode()
        self._wants_tls = wants_tls
        self._last = ""
        self._begun: deque[tuple[Transaction, Extensions]] = deque()
        self._current: Transaction | None = None
        self._may_finish = False
        self._sent: list[Transaction] = []

    def begin(self, transaction: Transaction, extensions: Extensions) -> None:
        assert not (self._wants_tls and "STARTTLS" in extensions), "no mail goes in clear where TLS was not even tried"
        self._begun.append((transaction, extensions))

    def finish(self) -> None:
        self._may_finish = True

    def was_sent(self, transaction: Transaction) -> bool:
        """Tell whether a message went out whole, with its dot."""
        return any(each is transaction for each in self._sent)

    def shake_hands(self) -> None:
        self._follow("HANDSHAKE", {"STARTTLS"})
        self._wants_tls = False

    def judge(self, chunk: bytes) -> None:
        """Raise AssertionError where `chunk` is not what a client may say now."""
        if self._last == "DATA" and self._current is not None and chunk == _stuff(self._current.wire):
            self._last = "BODY"
            return
        *lines, rest = chunk.split(b"\r\n")
        assert lines
        assert not rest, "each command has its end"
        for line in lines:
            self._judge_command(line)

    def _judge_command(self, line: bytes) -> None:
        found = _COMMAND.fullmatch(line)
        assert found is not None, line
        verb = (found["hello"] or found["mail"] or found["rcpt"] or found["alone"]).decode()
        before = self._last
        self._follow(verb, {last for last, following in _NEXT.items() if verb in following})
        if verb in {"EHLO", "HELO"}:
            assert found["host"] == self._host
        elif verb == "STARTTLS":
            assert self._wants_tls
            self._wants_tls = False
        elif verb == "MAIL":
            self._judge_mail(found["sender"], found["parameters"])
        elif verb == "RCPT":
            assert self._current is not None
            assert found["recipient"].decode() == self._current.rcpt_to
        elif verb == "." and before == "BODY":
            self._judge_dot()

    def _follow(self, verb: str, may_follow: set[str]) -> None:
        assert self._last in may_follow, f"{verb} came after {self._last or 'nothing'}"
        self._last = verb

    def _judge_mail(self, sender: bytes, parameters: bytes) -> None:
        self._current, extensions = self._begun.popleft()
        assert sender.decode() == self._current.mail_from
        words = parameters.decode().split()
        assert words == [
            word
            for word, extension, is_needed in (
                (f"SIZE={len(self._current.wire)}", "SIZE", True),
                ("BODY=8BITMIME", "8BITMIME", self._current.needs_8bit),
                ("SMTPUTF8", "SMTPUTF8", self._current.needs_smtputf8),
            )
            if is_needed and extension in extensions
        ]

    def _judge_dot(self) -> None:
        assert self._may_finish, "the dot is held until the application lets it go"
        assert self._current is not None
        self._may_finish = False
        self._sent.append(self._current)


def _stuff(wire: bytes) -> bytes:
    return b"".join(b"." * line.startswith(b".") + line + b"\r\n" for line in wire.split(b"\r\n")[:-1])
