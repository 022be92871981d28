"""What addresslist/* takes. A list is known by its alias, an address such as `news@maillist.sendcloud.org`."""

from __future__ import annotations

from typing import Any, Final

from gateway.api.fields import Field, fault_in, text
from gateway.api.sendcloud.parse.kinds import flag, listed
from gateway.api.sendcloud.parse.paging import LIMIT, START
from gateway.base.errors import FieldInvalid
from gateway.smtp.addresses import AddressError, parse_address
from templates_app.lists import LONGEST, fit, fit_address

MOST_CHARACTERS: Final = 48  # of an alias, and of a name


def alias(value: Any) -> str:
    """Take the alias of a list, which may be one that no call could make."""
    found = text(value).strip()
    if not 0 < len(found) <= LONGEST["address"]:
        raise ValueError(f"must have 1 to {LONGEST['address']} characters")
    return found


def new_alias(value: Any) -> str:
    """Take the alias that a list is to have, of 1 to 48 characters."""
    return _short(value)


def list_name(value: Any) -> str:
    """Take the name of a list, of 1 to 48 characters in one line."""
    return _fitted("name", _short(value))


def description(value: Any) -> str:
    """Take the description of a list, of 1 to 250 characters in one line."""
    if not text(value).strip():
        raise ValueError("must not be blank")
    return _fitted("description", text(value))


def list_type(value: Any) -> bool:
    """Take 0 for a normal list, or 1 for an advanced one."""
    return flag(value)


def check_alias(address: str, field: str) -> str:
    """Return an alias as lists keep it, in the spelling that it was given in; raise FieldsRefused for what is no address."""
    try:
        parse_address(address)
        return fit_address(address)
    except (AddressError, FieldInvalid) as error:
        raise fault_in(field, 40511, f"{field} is no alias: {error}", value=address) from None


def _short(value: Any) -> str:
    found = text(value).strip()
    if not 0 < len(found) <= MOST_CHARACTERS:
        raise ValueError(f"must have 1 to {MOST_CHARACTERS} characters")
    return found


def _fitted(field: str, value: str) -> str:
    try:
        return fit(field, value)
    except FieldInvalid as refusal:
        raise ValueError(f"is not right: {refusal.message.rstrip('.')}") from None


ADDRESS: Final = Field("address", alias, required=True, missing=40503, invalid=40511)
LIST: Final = (Field("address", listed, missing=40503, invalid=40511), START, LIMIT)
ADD: Final = (
    Field("address", new_alias, required=True, missing=40503, invalid=40504),
    Field("name", list_name, required=True, missing=40501, invalid=40502),
    Field("desc", description, default="", missing=40506, invalid=40507),
    Field("listType", list_type, default=False, invalid=40508),
)
UPDATE: Final = (
    ADDRESS,
    Field("newAddress", new_alias, missing=40509, invalid=40510),
    Field("name", list_name, missing=40501, invalid=40502),
    Field("desc", description, missing=40506, invalid=40507),
)
