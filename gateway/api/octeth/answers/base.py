"""The shapes of what commands of /api.php answer. Attributes are named as ours are; the vendor's spelling follows from them."""

from __future__ import annotations

import msgspec

_IN_CAPITALS = frozenset(("api", "dkim", "dns", "id", "ip", "smtp", "spf", "url"))


def vendor_name(name: str) -> str:
    """Return `name` as the vendor writes it: `new_api_key_id` is NewAPIKeyID, `smtp_ports` SMTPPorts, `smtps` SMTPs."""
    return "".join(_spell(word) for word in name.split("_"))


def _spell(word: str) -> str:
    if word in _IN_CAPITALS:
        return word.upper()
    return f"{word[:-1].upper()}s" if word.endswith("s") and word[:-1] in _IN_CAPITALS else word.capitalize()


class Part(msgspec.Struct, kw_only=True, frozen=True, rename=vendor_name):
    """An object within an answer."""


class Done(Part, frozen=True):
    """What a command answers that did what it was asked to."""

    success: bool = True
    error_code: int = 0
