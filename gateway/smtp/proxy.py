"""The header of the PROXY protocol, versions 1 and 2: whom a proxy in front of us speaks for. Octets in, a value out.

As HAProxy's proxy-protocol.txt has it. What the proxy says beyond the client's address (TLVs) is skipped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address
from typing import Final

LONGEST_LINE: Final = 107  # octets of version 1, with its CRLF
LONGEST: Final = 4096  # octets of version 2: its length field would allow 65,551

_SIGNATURE: Final = b"\r\n\r\n\0\r\nQUIT\n"
_FIXED: Final = 16  # octets of version 2 before the addresses
_LINE: Final = re.compile(
    rb"PROXY (?P<family>TCP4|TCP6) (?P<client>[0-9A-Fa-f:.]+) (?P<server>[0-9A-Fa-f:.]+) (?P<ports>[0-9]{1,5} [0-9]{1,5})"
    rb"|PROXY UNKNOWN(?: [^\r\n]*)?"
)
_CLASSES: Final[Mapping[bytes, type[IPv4Address] | type[IPv6Address]]] = {b"TCP4": IPv4Address, b"TCP6": IPv6Address}
# Family and transport -> how many octets its addresses have. Only TCP names a client that we understand.
_SIZES: Final = {0x00: 0, 0x11: 12, 0x12: 12, 0x21: 36, 0x22: 36, 0x31: 216, 0x32: 216}


class NoProxyHeader(Exception):
    """What arrived is no header of the protocol, or one too long; str() says what."""


class ProxyHeader:
    """Reads one header. When it `is_done`, `client` is the IP address that it names, None where it names none.

    None is a connection of the proxy itself (LOCAL, a check of our health) or of an unknown kind (UNKNOWN): the peer counts.
    """

    def __init__(self) -> None:
        self.is_done = False
        self.client: str | None = None
        self._said = b""

    def take(self, octets: bytes) -> int:
        """Return how many of the next octets belong to the header; raise NoProxyHeader once it can be none."""
        before, self._said = len(self._said), self._said + octets
        end = self._read_line() if self._said[:1] == b"P" else self._read_binary()
        self.is_done = end > 0
        if not end:
            return len(octets)
        self._said = self._said[:end]
        return end - before

    def _read_line(self) -> int:
        """Return where a header of version 1 ends, 0 when it is not all here."""
        end = self._said.find(b"\n") + 1
        if (end or len(self._said) + 1) > LONGEST_LINE:
            raise NoProxyHeader(f"A PROXY line of more than {LONGEST_LINE} octets")
        if not end:
            return 0
        found = _LINE.fullmatch(self._said[: end - 2])
        if found is None or self._said[end - 2 : end] != b"\r\n":
            raise NoProxyHeader("A line that is none of PROXY")
        if found["family"]:
            self.client = _read_client(found)
        return end

    def _read_binary(self) -> int:
        """As `_read_line`, for version 2."""
        if not _SIGNATURE.startswith(self._said[:12]):
            raise NoProxyHeader("No PROXY header")
        if len(self._said) < _FIXED:
            return 0
        command, kind, size = self._said[12], self._said[13], int.from_bytes(self._said[14:16])
        is_local = command == 0x20  # whatever family it names
        if command not in {0x20, 0x21} or (kind not in _SIZES and not is_local):
            raise NoProxyHeader(f"A PROXY header with command {command:#x} and address family {kind:#x}")
        if _FIXED + size > LONGEST or (not is_local and size < _SIZES[kind]):
            raise NoProxyHeader(f"A PROXY header that says that it has {size} octets more")
        if len(self._said) < _FIXED + size:
            return 0
        if not is_local and kind == 0x11:
            self.client = str(IPv4Address(self._said[16:20]))
        elif not is_local and kind == 0x21:
            self.client = _write(IPv6Address(self._said[16:32]))
        return _FIXED + size


def _read_client(found: re.Match[bytes]) -> str:
    class_ = _CLASSES[found["family"]]
    try:
        client, _ = (class_(found[name].decode()) for name in ("client", "server"))
    except ValueError as error:
        raise NoProxyHeader(f"A PROXY line with {error}") from None
    if any(int(port) > 65535 for port in found["ports"].split()):
        raise NoProxyHeader("A PROXY line with a port above 65535")
    return _write(client)


def _write(client: IPv4Address | IPv6Address) -> str:
    """Return an address as text; one of IPv4 in the clothes of IPv6 without them."""
    return str((client.ipv4_mapped if isinstance(client, IPv6Address) else None) or client)
