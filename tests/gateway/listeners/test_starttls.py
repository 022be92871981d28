"""STARTTLS (T3): what was said in the clear is no part of the session that begins with TLS, whoever said it."""

from __future__ import annotations

import base64
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress

import pytest

from gateway.models import Message
from tests.gateway.listeners.conftest import OpenDoor
from tests.gateway.listeners.test_submission import MAIL
from tests.support.cast import Tenant

pytestmark = pytest.mark.django_db(transaction=True)

ENVELOPE = b"MAIL FROM:<shop@acme.example>\r\nRCPT TO:<ben@inbox.example>\r\n"
MESSAGE = b"DATA\r\n" + MAIL.encode() + b".\r\n"


def auth(tenant: Tenant) -> bytes:
    return b"AUTH PLAIN " + base64.b64encode(f"\0{tenant.smtp_user.name}\0{tenant.smtp_secret}".encode()) + b"\r\n"


def codes(line: socket.socket, said: bytes) -> list[int]:
    """Say commands one after the other; return the codes of the replies."""
    found = []
    for command in said.splitlines(keepends=True):
        line.sendall(command)
        found.append(int(hear(line)[:3]))
    return found


def hear(line: socket.socket) -> bytes:
    """Return the last line of a reply."""
    heard = b""
    while not heard.endswith(b"\r\n") or heard.splitlines()[-1][3:4] == b"-":
        octets = line.recv(4096)
        assert octets, heard
        heard += octets
    return heard.splitlines()[-1]


@pytest.fixture
def line(door: int) -> Iterator[socket.socket]:
    with socket.create_connection(("localhost", door), timeout=10) as line:
        assert hear(line).startswith(b"220")
        yield line


def test_a_transaction_does_not_go_on_over_tls(line: socket.socket, acme: Tenant, trust: ssl.SSLContext) -> None:
    assert codes(line, b"EHLO a\r\n" + auth(acme) + ENVELOPE) == [250, 235, 250, 250]
    line.sendall(b"STARTTLS\r\n" + MESSAGE)
    assert hear(line) == b"220 Ready to start TLS"
    with trust.wrap_socket(line, server_hostname="localhost") as secure:
        # The first reply is to the first command said over TLS; who says it is a stranger, and has to greet again.
        assert codes(secure, ENVELOPE + b"DATA\r\n" + auth(acme)) == [530, 530, 530, 503]
        assert codes(secure, b"EHLO a\r\n" + auth(acme) + b"RCPT TO:<ben@inbox.example>\r\nDATA\r\n") == [250, 235, 503, 503]
        assert codes(secure, ENVELOPE) == [250, 250]
    assert not Message.objects.exists()


def test_what_is_said_in_the_clear_where_tls_should_begin_is_not_heard(line: socket.socket, acme: Tenant) -> None:
    assert codes(line, b"EHLO a\r\n" + auth(acme) + ENVELOPE + b"STARTTLS\r\n") == [250, 235, 250, 250, 220]
    assert_deaf(line)


def test_what_is_said_in_the_clear_at_a_port_of_tls_is_not_heard(open_door: OpenDoor, acme: Tenant) -> None:
    with open_door(is_tls=True) as port, socket.create_connection(("localhost", port), timeout=10) as line:
        line.sendall(b"EHLO a\r\n" + auth(acme) + ENVELOPE)
        assert_deaf(line)


def assert_deaf(line: socket.socket) -> None:
    """Fail unless the server hangs up without a reply; an alert of TLS is none."""
    heard = b""
    with suppress(ConnectionResetError, BrokenPipeError):
        line.sendall(MESSAGE)
        heard = b"".join(iter(lambda: line.recv(4096), b""))
    assert b"\r\n" not in heard
    assert not Message.objects.exists()
