"""Proxies that speak for clients: whom we take a client for, and who may say so."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Generator
from contextlib import contextmanager
from ipaddress import ip_network

import pytest
from pytest_django import Settings

from gateway.listeners.listener import Caps, Patience
from gateway.models import Message
from tests.gateway.listeners.conftest import OpenDoor
from tests.gateway.listeners.test_submission import MAIL
from tests.support.cast import Tenant

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
ADDRESSES = bytes([198, 51, 100, 7, 192, 0, 2, 9, 1, 2, 3, 4])
HEADERS = {
    "v1": b"PROXY TCP4 198.51.100.7 192.0.2.9 56324 25\r\n",
    "v2": SIGNATURE + b"\x21\x11\0\x0c" + ADDRESSES,
    "v2 with TLVs": SIGNATURE + b"\x21\x11\0\x12" + ADDRESSES + b"\x04\0\x03abc",
    "v1 with IPv6": b"PROXY TCP6 2001:db8::7 2001:db8::9 56324 25\r\n",
    "v1 unknown": b"PROXY UNKNOWN\r\n",
    "v2 local": SIGNATURE + b"\x20\0\0\0",
}
CLIENTS = {"v1 with IPv6": "2001:db8::7", "v1 unknown": "127.0.0.1", "v2 local": "127.0.0.1"}
V1 = HEADERS["v1"]


@pytest.fixture(autouse=True)
def _behind_a_proxy(settings: Settings) -> None:
    settings.GATEPOST_SMTP_PROXIES = (ip_network("127.0.0.0/8"),)


@contextmanager
def connect(port: int, header: bytes, *, timeout: float = 10) -> Generator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as line:
        line.sendall(header)
        yield line


def client_on(line: socket.socket) -> smtplib.SMTP:
    client = smtplib.SMTP(timeout=10)
    client.sock, client.file = line, line.makefile("rb")
    assert client.getreply()[0] == 220
    return client


def submit(client: smtplib.SMTP, tenant: Tenant) -> None:
    client.login(tenant.smtp_user.name, tenant.smtp_secret)
    client.sendmail("shop@acme.example", "ben@inbox.example", MAIL)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", HEADERS)
def test_it_works(open_door: OpenDoor, acme: Tenant, kind: str, settings: Settings) -> None:
    settings.GATEPOST_SMTP_PLAIN_ALLOW = (ip_network("0.0.0.0/0"), ip_network("::/0"))
    with open_door(is_plain=True) as port, connect(port, HEADERS[kind]) as line:
        submit(client_on(line), acme)
    assert Message.objects.get().client == CLIENTS.get(kind, "198.51.100.7")


@pytest.mark.django_db(transaction=True)
def test_the_header_comes_before_tls(open_door: OpenDoor, acme: Tenant, trust: ssl.SSLContext) -> None:
    with open_door(is_tls=True) as port:
        with connect(port, V1) as line, trust.wrap_socket(line, server_hostname="localhost") as secure:
            submit(client_on(secure), acme)
        assert Message.objects.get().client == "198.51.100.7"
        assert greeting_in_one_packet(port, trust).startswith(b"220 ")


def greeting_in_one_packet(port: int, trust: ssl.SSLContext) -> bytes:
    """Begin TLS in the packet of the header; return what is said over it."""
    coming, going = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = trust.wrap_bio(coming, going, server_hostname="localhost")
    with connect(port, b"") as line:
        ahead = V1
        for act in (tls.do_handshake, lambda: tls.read(1000)):
            while True:
                try:
                    said = act()
                    break
                except ssl.SSLWantReadError:
                    line.sendall(ahead + going.read())
                    ahead = b""
                    coming.write(line.recv(65536))
        return said or b""


@pytest.mark.django_db(transaction=True)
def test_tls_may_be_asked_for_behind_it(open_door: OpenDoor, acme: Tenant, trust: ssl.SSLContext) -> None:
    with open_door() as port, connect(port, V1) as line:
        client = client_on(line)
        client._host = "localhost"
        client.starttls(context=trust)
        assert client.sock is not None
        with client.sock:
            submit(client, acme)
    assert Message.objects.get().client == "198.51.100.7"


def test_commands_may_come_with_it(open_door: OpenDoor) -> None:
    with open_door() as port, connect(port, V1 + b"NOOP\r\nQUIT\r\n") as line:
        said = b"".join(iter(lambda: line.recv(1000), b""))
    assert [reply[:3] for reply in said.splitlines()] == [b"220", b"250", b"221"]


NO_HEADERS = [b"EHLO a\r\n", b"\x16\x03\x01\x02\0\x01\0\x01\xfc", b"PROXY TCP4 nobody\r\n", V1[:-2] + b"\n"]


@pytest.mark.parametrize("said", [*NO_HEADERS, SIGNATURE + b"\x21\x11\xff\xff"])
@pytest.mark.parametrize("is_tls", [False, True])
def test_a_proxy_that_names_nobody_is_refused(open_door: OpenDoor, said: bytes, is_tls: bool) -> None:
    with open_door(is_tls=is_tls) as port, connect(port, said) as line:
        assert hear(line) == b""


def hear(line: socket.socket) -> bytes:
    try:
        return b"".join(iter(lambda: line.recv(1000), b""))
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize("said", [b"", b"PROXY TCP4", SIGNATURE, SIGNATURE + b"\x21\x11\0\x0c\0"])
def test_a_proxy_that_says_too_little_is_cut_off(open_door: OpenDoor, said: bytes) -> None:
    with open_door(patience=Patience(header=0.05)) as port, connect(port, said) as line:
        assert hear(line) == b""


def test_a_proxy_that_hangs_up_leaves_nothing(open_door: OpenDoor) -> None:
    with open_door(caps=Caps(total=1)) as port:
        for _ in range(5):
            with connect(port, V1[:10]) as line:
                line.shutdown(socket.SHUT_WR)
                assert hear(line) == b""
        with connect(port, V1) as line:
            assert client_on(line).noop()[0] == 250


def test_so_many_may_be_without_a_header(open_door: OpenDoor) -> None:
    with open_door(caps=Caps(total=1)) as port, connect(port, b"PROXY"), connect(port, V1) as line:
        assert hear(line) == b""


def test_a_stop_does_not_wait_for_a_header(open_door: OpenDoor) -> None:
    with socket.socket() as line:
        with open_door() as port:
            line.settimeout(10)
            line.connect(("127.0.0.1", port))
            line.sendall(b"PROXY")
        assert hear(line) == b""


def test_clients_are_counted_by_their_own_address(open_door: OpenDoor) -> None:
    other = V1.replace(b"198.51.100.7", b"198.51.100.8")
    with open_door(caps=Caps(per_client=1)) as port, connect(port, V1) as line:
        client_on(line)
        with connect(port, other) as second:
            client_on(second)
        with connect(port, V1) as third:
            assert hear(third).startswith(b"421 4.7.0")


def test_nobody_else_may_speak_for_a_client(open_door: OpenDoor, settings: Settings) -> None:
    settings.GATEPOST_SMTP_PROXIES = (ip_network("10.0.0.0/8"),)
    with open_door() as port:
        with connect(port, V1 + b"QUIT\r\n") as line:
            assert [reply[:3] for reply in hear(line).splitlines()] == [b"220", b"500", b"221"]
        with connect(port, b"QUIT\r\n") as line:
            assert [reply[:3] for reply in hear(line).splitlines()] == [b"220", b"221"]


def test_without_proxies_there_is_no_header(open_door: OpenDoor, settings: Settings) -> None:
    settings.GATEPOST_SMTP_PROXIES = ()
    with open_door() as port, connect(port, V1 + b"QUIT\r\n") as line:
        assert [reply[:3] for reply in hear(line).splitlines()] == [b"220", b"500", b"221"]


# Without TLS -----------------------------------------------------------------------------------------------------------
def offers(port: int, client: str = "") -> bytes:
    header = f"PROXY TCP4 {client} 192.0.2.9 1 25\r\n".encode() if client else b"PROXY UNKNOWN\r\n"
    with connect(port, header + b"EHLO a\r\nQUIT\r\n") as line:
        return hear(line)


def test_who_is_named_needs_no_tls(open_door: OpenDoor, settings: Settings) -> None:
    settings.EMBEDDED = False
    settings.GATEPOST_SMTP_PLAIN_ALLOW = (ip_network("198.51.100.0/24"),)
    with open_door(host="0.0.0.0", is_plain=True) as port:
        assert b"AUTH LOGIN PLAIN" in offers(port, "198.51.100.7")
        assert b"AUTH LOGIN PLAIN" in offers(port)  # this machine's own
        assert b"AUTH" not in offers(port, "203.0.113.7")
        assert b"STARTTLS" in offers(port, "203.0.113.7")


def test_a_laptops_own_programs_need_no_tls_and_nobody_whom_a_proxy_speaks_for(open_door: OpenDoor) -> None:
    with open_door() as port:
        assert b"AUTH" not in offers(port, "203.0.113.7")
        assert b"AUTH LOGIN PLAIN" in offers(port, "127.0.0.1")
        with connect(port, V1 + b"EHLO a\r\nAUTH PLAIN AGEAYg==\r\nQUIT\r\n") as line:
            assert b"\r\n530 5.7.0 " in hear(line)
