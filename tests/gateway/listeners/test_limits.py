"""What one client may ask of us by SMTP: more is refused, and nothing of it is kept (T25, T26)."""

from __future__ import annotations

import smtplib
import socket

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from domains import credentials
from gateway.base import tokens
from gateway.base.errors import BadCredentials
from gateway.listeners.submission import log_in
from gateway.models import Message
from tests.gateway.listeners.test_submission import MAIL, refusal_of
from tests.gateway.listeners.test_submission import log_in as log_in_at
from tests.support.cast import Tenant

pytestmark = pytest.mark.django_db(transaction=True)


def test_strangers_learn_nothing_of_users(door: int) -> None:
    with smtplib.SMTP("127.0.0.1", door, timeout=10) as client:
        client.ehlo()
        assert [client.docmd(verb, "ben@inbox.example")[0] for verb in ("VRFY", "EXPN")] == [252, 500]


def test_a_null_sender_is_taken(door: int, acme: Tenant) -> None:
    with log_in_at(door, acme) as client:
        client.sendmail("", "ben@inbox.example", MAIL)
    assert Message.objects.get().sender == "shop@acme.example"


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("X-A: b\r\n" * 100_000, "5.6.0 The mail's header"),
        ("Received: from a by b; Sun, 22 Nov 2026 10:00:00 +0000\r\n" * 51, "5.6.0 The mail has passed through more than 50"),
        ("X-A: " + "b" * 2_000_000 + "\r\n", "5.6.0 The mail's header"),
    ],
    ids=["many fields", "a loop", "a long line"],
)
def test_a_header_has_its_limits(door: int, acme: Tenant, header: str, words: str) -> None:
    code, said = refusal_of(door, acme, header + MAIL)
    assert (code, said[: len(words)]) == (550, words)


@pytest.mark.parametrize("octets", [b"x" * 1_000_000, b"NOOP " + b"x" * 3000, b"\0" * 100_000, b"\r" * 100_000])
def test_a_line_without_an_end_is_refused_at_its_end(door: int, octets: bytes) -> None:
    with socket.create_connection(("127.0.0.1", door), timeout=10) as line:
        line.sendall(octets + b"\r\nQUIT\r\n")
        said = b"".join(iter(lambda: line.recv(65536), b""))
    assert [reply[:3] for reply in said.splitlines()] == [b"220", b"500", b"221"]


def test_an_unknown_name_is_as_much_work_as_a_wrong_secret(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[bytes] = []
    compare = tokens.is_secret

    def watch(secret: str, secret_hash: bytes) -> bool:
        compared.append(secret_hash)
        return compare(secret, secret_hash)

    monkeypatch.setattr(tokens, "is_secret", watch)
    monkeypatch.setattr(credentials._smtp_users, "seconds", 3600)  # the four seconds may be over on a busy machine
    credentials.forget()
    for queries_each in (1, 0):  # looked up, then from memory
        for name in (acme.smtp_user.name, "nobody", "somebody#spring"):
            compared.clear()
            with CaptureQueriesContext(connection) as queries, pytest.raises(BadCredentials):
                log_in(name, "wrong")
            assert (len(queries), len(compared), len(compared[0])) == (queries_each, 1, 32)
