"""SendCloud's parameters, one module for each of the vendor's; here, what every call takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gateway.api.fields import Field, check, fault_in, looked_up

CREDENTIALS = (
    Field("apiUser", looked_up, required=True, missing=40005),
    Field("apiKey", required=True, missing=40005),
)


def drop_empty(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that are not empty: a form sends all of its fields."""
    return {name: value for name, value in values.items() if value != ""}


def check_given(fields: Iterable[Field], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields' values by name; raise FieldsRefused with the first fault.

    A parameter that is given but empty is refused where the vendor has a code for that (`missing`), and absent elsewhere.
    """
    table = tuple(fields)
    empty = next((field for field in table if field.missing is not None and field.find(values) == ""), None)
    if empty is not None:
        raise fault_in(empty.name, empty.missing, f"{empty.name} is empty.")
    return check(table, drop_empty(values))
