"""The header of the PROXY protocol under any octets, however they are cut, against a model that has all of them at once.

A case: a digit that is not used, a seed, and the octets.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Final

from gateway.smtp.proxy import NoProxyHeader, ProxyHeader
from tests.gateway.smtp.fuzz.case import Cut, read_case

SIGNATURE: Final = b"\r\n\r\n\0\r\nQUIT\n"
# What is worth saying, for whoever makes up cases.
WORDS: Final = (
    b"PROXY ", b"PROXY TCP4 192.0.2.1 192.0.2.9 1 25\r\n", b"PROXY TCP6 ::1 2001:db8::9 1 25\r\n", b"PROXY UNKNOWN\r\n",
    SIGNATURE, SIGNATURE + b"\x20\0\0\0", SIGNATURE + b"\x21\x11\0\x0c" + b"\xc0\0\2\1" * 3,
    SIGNATURE + b"\x21\x21\0\x24" + b"\x20\1\x0d\xb8" * 9, b"\x21", b"\x11", b"\0", b"\xff\xff", b"TCP4 ", b"TCP6 ",
    b"::ffff:192.0.2.1 ",    b"\r\n", b"\n", b" ", b"0", b"65536", b"EHLO a\r\n", b"x" * 90,
)  # fmt: skip
_ADDRESSES: Final = {0x00: 0, 0x11: 4, 0x12: 4, 0x21: 16, 0x22: 16, 0x31: 108, 0x32: 108}  # octets of one

Found = tuple[str | None, int] | str  # the client and where the header ends; or that there is none, or not all of it


def run(octets: bytes) -> None:
    """Run one case; raise AssertionError where a promise is broken."""
    case = read_case(octets)
    expected = _judge(case.wire)
    for name, cut in case.cuts().items():
        assert _read(case.wire, cut) == expected, name


def _read(wire: bytes, cut: Cut) -> Found:
    header, place, here = ProxyHeader(), 0, 0
    for piece in cut(wire):
        here += len(piece)
        while place < here and not header.is_done:
            try:
                taken = header.take(wire[place:here])
            except NoProxyHeader:
                return "none"
            assert 0 <= taken <= here - place
            place += taken
    return (header.client, place) if header.is_done else "more"


def _judge(wire: bytes) -> Found:
    if not wire:
        return "more"
    return _judge_line(wire) if wire.startswith(b"P") else _judge_binary(wire)


def _judge_line(wire: bytes) -> Found:
    line, end, _ = wire.partition(b"\n")
    if len(line + end) > (107 if end else 106):
        return "none"
    if not end:
        return "more"
    if not line.endswith(b"\r"):
        return "none"
    words = line[:-1].split(b" ")
    if words[:2] == [b"PROXY", b"UNKNOWN"] and b"\r" not in line[:-1]:
        return None, len(line) + 1
    client = _client_of(words)
    return (client, len(line) + 1) if client else "none"


def _client_of(words: list[bytes]) -> str:
    if len(words) != 6 or words[0] != b"PROXY" or b"%" in words[2] + words[3]:
        return ""
    try:
        client, server = (ip_address(word.decode("ascii")) for word in words[2:4])
    except ValueError:
        return ""
    is_family = all(f"TCP{each.version}".encode() == words[1] for each in (client, server))
    are_ports = all(re.fullmatch(rb"[0-9]{1,5}", port) and int(port) <= 65535 for port in words[4:])
    return _text_of(client.packed) if is_family and are_ports else ""


def _judge_binary(wire: bytes) -> Found:
    if wire[:12] != SIGNATURE[: len(wire)]:
        return "none"
    if len(wire) < 16:
        return "more"
    is_local, size = wire[12] == 0x20, wire[14] * 256 + wire[15]
    if wire[12] not in {0x20, 0x21} or wire[13] not in _ADDRESSES or size > 4080:
        return "none"
    width = _ADDRESSES[wire[13]]
    ports = 4 if width in {4, 16} else 0
    if not is_local and size < 2 * width + ports:
        return "none"
    if len(wire) < 16 + size:
        return "more"
    is_tcp = wire[13] in {0x11, 0x21} and not is_local
    return _text_of(wire[16 : 16 + width]) if is_tcp else None, 16 + size


def _text_of(packed: bytes) -> str:
    if packed.startswith(b"\0" * 10 + b"\xff\xff"):
        packed = packed[12:]
    return str(ip_address(packed))
