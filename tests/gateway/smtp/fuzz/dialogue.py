"""What a receiving server must make of what a client says: a model of the dialogue, written apart from the machine.

It has all of the input at once, reads it line by line and knows no wording. What it shares with the machine is how a path is
read (the fuzzing of addresses has that) and the values that are compared.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable

from gateway.smtp.addresses import Address, AddressError, Path, parse_path
from gateway.smtp.events import (
    AuthRequested,
    DataRequested,
    Event,
    HelloReceived,
    MailRequested,
    MessageReceived,
    RecipientRequested,
    Reply,
    ResetRequested,
    TLSRequested,
)
from gateway.smtp.policy import Auth, Policy

_CRLF = b"\r\n"
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_PARAMETERS = {
    "SIZE": ("SIZE", r"\d{1,20}"),
    "BODY": ("8BITMIME", r"(?i:7bit|8bitmime)"),
    "SMTPUTF8": ("SMTPUTF8", ""),
    "AUTH": (None, r"[^\s=]+"),
}


class _No(Exception):
    """The line or message gets this code, which ends the session if it `is_final`."""

    def __init__(self, code: int, *, is_final: bool = False) -> None:
        self.code = code
        self.is_final = is_final


class Dialogue:
    """The events and codes that a session must have, for a policy and the answers of its application."""

    def __init__(self, policy: Policy, answer: Callable[[int, Event], Reply | None]) -> None:
        self.policy = policy
        self.events: list[Event] = []
        self.codes = [220]
        self.is_closed = False
        self.may_be_utf8 = False  # somebody asked for SMTPUTF8
        self._answer = answer
        self._asked = 0
        self._faults = 0
        self._is_tls = False
        self._rest = b""
        self._begin_session()

    def _begin_session(self) -> None:
        self._has_greeted = self._is_authenticated = False
        self._awaits_tls = self._in_content = False
        self._chunk: tuple[int, bool, int] | None = None  # how long the next one is, whether it is the last, or why it is none
        self._challenged: list[bytes] | None = None  # what the client has said of its name and secret
        self._mechanism = b""
        self._forget()

    def _forget(self) -> None:
        self._sender: tuple[Address | None] | None = None
        self._recipients: list[Address] = []
        self._is_utf8 = self._has_too_many = False
        self._chunks: bytes | None = None

    def hear(self, speeches: Iterable[bytes]) -> None:
        """Hear what is said before each handshake, and after the last."""
        for speech in speeches:
            if self._awaits_tls:
                self._begin_session()
                self._is_tls, self._rest = True, b""
            self._hear(speech)

    def _hear(self, speech: bytes) -> None:
        self._rest += speech
        while not self.is_closed and not self._awaits_tls:
            unit, self._rest, is_whole = self._cut_off(self._rest)
            if not is_whole:
                return
            try:
                self._on_unit(unit)
            except _No as no:
                self._refuse(no.code)
                self.is_closed = self.is_closed or no.is_final

    def _on_unit(self, unit: bytes) -> None:
        if self._chunk is not None:
            self._on_chunk(unit, *self._chunk)
        elif self._in_content:
            self._on_message(unit)
        else:
            self._on_line(unit)

    def _cut_off(self, said: bytes) -> tuple[bytes, bytes, bool]:
        """Return the first line, message or chunk with its end, what comes behind it, and whether there was an end."""
        if self._chunk is not None:
            size = self._chunk[0]
            return (said[:size], said[size:], True) if len(said) >= size else (b"", said, False)
        if self._in_content:
            lines = said.split(_CRLF)
            if b"." not in lines[:-1]:
                return b"", said, False
            end = lines.index(b".")
            return b"".join(line + _CRLF for line in lines[:end]), _CRLF.join(lines[end + 1 :]), True
        line, end_of_line, rest = said.partition(b"\n")
        return (line + end_of_line, rest, True) if end_of_line else (b"", said, False)

    # Replies ----------------------------------------------------------------------------------------------------------
    def _refuse(self, code: int) -> None:
        self._challenged = None
        self.codes.append(code)
        self._faults += 500 <= code < 550
        if self._faults > self.policy.limits.errors:
            self.codes.append(421)
            self.is_closed = True

    def _ask(self, event: Event, usual: int) -> bool:
        """Let the application answer if it is asked about such; tell whether it agrees."""
        always = isinstance(event, AuthRequested | MessageReceived)
        if not always and type(event) not in self.policy.asks:
            self.codes.append(usual)
            return True
        self.events.append(event)
        reply = self._answer(self._asked, event)
        self._asked += 1
        code = usual if reply is None else reply.code
        if isinstance(event, AuthRequested) and code >= 400:
            self._refuse(code)
        else:
            self.codes.append(code)
        self.is_closed = self.is_closed or code == 421
        return code < 400

    # Lines ------------------------------------------------------------------------------------------------------------
    def _on_line(self, line: bytes) -> None:
        text = line.removesuffix(_CRLF)
        is_bdat = line[:4].upper() == b"BDAT"
        if len(line) > 12_288:
            raise _No(500)
        if text == line or any(octet in text for octet in b"\r\0"):
            raise _No(500, is_final=is_bdat)
        if self._challenged is not None:
            self._on_response(text)
            return
        verb, _, argument = text.partition(b" ")
        command = getattr(self, f"_{verb.lower().decode('latin-1')}_command", None) if verb.isalpha() else None
        if command is None or (len(line) > 1065 and verb.upper() != b"AUTH"):
            raise _No(500, is_final=verb.upper() == b"BDAT")
        if verb.upper() in {b"DATA", b"RSET", b"QUIT", b"STARTTLS"} and argument.strip():
            raise _No(501)
        command(argument)

    def _ehlo_command(self, argument: bytes, *, is_extended: bool = True) -> None:
        name = argument.strip()[:255]
        if not name:
            raise _No(501)
        shown = "".join(chr(o) if chr(o).isascii() and (chr(o).isalnum() or chr(o) in "._:[]-") else "?" for o in name)
        agrees = self._ask(HelloReceived(shown, is_extended), 250)
        self._forget()
        self._has_greeted = self._has_greeted or agrees

    def _helo_command(self, argument: bytes) -> None:
        self._ehlo_command(argument, is_extended=False)

    def _starttls_command(self, _: bytes) -> None:
        if self._is_tls or not self.policy.offers_tls:
            raise _No(503)
        self.codes.append(220)
        self.events.append(TLSRequested())
        self._awaits_tls = True

    def _noop_command(self, _: bytes) -> None:
        self.codes.append(250)

    def _vrfy_command(self, _: bytes) -> None:
        self.codes.append(252)

    def _help_command(self, _: bytes) -> None:
        self.codes.append(214)

    def _quit_command(self, _: bytes) -> None:
        self.codes.append(221)
        self.is_closed = True

    def _rset_command(self, _: bytes) -> None:
        self._ask(ResetRequested(), 250)
        self._forget()

    # AUTH -------------------------------------------------------------------------------------------------------------
    @property
    def _lacks_tls(self) -> bool:
        return self.policy.auth is Auth.OVER_TLS and not self._is_tls

    def _auth_command(self, argument: bytes) -> None:
        if self.policy.auth is Auth.NEVER:
            raise _No(502)
        if self._lacks_tls:
            raise _No(530)
        if not self._has_greeted or self._is_authenticated or self._sender is not None:
            raise _No(503)
        mechanism, _, initial = argument.partition(b" ")
        if mechanism.upper() not in {b"PLAIN", b"LOGIN"}:
            raise _No(504)
        self._mechanism, self._challenged = mechanism.upper(), []
        if initial:
            self._on_response(initial)
        else:
            self.codes.append(334)

    def _on_response(self, line: bytes) -> None:
        said = self._challenged or []
        response = b"" if line == b"=" else line
        if not _BASE64.fullmatch(response):
            raise _No(501)
        said.append(base64.b64decode(response))
        try:
            said[-1].decode()
        except UnicodeDecodeError:
            raise _No(501) from None
        if self._mechanism == b"LOGIN" and len(said) == 1:
            self._challenged = said
            self.codes.append(334)
            return
        self._challenged = None
        words = b"\0".join([b"", *said] if self._mechanism == b"LOGIN" else said).decode().split("\0")
        if len(words) != 3:
            raise _No(501)
        if words[0] not in {"", words[1]}:
            raise _No(535)
        self._is_authenticated = self._ask(AuthRequested(words[1], words[2]), 235)

    # A transaction ----------------------------------------------------------------------------------------------------
    def _check_authenticated(self) -> None:
        if self.policy.auth is not Auth.NEVER and not self._is_authenticated:
            raise _No(530)

    def _mail_command(self, argument: bytes) -> None:
        self._check_authenticated()
        if not self._has_greeted or self._sender is not None:
            raise _No(503)
        path = _read_path(b"FROM:", argument)
        self._check_parameters(path.parameters.items())
        is_utf8 = "SMTPUTF8" in path.parameters
        self._check_script(path.address, is_utf8=is_utf8)
        if self._ask(MailRequested(path.address, path.parameters), 250):
            self._sender, self._is_utf8 = (path.address,), is_utf8
            self.may_be_utf8 |= is_utf8

    def _check_parameters(self, parameters: Iterable[tuple[str, str]]) -> None:
        for keyword, value in parameters:
            extension, pattern = _PARAMETERS.get(keyword, ("", ""))
            if not (self._is_authenticated if extension is None else extension in self.policy.extensions):
                raise _No(555)
            if not re.fullmatch(pattern, value, re.ASCII):
                raise _No(501)
        if int(dict(parameters).get("SIZE", 0)) > self.policy.limits.size:
            raise _No(552)

    def _check_script(self, address: Address | None, *, is_utf8: bool) -> None:
        if address is not None and not address.text.isascii() and not is_utf8:
            raise _No(553)

    def _check_in_transaction(self) -> None:
        self._check_authenticated()
        if self._sender is None:
            raise _No(503)

    def _rcpt_command(self, argument: bytes) -> None:
        self._check_in_transaction()
        if self._chunks is not None:
            raise _No(503)
        path = _read_path(b"TO:", argument)
        if path.address is None:
            raise _No(553)
        if path.parameters:
            raise _No(555)
        self._check_script(path.address, is_utf8=self._is_utf8)
        if len(self._recipients) == self.policy.limits.recipients:
            self._has_too_many = True
            raise _No(452)
        if self._ask(RecipientRequested(path.address), 250):
            self._recipients.append(path.address)

    def _data_command(self, _: bytes) -> None:
        self._check_in_transaction()
        if self._chunks is not None:
            self._forget()
            raise _No(503)
        self._check_recipients()
        self._in_content = self._ask(DataRequested(), 354)

    def _check_recipients(self) -> None:
        if not self._recipients:
            raise _No(554)
        if self._has_too_many:
            raise _No(550)

    def _on_message(self, stuffed: bytes) -> None:
        self._in_content = False
        self._end(b"".join(line.removeprefix(b".") + _CRLF for line in stuffed.split(_CRLF)[:-1]))

    def _end(self, content: bytes) -> None:
        sender, recipients, is_utf8 = self._sender, tuple(self._recipients), self._is_utf8
        self._forget()
        if len(content) > self.policy.limits.size:
            raise _No(552)
        stray = any(octet in content.replace(_CRLF, b"") for octet in b"\r\n\0")
        if stray and not self.policy.takes_bare_newlines:
            raise _No(550)
        assert sender is not None
        self._faults = 0
        self._ask(MessageReceived(sender[0], recipients, content, is_utf8), 250)

    # Chunks -----------------------------------------------------------------------------------------------------------
    def _bdat_command(self, argument: bytes) -> None:
        words = argument.rstrip(b" ").upper().split(b" ")
        if not re.fullmatch(rb"\d{1,20}", words[0]) or words[1:] not in ([], [b"LAST"]):
            raise _No(501, is_final=True)
        size, is_last = int(words[0]), words[1:] == [b"LAST"]
        try:
            self._check_chunk(size)
        except _No as no:
            self._chunk = size, is_last, no.code
        else:
            self._chunk = size, is_last, 0

    def _check_chunk(self, size: int) -> None:
        if "CHUNKING" not in self.policy.extensions:
            raise _No(502)
        self._check_in_transaction()
        self._check_recipients()
        if len(self._chunks or b"") + size > self.policy.limits.size:
            raise _No(552)
        if self._chunks is None and DataRequested in self.policy.asks:
            self.events.append(DataRequested())
            reply = self._answer(self._asked, self.events[-1])
            self._asked += 1
            if reply is not None and reply.code == 421:
                self.codes.append(421)
                self.is_closed = True
            elif reply is not None and reply.code >= 400:
                raise _No(reply.code)
        self._chunks = self._chunks or b""

    def _on_chunk(self, octets: bytes, size: int, is_last: bool, code: int) -> None:
        self._chunk = None
        if code:
            self._forget()
            raise _No(code)
        content = (self._chunks or b"") + octets
        if is_last:
            self._end(content + _CRLF * (content != b"" and not content.endswith(_CRLF)))
        else:
            self._chunks = content
            self.codes.append(250)


def _read_path(lead: bytes, argument: bytes) -> Path:
    before, colon, path = argument.partition(b":")
    if (before + colon).upper() != lead:
        raise _No(501)
    try:
        return parse_path(path.decode())
    except UnicodeDecodeError:
        raise _No(501) from None
    except AddressError:
        raise _No(553) from None
