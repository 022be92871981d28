"""Sealing of secrets that must be read back: AES-256-GCM, bound to the place where the secret is kept.

A sealed value is `key id (4) | nonce (12) | ciphertext and tag`. The key comes from one of GATEPOST_SECRET_KEYS by HKDF; the
first of them seals, all of them open, so that keys are changed without down time. The place (tenant, table, row) is the
associated data: a value copied to another row does not open.
"""

from __future__ import annotations

import hashlib
import os
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_ID, _NONCE = 4, 12


class CannotOpen(Exception):
    """The value was sealed elsewhere, with a key that is not in GATEPOST_SECRET_KEYS, or was changed."""


def seal(secret: bytes, place: str) -> bytes:
    """Return `secret` sealed for `place`, such as `account:7/dkim:example.com/gp1`."""
    key = settings.GATEPOST_SECRET_KEYS[0]
    nonce = os.urandom(_NONCE)
    return _id_of(key) + nonce + _cipher(key).encrypt(nonce, secret, place.encode())


def unseal(sealed: bytes, place: str) -> bytes:
    """Return the secret sealed for `place`; raise CannotOpen when it does not open there."""
    key_id, nonce, text = sealed[:_ID], sealed[_ID : _ID + _NONCE], sealed[_ID + _NONCE :]
    for key in settings.GATEPOST_SECRET_KEYS:
        if _id_of(key) == key_id:
            try:
                return _cipher(key).decrypt(nonce, text, place.encode())
            except InvalidTag:
                break
    raise CannotOpen(f"The secret of {place} does not open; was GATEPOST_SECRET_KEYS changed?")


def _id_of(key: str) -> bytes:
    return hashlib.sha256(b"gatepost key id\0" + key.encode()).digest()[:_ID]


@cache
def _cipher(key: str) -> AESGCM:
    return AESGCM(HKDF(SHA256(), length=32, salt=None, info=b"gatepost sealing").derive(key.encode()))
