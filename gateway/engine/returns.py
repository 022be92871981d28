"""Return paths: an address of its own for every recipient, so that a bounce says by itself whom it is about."""

from __future__ import annotations

from django.conf import settings

from gateway.base import tokens

_PURPOSE = "return"
_PREFIX = "b+"


def make_return_path(recipient_id: int, domain: str = "") -> str:
    """Return the MAIL FROM of a recipient's copy, `b+<token>@<domain>`; empty stands for the platform's return domain."""
    return f"{_PREFIX}{tokens.sign_number(_PURPOSE, recipient_id)}@{domain or settings.GATEPOST_RETURN_DOMAIN}"


def read_return_path(address: str) -> int | None:
    """Return the recipient that a return path belongs to, None when it is not one of ours.

    The domain does not matter: customers have return domains of their own, which may be gone by the time that a bounce comes.
    That the address is ours says the signature in its local part.
    """
    local = address.rpartition("@")[0]
    return tokens.read_number(_PURPOSE, local[len(_PREFIX) :]) if local.lower().startswith(_PREFIX) else None
