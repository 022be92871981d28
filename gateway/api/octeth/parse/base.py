"""What parsing the commands of /api.php has in common: names without case, ids, who calls and in which format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from gateway.api.fields import Field, FieldsRefused, examine, fault_in, integer

LARGEST: Final = 2**63 - 1  # of a primary key
MOST_LISTED: Final = 1000  # rows of a page


def strict_identifier(value: Any) -> int:
    """Take the id of a row, as a number or in text."""
    number = integer(value)
    if not 0 < number <= LARGEST:
        raise ValueError("must be an id")
    return number


def identifier(value: Any) -> int:
    """Take the id of a row; what no row can have is 0, which is answered as a row that is not there."""
    try:
        return strict_identifier(value)
    except ValueError:
        return 0


def place(value: Any) -> int:
    """Take a place in a list, from 0."""
    number = integer(value)
    if not 0 <= number < 2**31:
        raise ValueError("must be a number from 0")
    return number


def number_of_rows(value: Any) -> int:
    """Take how many rows a page has."""
    number = integer(value)
    if not 0 < number <= MOST_LISTED:
        raise ValueError(f"must be a number from 1 to {MOST_LISTED}")
    return number


# Not the vendor's, whose lists of domains, keys, SMTP users and webhooks have no pages.
PAGE: Final = (Field("StartFrom", place, default=0), Field("RetrieveCount", number_of_rows, default=MOST_LISTED))


def parse_fields(fields: Sequence[Field], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields' values by documented name; `values` are folded. Raise FieldsRefused with all that is wrong."""
    found, faults = examine(fields, spell(fields, values))
    if faults:
        raise FieldsRefused(*faults)
    return found


def spell(fields: Sequence[Field], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return folded values under the names of a table: empty parameters are left out, as the vendor's clients send them."""
    names = {name.lower(): name for field in fields for name in (field.name, *field.aliases)}
    return {names[name]: value for name, value in values.items() if name in names and value != ""}


def not_there(number: int, field: str) -> FieldsRefused:
    """Return the refusal of an id that names no row of the caller's account, with the command's number for it."""
    return fault_in(field, number, f"{field} names nothing of this account.")


def wants_xml(values: Mapping[str, Any]) -> bool:
    """Tell whether an answer in XML is asked for: by exactly that word, everything else is JSON (contracts.md 4.1)."""
    return values.get("responseformat") == "XML"
