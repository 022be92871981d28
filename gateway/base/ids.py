"""Random names and ids."""

from __future__ import annotations

import os
import secrets
import time
import uuid
from datetime import datetime

from django.conf import settings

_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # no l, o, 0, 1: people read these aloud


def make_name(length: int) -> str:
    """Return a random name of `length` letters and digits that cannot be mistaken for each other; 5 bits each."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def make_owner_id() -> str:
    """Return what names an account in SendClean's API."""
    return make_name(16)


def make_public_id(at: datetime | None = None) -> uuid.UUID:
    """Return a UUIDv7 (RFC 9562 5.7) of `at` or now: milliseconds first, so that new rows stand together in an index."""
    value = int.from_bytes(os.urandom(10), "big")
    milliseconds = time.time_ns() // 1_000_000 if at is None else milliseconds_of(at)
    high = (milliseconds & 0xFFFF_FFFF_FFFF) << 16 | 0x7000 | (value >> 64) & 0x0FFF
    low = (0b10 << 62) | value & 0x3FFF_FFFF_FFFF_FFFF
    return uuid.UUID(int=high << 64 | low)


def milliseconds_of(at: datetime | uuid.UUID) -> int:
    """Return a time, or the time in a public id, in milliseconds since 1970."""
    return at.int >> 80 if isinstance(at, uuid.UUID) else int(at.timestamp() * 1000)


def make_inbound_id(message_id: int, milliseconds: int) -> str:
    """Return the vendors' messageId of a message accepted at that time; its numbers are the primary key in base 65536.

    `<ms>_<n>_<n>_<n>.<host>-inbound`, seeds/002.
    """
    high, middle, low = message_id >> 32, message_id >> 16 & 0xFFFF, message_id & 0xFFFF
    return f"{milliseconds}_{high}_{middle}_{low}.{settings.GATEPOST_HOSTNAME}-inbound"
