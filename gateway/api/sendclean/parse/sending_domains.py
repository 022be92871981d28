"""What the calls about sending domains take."""

from __future__ import annotations

from typing import Any, Final

from gateway.api.fields import Field
from gateway.api.sendclean.parse.settings import name


def mailbox(value: Any) -> str:
    """Take the part of an address before its @."""
    local = name(value).strip()
    if "@" in local:
        raise ValueError("must be the part of the address before the @, such as postmaster")
    return local


ONE: Final = (Field("domain", name, required=True),)
VERIFIED: Final = (*ONE, Field("mailbox", mailbox, required=True))
