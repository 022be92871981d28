"""Random names and ids."""

from __future__ import annotations

import os
import secrets
import time
import uuid

_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # no l, o, 0, 1: people read these aloud


def make_name(length: int) -> str:
    """Return a random name of `length` letters and digits that cannot be mistaken for each other; 5 bits each."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def make_owner_id() -> str:
    """Return what names an account in SendClean's API."""
    return make_name(16)


def make_public_id() -> uuid.UUID:
    """Return a UUIDv7 (RFC 9562 5.7): milliseconds first, so that new rows stand together in an index."""
    value = int.from_bytes(os.urandom(10), "big")
    milliseconds = time.time_ns() // 1_000_000
    high = (milliseconds & 0xFFFF_FFFF_FFFF) << 16 | 0x7000 | (value >> 64) & 0x0FFF
    low = (0b10 << 62) | value & 0x3FFF_FFFF_FFFF_FFFF
    return uuid.UUID(int=high << 64 | low)
