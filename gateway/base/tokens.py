"""Secrets that customers hold, and signatures of numbers and texts that the world hands back to us."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from functools import cache

from django.conf import settings

_MAC = 10  # bytes: 80 bits, guessed through our own doors only


def make_secret() -> str:
    """Return a random secret of 192 bits, in letters, digits, `-` and `_`, that never begins with `-`."""
    return "g" + secrets.token_urlsafe(24)


def hash_secret(secret: str) -> bytes:
    """Return what is kept of a secret. It has 192 random bits, so a plain SHA-256 is enough."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def is_secret(secret: str, secret_hash: bytes) -> bool:
    """Tell whether `secret` is the one whose hash was kept, in the same time either way."""
    return hmac.compare_digest(hash_secret(secret), secret_hash)


def sign_number(purpose: str, number: int) -> str:
    """Return `number` as a token of lower-case letters and digits that only we can make for `purpose`."""
    body = number.to_bytes((number.bit_length() + 7) // 8 or 1, "big")
    return base64.b32encode(_mac(purpose, body) + body).decode().rstrip("=").lower()


def read_number(purpose: str, token: str) -> int | None:
    """Return the number in a token of sign_number, None when it is not one of ours. Case does not matter."""
    try:
        raw = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
    except (ValueError, UnicodeEncodeError):
        return None
    mac, body = raw[:_MAC], raw[_MAC:]
    if not body or len(body) > 8 or not hmac.compare_digest(mac, _mac(purpose, body)):
        return None
    number = int.from_bytes(body, "big")
    # The last letter has bits that stand for nothing: a token has one spelling all the same.
    return number if sign_number(purpose, number) == token.lower() else None


def sign_text(purpose: str, text: str) -> str:
    """Return 16 lower-case letters and digits that only we can make for `text` and `purpose`. The text is not in them."""
    return base64.b32encode(_mac(purpose, text.encode())).decode().lower()


def _mac(purpose: str, body: bytes) -> bytes:
    return hmac.digest(_key(purpose), body, "sha256")[:_MAC]


@cache
def _key(purpose: str) -> bytes:
    return hmac.digest(settings.SECRET_KEY.encode(), b"gatepost token " + purpose.encode(), "sha256")
