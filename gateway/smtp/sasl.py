"""The exchanges of AUTH PLAIN (RFC 4616) and AUTH LOGIN, as generators: challenges out, responses in, a request at the end."""

from __future__ import annotations

import binascii
from collections.abc import Callable, Generator, Mapping

from gateway.smtp.events import AuthRequested, CommandRefused

Exchange = Generator[str, bytes, AuthRequested]


def exchange_plain() -> Exchange:
    actor, name, secret = _split(_decode((yield "")))
    if actor not in ("", name):
        raise CommandRefused(535, "5.7.8", "One user cannot act as another")
    return AuthRequested(name, secret)


def exchange_login() -> Exchange:
    name = _decode((yield "VXNlcm5hbWU6"))  # Username:
    secret = _decode((yield "UGFzc3dvcmQ6"))  # Password:
    _, name, secret = _split(f"\0{name}\0{secret}")
    return AuthRequested(name, secret)


MECHANISMS: Mapping[bytes, Callable[[], Exchange]] = {b"PLAIN": exchange_plain, b"LOGIN": exchange_login}


def _split(text: str) -> tuple[str, str, str]:
    if text.count("\0") != 2:
        raise CommandRefused(501, "5.5.2", "A name and a secret are required, without NUL in them")
    actor, name, secret = text.split("\0")
    return actor, name, secret


def _decode(response: bytes) -> str:
    if response == b"*":
        raise CommandRefused(501, "5.7.0", "Authentication cancelled")
    encoded = b"" if response == b"=" else response
    try:
        octets = binascii.a2b_base64(encoded, strict_mode=True)
        text = octets.decode()
    except ValueError:  # not base64, or not UTF-8
        raise _malformed() from None
    if len(encoded) != (len(octets) + 2) // 3 * 4:  # Python 3.11 takes any number of = behind whole groups
        raise _malformed()
    return text


def _malformed() -> CommandRefused:
    return CommandRefused(501, "5.5.2", "The response is not base64 of UTF-8")
