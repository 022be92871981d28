"""What addressmember/* takes: members with `;` between them, and names and values one for each of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any, Final

from gateway.api.asked import Asked
from gateway.api.fields import Field, fault_in, pieces, text
from gateway.api.sendcloud.errors import coded
from gateway.api.sendcloud.parse.address_lists import ADDRESS
from gateway.api.sendcloud.parse.paging import LIMIT, START
from gateway.api.sendcloud.parse.variables import read_objects
from gateway.base.errors import FieldInvalid
from gateway.smtp.addresses import AddressError, parse_address
from templates_app.members import MOST_AT_ONCE, Entry, check_entry

LONGEST_ADDRESS: Final = 48  # characters of a member's address


def addresses(value: Any) -> tuple[str, ...]:
    """Take addresses with `;` between them, or an array of them; of more than a call may have, one more."""
    return tuple(islice(pieces(value), MOST_AT_ONCE + 1))


def names(value: Any) -> tuple[str, ...]:
    """Take texts with `;` between them, or an array of them; some may be empty."""
    items = [text(item) for item in value] if isinstance(value, list) else text(value).split(";", MOST_AT_ONCE + 1)
    return tuple(item.strip() for item in items)


def objects(value: Any) -> tuple[dict[str, str], ...]:
    """Take JSON objects with `;` between them, or an array of objects."""
    return read_objects(value)


MEMBERS: Final = Field("members", addresses, required=True, missing=40512, invalid=40518)
_NAMES = Field("names", names, invalid=40516)
_VARS = Field("vars", objects, missing=40520, invalid=40522)
LIST: Final = (ADDRESS, START, LIMIT)
GET: Final = (ADDRESS, MEMBERS)
ADD: Final = (ADDRESS, MEMBERS, _NAMES, _VARS)
UPDATE: Final = (ADDRESS, MEMBERS, Field("newMembers", addresses, invalid=40518), _NAMES, _VARS)
# What read_emails and read_entries may answer beside the codes of the fields, and that there is no such list.
CODES: Final = (40513, 40514, 40515, 40517, 40518)
CODES_OF_ENTRIES: Final = (*CODES, 40516, 40521)


def read_emails(given: Sequence[str], field: str = "members") -> tuple[str, ...]:
    """Return addresses of members in their normal form; raise FieldsRefused for what is wrong with their number or with one."""
    if not given:
        raise fault_in(field, 40514, f"{field} names nobody.")
    if len(given) > MOST_AT_ONCE:
        raise fault_in(field, 40515, f"{field} has more than {MOST_AT_ONCE:,} addresses.")
    return tuple(_read_email(email, field) for email in given)


def read_entries(asked: Asked, emails: Sequence[str]) -> list[Entry]:
    """Return what is asked for each member; raise FieldsRefused."""
    named, values = asked["names"], asked["vars"]
    if named is not None and len(named) == len(emails) + 1 and not named[-1]:
        named = named[:-1]  # a semicolon after the last one
    if named is not None and len(named) != len(emails):
        raise fault_in("names", 40516, f"There are {len(named)} names for {len(emails)} members.")
    if values is not None and len(values) != len(emails):
        raise fault_in("vars", 40521, f"There are {len(values)} vars for {len(emails)} members.")
    with coded({FieldInvalid: 40516}):
        return [
            check_entry(Entry(email=email, name=named and named[place], variables=values and values[place]))
            for place, email in enumerate(emails)
        ]


def read_moves(asked: Asked, emails: Sequence[str]) -> list[tuple[str, str]]:
    """Return the old and the new address of each member that gets another one; raise FieldsRefused."""
    if asked["newMembers"] is None:
        return []
    new = read_emails(asked["newMembers"], "newMembers")
    if len(new) != len(emails):
        raise fault_in("newMembers", 40516, f"There are {len(new)} newMembers for {len(emails)} members.")
    return list(zip(emails, new, strict=True))


def _read_email(email: str, field: str) -> str:
    if len(email) > LONGEST_ADDRESS:
        raise fault_in(field, 40513, f"{field} has an address of more than {LONGEST_ADDRESS} characters.", value=email)
    try:
        return parse_address(email).text
    except AddressError as error:
        raise fault_in(field, 40518, f"{field} has what is no address: {error}.", value=email) from None
