"""The links that tell us of a reader: pixels, tracked links, the way out. Each carries a token that only we can make.

A token is base64url of `MAC (16) | account | recipient | page | target`: numbers as varints, the target as it stands in UTF-8.
The MAC is over the purpose and the host too, so that a token works for what it was made for, under the host it was made for,
and nowhere else. Nothing is looked up to read one: the endpoint answers while the database does not.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings

MAC: Final = 16  # octets: 128 bits
LONGEST_TARGET: Final = 5000  # octets of a URL; longer links are left as they are: many a proxy takes 8 KB of a request line
_LONGEST_TOKEN: Final = 12_000  # characters
_LONGEST_NUMBER: Final = 10  # octets of a varint


class Purpose(StrEnum):
    """What a link is for; also its place in the path, `/t/<purpose>/<token>`."""

    OPEN = "o"
    CLICK = "c"
    UNSUBSCRIBE = "u"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What a token says. `target` is a click's URL, byte for byte; `page_id` an unsubscribe page, 0: the usual one."""

    account_id: int
    recipient_id: int
    page_id: int = 0
    target: str = ""


def make_url(base: str, purpose: Purpose, link: Link) -> str:
    """Return the URL of a link under `base`, such as `https://track.example.com`."""
    body = b"".join([*map(_write_number, (link.account_id, link.recipient_id, link.page_id)), link.target.encode()])
    token = base64.urlsafe_b64encode(_mac(purpose, _host_of(base), body) + body).rstrip(b"=").decode()
    return f"{base}/t/{purpose}/{token}"


def read_token(token: str, purpose: Purpose, host: str) -> Link | None:
    """Return what a token of ours says; None where it was not made for this purpose and host (`name` or `name:port`)."""
    if len(token) > _LONGEST_TOKEN or not token.isascii():
        return None
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        return None
    mac, body = raw[:MAC], raw[MAC:]
    if not hmac.compare_digest(mac, _mac(purpose, normalize_host(host), body)) or _spell(raw) != token:
        return None
    rest = iter(body)
    account_id, recipient_id, page_id = (_read_number(rest) for _ in range(3))
    return Link(account_id=account_id, recipient_id=recipient_id, page_id=page_id, target=bytes(rest).decode())


def normalize_host(host: str) -> str:
    """Return a host as tokens know it: in lower case, without the port that its scheme has anyway."""
    return host.lower().removesuffix(":80").removesuffix(":443")


@cache
def _host_of(base: str) -> str:
    return normalize_host(urlsplit(base).netloc)


def _spell(raw: bytes) -> str:
    """Return the one spelling of a token: the last letter may have bits that stand for nothing."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _mac(purpose: Purpose, host: str, body: bytes) -> bytes:
    return hmac.digest(_key(), b"\0".join([purpose.encode(), host.encode(), body]), "sha256")[:MAC]


@cache
def _key() -> bytes:
    return hmac.digest(settings.SECRET_KEY.encode(), b"gatepost links", "sha256")


@lru_cache(maxsize=1024)  # the links of one mail have the same numbers
def _write_number(number: int) -> bytes:
    octets = bytearray()
    while number > 0x7F:
        octets.append(number & 0x7F | 0x80)
        number >>= 7
    octets.append(number)
    return bytes(octets)


def _read_number(octets: Iterator[int]) -> int:
    number = 0
    for place in range(_LONGEST_NUMBER):
        octet = next(octets)
        number |= (octet & 0x7F) << 7 * place
        if octet < 0x80:
            break
    return number
