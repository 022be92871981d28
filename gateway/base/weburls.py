"""URLs that customers name for us to call: which of them can never be right, told without asking the DNS.

Read strictly and once (RFC 3986, with the host rules of the WHATWG URL standard): what two readers might understand in two
ways is refused instead of guessed. Which address a name stands for is judged where the connection is made, in guarded.py.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Final
from urllib.parse import quote

import idna
from django.conf import settings

from gateway.base.networks import Address, Network, is_public, is_within, unwrap

MAX_URL: Final = 2000  # characters
PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A URL, read. `host` is in lower-case ASCII without a final dot, an IPv6 address without brackets."""

    scheme: str
    host: str
    port: int
    path: str  # with the query, percent-encoded

    @property
    def authority(self) -> str:
        """What the Host field says (RFC 9110 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


class BadURL(ValueError):
    """A URL that is none for us; its text is a sentence that says why."""


def check_url(url: str, allowed: Sequence[Network] | None = None) -> str:
    """Return an empty text, or a sentence that says why `url` can never be called. Asks no DNS.

    `allowed` are the networks that may be reached although they are not public, GATEPOST_WEBHOOK_ALLOW where it is None.
    """
    try:
        target = read_url(url)
    except BadURL as error:
        return str(error)
    return check_target(target, settings.GATEPOST_WEBHOOK_ALLOW if allowed is None else allowed)


def check_target(target: Target, allowed: Sequence[Network]) -> str:
    """Do what `check_url` does, for a URL that was read."""
    address = read_address(target.host)
    if address is not None:
        return check_address(address, target.port, allowed)
    # Where the operator opened networks of the inside, their names and ports are judged by the address, once it is known.
    return "" if allowed else check_name(target.host) or check_port(target.port)


def read_url(url: str) -> Target:
    """Return what a URL says; raise BadURL."""
    if len(url) > MAX_URL:
        raise BadURL(f"The URL is longer than {MAX_URL} characters.")
    if not _is_clean(url):
        raise BadURL("The URL has a space, a line break, a control character or a backslash; percent-encode it.")
    found = _url(url)
    if found is None:
        raise BadURL("The URL must begin with http:// or https:// and a host name.")
    if found["user"] is not None:
        raise BadURL("The URL has a user name or password before its host (user@host); leave it out.")
    if found["fragment"] is not None:
        raise BadURL("The URL has a fragment (#...), which is never sent; leave it out.")
    scheme = found["scheme"].lower()
    port = int(found["port"] or PORTS[scheme])
    if not 0 < port < 65536:
        raise BadURL(f"The URL names port {port}, which does not exist.")
    path = found["path"] if found["path"].startswith("/") else f"/{found['path']}"
    return Target(scheme=scheme, host=read_host(found["host"]), port=port, path=quote(path, safe=_URL_SIGNS))


def read_host(text: str) -> str:
    """Return the host of a URL in lower-case ASCII, without brackets or a final dot; raise BadURL."""
    if text.startswith("["):
        return _read_ipv6(text)
    try:
        host = _to_ascii(text).removesuffix(".")
    except UnicodeError:
        raise BadURL(f"{text} is not a host name.") from None
    if not _host_name(host) or len(host) > 253:
        raise BadURL(f"{text} is not a host name.")
    if _is_numeric(host) and read_address(host) is None:
        raise BadURL(f"{text} is an IP address in an unusual spelling; write it as four decimal numbers (192.0.2.1).")
    return host


def read_address(host: str) -> Address | None:
    """Return the IP address that a host is, in its plain spelling; None for a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def check_name(host: str) -> str:
    """Return an empty text, or a sentence that says why a name is not one of the Internet."""
    if "." not in host or host.rpartition(".")[2] in _INSIDE:
        return f"{host} is not a name of the public Internet; give a full host name such as hooks.example.com."
    return ""


def check_address(address: Address, port: int, allowed: Sequence[Network]) -> str:
    """Return an empty text, or a sentence that says why this port of this address is not called."""
    if is_within(unwrap(address), allowed):
        return ""
    if not is_public(address):
        return f"The address {address} is not on the public Internet, so it is not called."
    return check_port(port)


def check_port(port: int) -> str:
    """Return an empty text, or a sentence that says why this port is not one of the web."""
    if port in PORTS.values() or (port >= 1024 and port not in _OTHER_SERVICES):
        return ""
    return f"Port {port} is not one that web servers use; use 80, 443, or one above 1023 that belongs to no other service."


def _read_ipv6(text: str) -> str:
    try:
        address = IPv6Address(text[1:-1])
    except ValueError:
        raise BadURL(f"{text} is not an IPv6 address.") from None
    if address.scope_id:
        raise BadURL(f"{text} is an address of one link only (%...), which is not called.")
    return address.compressed


def _to_ascii(text: str) -> str:
    """Return a host as the DNS has it (UTS 46, not transitional); raise UnicodeError."""
    if text.isascii():
        return text.lower()
    mapped = idna.uts46_remap(text, std3_rules=False, transitional=False)
    return mapped.lower() if mapped.isascii() else idna.encode(mapped).decode().lower()


def _is_numeric(host: str) -> bool:
    """Tell whether a host "ends in a number": clients take such a one for an IPv4 address (WHATWG URL 3.5)."""
    return _number(host.rpartition(".")[2]) is not None


_is_clean: Final = re.compile(r"[^\x00-\x20\x7f-\xa0\\\s\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]+").fullmatch
_url: Final = re.compile(
    r"(?P<scheme>https?)://(?:(?P<user>[^/?#]*)@)?(?P<host>\[[^\]/?#@]*\]|[^:/?#@\[\]]+)(?::(?P<port>[0-9]{0,5}))?"
    r"(?P<path>(?:[/?][^#]*)?)(?:#(?P<fragment>.*))?",
    re.IGNORECASE,
).fullmatch
# Underscores are no host name's (RFC 952), but real names have them, and the DNS does not mind.
_host_name: Final = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?").fullmatch
_number: Final = re.compile(r"[0-9]+|0x[0-9a-f]*").fullmatch
_URL_SIGNS: Final = "!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~"

_INSIDE: Final = frozenset(
    [
        *("localhost", "local", "internal", "intranet", "localdomain", "lan", "home", "corp", "private", "mail", "domain"),
        *("workgroup", "svc", "onion", "arpa", "alt"),
    ]
)
# Above 1023: databases, caches, queues, consoles and the like, and what browsers block (WHATWG fetch, "bad port").
_OTHER_SERVICES: Final = frozenset(
    [
        *(1080, 1099, 1433, 1434, 1521, 1719, 1720, 1723, 1883, 2049, 2181, 2375, 2376, 2377, 2379, 2380),
        *(2483, 2484, 2525, 3128, 3260, 3306, 3389, 3659, 4045, 4190, 4369, 4444, 5038, 5060, 5061, 5222, 5269, 5432, 5433),
        *(5666, 5671, 5672, 5900, 5901, 5902, 5903, 5984, 5985, 5986, 6379, 6380, 6432, 6566, 6697, 7000, 7001, 7199, 7474),
        *(7687, 8086, 8125, 8500, 8600, 9042, 9092, 9093, 9100, 9160, 9200, 9300, 10050, 10051, 10080, 10250, 10255, 11211),
        *(11214, 11215, 15672, 16379, 25565, 26257, 26379, 27017, 27018, 27019, 28015, 28017, 33060, 50000, 50070, 61616),
        *range(6000, 6064),  # X11
        *range(6665, 6670),  # IRC
    ]
)
