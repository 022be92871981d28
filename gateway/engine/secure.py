"""Opportunistic TLS (RFC 7435): without DANE or MTA-STS any TLS is better than none, so no certificate is checked."""

from __future__ import annotations

import asyncio
import ssl
from functools import cache
from ipaddress import ip_address


async def start_tls(
    transport: asyncio.Transport, protocol: asyncio.Protocol, name: str, seconds: float
) -> asyncio.Transport | None:
    """Shake hands with the server called `name` over a paused transport; return the secured one, None where that fails."""
    loop = asyncio.get_running_loop()
    try:
        return await loop.start_tls(
            transport, protocol, _any_certificate(), server_hostname=_server_name(name), ssl_handshake_timeout=seconds
        )
    except (OSError, RuntimeError):  # a failed handshake; RuntimeError: the transport was closed meanwhile
        return None


def describe(transport: asyncio.BaseTransport) -> str:
    """Return the protocol and cipher of a secured transport."""
    secure: ssl.SSLObject = transport.get_extra_info("ssl_object")
    cipher = secure.cipher()
    return f"{secure.version()} {cipher[0] if cipher else ''}".strip()


@cache
def _any_certificate() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("DEFAULT:@SECLEVEL=1")  # old keys are better than none
    return context


def _server_name(name: str) -> str | None:
    """Return what to ask for by SNI: a name, but no address (RFC 6066 3)."""
    try:
        ip_address(name)
    except ValueError:
        return name
    return None
