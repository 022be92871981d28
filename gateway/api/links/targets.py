"""Where a tracked link leads, as a Location header may say it."""

from __future__ import annotations

import re
from typing import Final

import idna

# The scheme and all of the authority. What a browser would repair (a backslash, a third slash, white space) is not repaired.
_ABSOLUTE: Final = re.compile(r"(https?://)([^/?#\\\s]+)([/?#].*)?\Z", re.IGNORECASE)
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f]")
_NOT_PLAIN: Final = re.compile(r"[^\x21-\x7e]+")


def location_of(target: str) -> str | None:
    """Return a target byte for byte, but for what a header cannot hold: encoded as browsers do. None: nobody is sent there.

    Taken are http and https with a host. A host in another script than ASCII goes out as IDNA 2008 has it, all else outside
    of printable ASCII as percent-encoded UTF-8 (WHATWG URL Standard).
    """
    parts = None if _CONTROLS.search(target) else _ABSOLUTE.match(target)
    if parts is None:
        return None
    scheme, authority, rest = parts.groups("")
    if not authority.isascii():
        authority = _encode_host(authority)
    return f"{scheme}{authority}{_encode(rest)}" if authority.rpartition("@")[2].partition(":")[0] else None


def _encode_host(authority: str) -> str:
    """Return an authority with its host in ASCII; empty where it has no such form."""
    user, at, place = authority.rpartition("@")
    host, colon, port = place.partition(":")
    try:
        name = idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        return ""
    return f"{_encode(user)}{at}{name}{colon}{_encode(port)}"


def _encode(text: str) -> str:
    return _NOT_PLAIN.sub(lambda found: "".join(f"%{octet:02X}" for octet in found[0].encode()), text)
