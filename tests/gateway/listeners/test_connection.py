"""What holds for every client of a listener, logged in or not; no database here."""

from __future__ import annotations

import base64
import smtplib
import socket
import ssl
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from itertools import chain, repeat
from pathlib import Path

import pytest
from django.db import OperationalError
from pytest_django import Settings

from domains.credentials import Credential
from gateway.base.environment import Endpoint
from gateway.base.errors import BadCredentials
from gateway.listeners import guard, submission
from gateway.listeners.listener import Caps, Patience
from gateway.listeners.submission import Doors
from gateway.listeners.tls import make_context
from gateway.listeners.translate import Login
from tests.gateway.listeners.conftest import OpenDoor
from tests.support.installation import wait_for
from tests.support.sink import running


def test_strangers_relay_nothing(door: int) -> None:
    with smtplib.SMTP("127.0.0.1", door, timeout=10) as client:
        client.ehlo()
        assert client.mail("a@b.example")[0] == 530
        assert client.rcpt("ben@inbox.example")[0] == 530
        assert client.docmd("DATA")[0] == 530


def test_without_tls_there_is_no_auth_but_on_loopback(open_door: OpenDoor) -> None:
    with open_door(host="0.0.0.0") as port, smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        client.ehlo()
        assert not client.has_extn("auth")
        assert client.docmd("AUTH PLAIN AAAA")[0] == 530


def test_production_wants_tls_on_loopback_too(open_door: OpenDoor, settings: Settings) -> None:
    settings.EMBEDDED = False
    with open_door() as port, smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        client.ehlo()
        assert not client.has_extn("auth")


def test_guessing_is_refused_unseen_in_the_end(door: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str, secret: str) -> None:
        raise BadCredentials

    monkeypatch.setattr(submission, "log_in", refuse)
    monkeypatch.setattr(guard, "FREE", 100)
    monkeypatch.setattr(guard, "BLOCKED_AT", 2)
    assert [guess(door, "user") for _ in range(4)] == [535, 535, 421, 421]


def guess(port: int, name: str) -> int:
    wrong = base64.b64encode(f"\0{name}\0wrong".encode()).decode()
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        client.ehlo()
        code, _ = client.docmd("AUTH PLAIN", wrong)
        client.close()
    return code


def test_what_is_said_behind_starttls_is_forgotten(door: int, trust: ssl.SSLContext) -> None:
    with socket.create_connection(("localhost", door), timeout=10) as plain:
        reader = plain.makefile("rb")
        assert reader.readline().startswith(b"220")
        plain.sendall(b"EHLO a\r\n")
        while reader.readline()[3:4] == b"-":
            pass
        plain.sendall(b"STARTTLS\r\nEHLO injected\r\nNOOP\r\n")
        assert plain.recv(100) == b"220 Ready to start TLS\r\n"
        with trust.wrap_socket(plain, server_hostname="localhost") as secure:
            secure.sendall(b"MAIL FROM:<a@b.example>\r\n")
            assert secure.recv(100).startswith(b"530")


def test_a_login_that_cannot_be_checked_may_be_tried_again(door: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str, secret: str) -> None:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(submission, "authenticate_smtp_user", fail)
    with smtplib.SMTP("127.0.0.1", door, timeout=10) as client, pytest.raises(smtplib.SMTPAuthenticationError) as refused:
        client.login("user", "secret")
    assert refused.value.smtp_code == 454


def is_greeted(port: int) -> bool:
    """Tell whether a server takes us: the end of our last connection it may not have seen yet."""
    try:
        smtplib.SMTP("127.0.0.1", port, timeout=10).close()
    except smtplib.SMTPConnectError:
        return False
    return True


def test_one_client_has_so_many_connections(open_door: OpenDoor) -> None:
    with open_door(caps=Caps(per_client=1)) as port:
        with smtplib.SMTP("127.0.0.1", port, timeout=10), pytest.raises(smtplib.SMTPConnectError) as refused:
            smtplib.SMTP("127.0.0.1", port, timeout=10)
        assert refused.value.smtp_code == 421
        wait_for(partial(is_greeted, port), lambda: "The room of who hung up is not given back.")


def test_there_are_so_many_connections_in_all(open_door: OpenDoor) -> None:
    with (
        open_door(caps=Caps(total=1)) as port,
        smtplib.SMTP("127.0.0.1", port, timeout=10),
        pytest.raises(smtplib.SMTPConnectError),
    ):
        smtplib.SMTP("127.0.0.1", port, timeout=10)


