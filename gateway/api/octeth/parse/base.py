"""What parsing the commands of /api.php has in common: names without case, ids, who calls and in which format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.api.fields import Fault, Field, FieldsRefused, examine, integer

LARGEST = 2**63 - 1  # of a primary key


def identifier(value: Any) -> int:
    """Take the id of a row, as a number or in text; what no row can have is 0, which is answered as a row that is not there."""
    try:
        number = integer(value)
    except ValueError:
        return 0
    return number if 0 < number <= LARGEST else 0


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
    return FieldsRefused(Fault(field=field, error=number, message=f"{field} names nothing of this account."))


def wants_xml(values: Mapping[str, Any]) -> bool:
    """Tell whether an answer in XML is asked for: by exactly that word, everything else is JSON (contracts.md 4.1)."""
    return values.get("responseformat") == "XML"
