"""Control characters in any field of any call are refused, or change nothing but the field that they stand in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from domains.credentials import authenticate_api_key, find_smtp_user
from gateway.api.bodies import Payload
from gateway.api.octeth.parse.email import parse_email
from gateway.api.sendclean.parse.messages import parse_mail
from gateway.base.errors import Refused
from gateway.engine.submission import Submission
from tests.gateway.api.mails import Path, find_texts, get, make_full_octeth, make_full_sendclean, put
from tests.gateway.api.wire import list_headers, write_wire
from tests.support.cast import Tenant

Read = Callable[[dict[str, Any]], Submission]

ATTACKS = [
    "\r\nBcc: eve@evil.example",
    "\nBcc: eve@evil.example",
    "\rBcc: eve@evil.example",
    "\r\n\tfolded",
    "\r\n\r\nbody",
    "\0",
    "\x0b",
    "\x0c",
    "\x1c\x1d\x1e\x1f",
    "\x7f",
    "\x85Bcc: eve@evil.example",
    "\u2028Bcc: eve@evil.example",
    "\u2029Bcc: eve@evil.example",
    "=?utf-8?q?=0d=0aBcc:_eve=40evil.example?=",
    "%0d%0aBcc: eve@evil.example",
    "> SIZE=1 <eve@evil.example",
    ", eve@evil.example",
    "; eve@evil.example",
    '" <eve@evil.example>',
]


@pytest.fixture
def readers(acme: Tenant) -> dict[str, Read]:
    """What turns the calls of each dialect into submissions of acme's."""
    user = find_smtp_user(acme.account.pk, acme.smtp_user.name)
    key = authenticate_api_key(acme.domain_secret)
    assert user is not None
    return {
        "sendclean": lambda call: parse_mail(Payload(values=call), user),
        "octeth": lambda call: parse_email(Payload(values=call), key),
    }


CALLS = {"sendclean": make_full_sendclean(), "octeth": make_full_octeth()}
FIELDS = [(dialect, path) for dialect, call in CALLS.items() for path in find_texts(call)]
# What is not a header but a body may hold line breaks.
BODIES = {"html", "text", "HtmlContent", "PlainContent"}


@pytest.mark.parametrize(("dialect", "path"), FIELDS, ids=str)
def test_no_field_lets_a_header_in(readers: dict[str, Read], dialect: str, path: Path) -> None:
    read, call = readers[dialect], CALLS[dialect]
    expected = list_headers(write_wire(read(call)))
    for attack in ATTACKS:
        for value in (get(call, path) + attack, attack + get(call, path)):
            headers = _headers_of(read, put(call, path, value))
            assert headers in (None, expected), repr(value)


@pytest.mark.parametrize("dialect", CALLS)
def test_no_name_of_a_header_lets_another_in(readers: dict[str, Read], dialect: str) -> None:
    at: Path = ("message", "headers") if dialect == "sendclean" else ("Headers",)
    names = [*ATTACKS, *(f"X-A{attack}" for attack in ATTACKS), "X A", "X-A:", "", "é", "x" * 80]
    for name in names:
        if name.lower().startswith("x-a%0d"):
            continue  # nothing but percent signs: a name like any other
        assert _headers_of(readers[dialect], put(CALLS[dialect], (*at, name), "1")) is None, repr(name)


@pytest.mark.parametrize("dialect", CALLS)
@pytest.mark.parametrize("name", ["Bcc", "To", "Cc", "From", "Sender", "Subject", "Received", "DKIM-Signature", "Return-Path"])
def test_headers_that_are_ours_are_refused(readers: dict[str, Read], dialect: str, name: str) -> None:
    at: Path = ("message", "headers") if dialect == "sendclean" else ("Headers",)
    for spelled in (name, name.lower(), name.upper()):
        assert _headers_of(readers[dialect], put(CALLS[dialect], (*at, spelled), "eve@evil.example")) is None


@pytest.mark.parametrize(("dialect", "path"), [field for field in FIELDS if field[1][-1] in BODIES])
def test_bodies_keep_their_line_breaks(readers: dict[str, Read], dialect: str, path: Path) -> None:
    submission = readers[dialect](put(CALLS[dialect], path, "one\r\ntwo\nthree"))
    assert "one\r\ntwo\nthree" in {submission.html, submission.text}


def _headers_of(read: Read, call: dict[str, Any]) -> list[bytes] | None:
    """Return the names of the header fields of what is sent, None where the call is refused."""
    try:
        return list_headers(write_wire(read(call)))
    except Refused:
        return None