def test_another_door_of_the_same_service_has_no_room_of_its_own(certificate: Path) -> None:
    doors, anywhere = Doors(make_context(certificate), caps=Caps(per_client=1)), Endpoint("127.0.0.1", 0)
    with running(doors.open(anywhere)) as one, running(doors.open_plain(anywhere)) as other:
        with smtplib.SMTP("127.0.0.1", one, timeout=10), pytest.raises(smtplib.SMTPConnectError) as refused:
            smtplib.SMTP("127.0.0.1", other, timeout=10)
        assert refused.value.smtp_code == 421
        wait_for(partial(is_greeted, other), lambda: "The room of who hung up is not given back.")


SHORT = [
    Patience(idle=0.05, sweep=0.01),
    Patience(stranger=0.05, sweep=0.01),
    Patience(session=0.05, sweep=0.01),
]


@pytest.mark.parametrize("patience", SHORT)
def test_who_says_nothing_is_cut_off(open_door: OpenDoor, patience: Patience) -> None:
    with open_door(patience=patience) as port, socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        said = b"".join(iter(lambda: client.recv(1000), b""))
    assert said.splitlines()[-1].startswith(b"421 4.4.2")


def drip(client: socket.socket, octets: Iterable[bytes]) -> bytes:
    """Send octets one after the other until the server hangs up; return what it said."""
    said = b""
    for octet in octets:
        try:
            client.sendall(octet)
            heard = client.recv(1000)
        except TimeoutError:
            continue
        except ConnectionError:
            break
        said += heard
        if not heard:
            break
    return said


@pytest.fixture
def anybody(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """What logs in, whoever it is."""
    credential = Credential(account_id=1, owner_id="acme", account_status="active", requests_per_minute=None)
    monkeypatch.setattr(submission, "log_in", lambda _name, _secret: Login(credential=credential))
    return b"EHLO a\r\nAUTH PLAIN AGEAYg==\r\n"


# Each moves on all the time, so that it is never idle.
@pytest.mark.parametrize(
    ("begin", "step", "words"),
    [
        (b"MAIL FROM:<a@b.example>\r\n", b"NOOP\r\n", b"waiting for the end of the message"),
        (b"MAIL FROM:<a@b.example>\r\n", b"RCPT TO:<a@b.example>\r\n", b"waiting for the end of the message"),
        (b"MAIL FROM:<a@b.example>\r\nRCPT TO:<a@b.example>\r\nDATA\r\n", b"x", b"waiting for the end of the message"),
        (b"MAIL FROM:<a@b.example>\r\nRCPT TO:<a@b.example>\r\nBDAT 9999\r\n", b"x", b"waiting for the end of the message"),
        (b"MAIL FROM:<a@b.example>\r\nRCPT TO:<a@b.example>\r\n", b"BDAT 1\r\nx", b"waiting for the end of the message"),
        (b"", b"NOOP\r\n", b"session lasted long enough"),
        (b"", b"MAIL FROM:<a@b.example>\r\nRSET\r\n", b"session lasted long enough"),
    ],
)
def test_a_message_and_a_session_have_an_end(
    open_door: OpenDoor, anybody: bytes, begin: bytes, step: bytes, words: bytes
) -> None:
    patience = Patience(message=0.2, session=0.3, sweep=0.01)
    with open_door(patience=patience) as port, socket.create_connection(("127.0.0.1", port), timeout=0.02) as client:
        said = drip(client, chain([anybody + begin], repeat(step, 200_000)))
    assert b"235" in said
    assert said.splitlines()[-1].startswith(b"421 4.4.2")
    assert words in said.splitlines()[-1]


def test_who_does_not_read_our_last_words_is_cut_off(open_door: OpenDoor) -> None:
    """A client that says much and reads nothing would else be there for ever: its replies fill the line."""
    patience = Patience(idle=0.2, linger=0.1, sweep=0.01)
    with open_door(patience=patience, caps=Caps(per_client=1)) as port:
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.settimeout(0.5)
            deaf.connect(("127.0.0.1", port))
            with suppress(OSError):  # sooner or later it does not read either
                for _ in range(200):
                    deaf.sendall(b"HELP\r\n" * 10_000)
            deaf.settimeout(None)
            with suppress(OSError):
                while True:  # as long as it is heard, or would be
                    deaf.sendall(b"HELP\r\n")
        wait_for(partial(is_greeted, port), lambda: "The room of who was cut off is not given back.")


def test_who_drips_is_cut_off(open_door: OpenDoor) -> None:
    patience = Patience(idle=0.2, sweep=0.01, rate=1_000_000)
    with open_door(patience=patience) as port, socket.create_connection(("127.0.0.1", port), timeout=0.02) as client:
        said = drip(client, [b"N"] * 500)
    assert b"421 4.4.2" in said
