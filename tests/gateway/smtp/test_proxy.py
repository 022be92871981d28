"""The header of the PROXY protocol, versions 1 and 2, in any pieces."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.smtp.proxy import LONGEST, LONGEST_LINE, NoProxyHeader, ProxyHeader

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def binary(command: int = 0x21, kind: int = 0x11, body: bytes = b"", *, more: bytes = b"") -> bytes:
    return SIGNATURE + bytes([command, kind]) + len(body + more).to_bytes(2) + body + more


TCP4 = IPv4Address("192.0.2.1").packed + IPv4Address("192.0.2.9").packed + bytes([1, 2, 3, 4])
TCP6 = IPv6Address("2001:db8::1").packed + IPv6Address("2001:db8::9").packed + bytes([1, 2, 3, 4])
TLVS = b"\x04\x00\x03abc" + b"\x20\x00\x05\1\0\0\0\0"  # NOOP, and SSL


def read(octets: bytes, cuts: list[int] | None = None) -> tuple[str | None, bytes]:
    """Return the client and what is behind the header; feed what arrives as a socket's peek would show it."""
    header, place = ProxyHeader(), 0
    for end in [*sorted(cuts or []), len(octets)]:
        while place < end and not header.is_done:
            place += header.take(octets[place:end])
    assert header.is_done
    return header.client, octets[place:]


CLIENTS = [
    (b"PROXY TCP4 192.0.2.1 192.0.2.9 56324 25\r\n", "192.0.2.1"),
    (b"PROXY TCP4 255.255.255.255 0.0.0.0 65535 0\r\n", "255.255.255.255"),
    (b"PROXY TCP6 2001:DB8:0::1 ::1 1 25\r\n", "2001:db8::1"),
    (b"PROXY TCP6 ::ffff:192.0.2.1 ::1 1 25\r\n", "192.0.2.1"),
    (b"PROXY UNKNOWN\r\n", None),
    (b"PROXY UNKNOWN ffff:f...f ffff 65535 65535\r\n", None),
    (binary(body=TCP4), "192.0.2.1"),
    (binary(body=TCP4, more=TLVS), "192.0.2.1"),
    (binary(kind=0x21, body=TCP6), "2001:db8::1"),
    (binary(kind=0x21, body=TCP6, more=b"x" * (LONGEST - 16 - 36)), "2001:db8::1"),
    (binary(0x20, 0x00), None),
    (binary(0x20, 0x11, TCP4), None),
    (binary(0x20, 0x00, more=TLVS), None),
    (binary(0x20, 0x99, b"ours to skip"), None),  # of a LOCAL one the family is ignored
    (binary(0x21, 0x00), None),
    (binary(0x21, 0x12, TCP4), None),
    (binary(0x21, 0x31, b"\0" * 216), None),
]


@pytest.mark.parametrize(("said", "client"), CLIENTS)
def test_it_works(said: bytes, client: str | None) -> None:
    assert read(said + b"EHLO a\r\n") == (client, b"EHLO a\r\n")


@given(st.sampled_from(CLIENTS), st.lists(st.integers(0, 60), max_size=20))
def test_how_the_octets_are_cut_does_not_matter(case: tuple[bytes, str | None], cuts: list[int]) -> None:
    assert read(case[0] + b"\x16\x03\x01", cuts) == (case[1], b"\x16\x03\x01")
    assert read(case[0] + b"\x16\x03\x01", list(range(len(case[0]) + 3))) == (case[1], b"\x16\x03\x01")


@given(st.ip_addresses(), st.binary(max_size=50), st.booleans(), st.integers(0, 65535))
def test_every_client_is_named(address: IPv4Address | IPv6Address, more: bytes, is_binary: bool, port: int) -> None:
    if is_binary:
        body = 2 * address.packed + 2 * port.to_bytes(2)
        said = binary(kind=0x11 if address.version == 4 else 0x21, body=body, more=more)
    else:
        said = f"PROXY TCP{address.version} {address} {address} {port} {port}\r\n".encode()
    client = address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
    assert read(said + more) == (str(client), more)


NO_HEADERS = [
    b"EHLO a\r\n",
    b"\x16\x03\x01\x02\x00",  # TLS
    b"GET / HTTP/1.1\r\n",
    b"PROXY\r\n",
    b"PROXY \r\n",
    b"PROXY TCP4\r\n",
    b"PROXY TCP4 192.0.2.1 192.0.2.9 1 25\n",
    b"PROXY TCP4 192.0.2.1 192.0.2.9 1 25\r\r\n",
    b"PROXY TCP4 192.0.2.1  192.0.2.9 1 25\r\n",
    b"PROXY TCP4 192.0.2.1 192.0.2.9 1 25 \r\n",
    b"PROXY TCP4 192.0.2.1 192.0.2.9 1\r\n",
    b"PROXY TCP4 192.0.2.1 192.0.2.9 1 65536\r\n",
    b"PROXY TCP4 192.0.2.1 192.0.2.9 -1 25\r\n",
    b"PROXY TCP4 192.0.2.01 192.0.2.9 1 25\r\n",
    b"PROXY TCP4 192.0.2.1 192.0.2.256 1 25\r\n",
    b"PROXY TCP4 ::1 ::1 1 25\r\n",
    b"PROXY TCP6 192.0.2.1 192.0.2.9 1 25\r\n",
    b"PROXY TCP6 fe80::1%eth0 ::1 1 25\r\n",
    b"PROXY TCP5 192.0.2.1 192.0.2.9 1 25\r\n",
    b"proxy TCP4 192.0.2.1 192.0.2.9 1 25\r\n",
    b"PROXY UNKNOWNX\r\n",
    b"PROXY UNKNOWN " + b"x" * LONGEST_LINE,
    b"PROXY UNKNOWN " + b"x" * (LONGEST_LINE - 15) + b"\r\n",
    binary(0x11, 0x11, TCP4),
    binary(0x22, 0x11, TCP4),
    binary(0x21, 0x13, TCP4),
    binary(0x21, 0x41, TCP4),
    binary(0x21, 0x11, TCP4[:-1]),
    binary(0x21, 0x21, TCP4),
    binary(0x21, 0x31, TCP4),
    binary(0x21, 0x11, TCP4, more=b"x" * (LONGEST - 27)),
    SIGNATURE[:-1] + b"\r",
]


@pytest.mark.parametrize("said", NO_HEADERS)
def test_anything_else_is_refused(said: bytes) -> None:
    with pytest.raises(NoProxyHeader):
        read(said)


def test_the_longest_line() -> None:
    assert read(b"PROXY UNKNOWN " + b"x" * (LONGEST_LINE - 16) + b"\r\n")[0] is None


@given(st.one_of(st.binary(max_size=200), st.sampled_from(NO_HEADERS)), st.lists(st.integers(0, 200), max_size=5))
def test_no_more_is_kept_than_a_header_may_have(said: bytes, cuts: list[int]) -> None:
    header, place = ProxyHeader(), 0
    octets = said + b"x" * 2 * LONGEST
    try:
        for end in [*sorted(cuts), len(octets)]:
            while place < end and not header.is_done:
                taken = header.take(octets[place:end])
                assert 0 <= taken <= end - place
                place += taken
    except NoProxyHeader:
        return
    assert header.is_done
    assert place <= LONGEST
