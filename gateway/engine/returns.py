"""Return paths: an address of its own for every recipient, so that a bounce says by itself whom it is about."""

from __future__ import annotations

from django.conf import settings

from gateway.base import tokens

_PURPOSE = "return"
_PREFIX = "b+"


def make_return_path(recipient_id: int) -> str:
    """Return the MAIL FROM of a recipient's copy, `b+<token>@<return domain>`."""
    return f"{_PREFIX}{tokens.sign_number(_PURPOSE, recipient_id)}@{settings.GATEPOST_RETURN_DOMAIN}"


def read_return_path(address: str) -> int | None:
    """Return the recipient that a return path belongs to, None when it is not one of ours."""
    local, _, domain = address.rpartition("@")
    if domain.lower() != settings.GATEPOST_RETURN_DOMAIN.lower() or not local.lower().startswith(_PREFIX):
        return None
    return tokens.read_number(_PURPOSE, local[len(_PREFIX) :])
