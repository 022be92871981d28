"""Where secrets may cross a line without TLS: on this machine, and where the installation says so."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final

from gateway.base.environment import Endpoint
from gateway.base.networks import Network

LOOPBACK: Final[tuple[Network, ...]] = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))


def is_loopback(host: str) -> bool:
    """Tell whether a host, as in a setting, can be reached from this machine alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def find_fault(plain: Endpoint | None, allowed: Sequence[Network]) -> str:
    """Return what is wrong with GATEPOST_SMTP_PLAIN and GATEPOST_SMTP_PLAIN_ALLOW, empty when nothing is."""
    if plain is None or is_loopback(plain.host) or allowed:
        return ""
    return f"GATEPOST_SMTP_PLAIN is {plain}, beyond loopback, and GATEPOST_SMTP_PLAIN_ALLOW names nobody who may use it."
