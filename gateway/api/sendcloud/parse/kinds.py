"""Kinds of values that several of SendCloud's modules take."""

from __future__ import annotations

from typing import Any, Final

from gateway.api.fields import integer, pieces, text
from gateway.base.errors import FieldInvalid, FieldMissing
from gateway.smtp.addresses import AddressError, parse_address
from tracking.labels import LONGEST, check_name

MOST_LISTED: Final = 100  # values in one parameter


def whole_number(value: Any, least: int, most: int) -> int:
    """Take a whole number from `least` to `most`."""
    number = integer(value)
    if not least <= number <= most:
        raise ValueError(f"must be a whole number from {least} to {most}")
    return number


def zero_or_one(value: Any) -> int:
    """Take 0 or 1."""
    return whole_number(value, 0, 1)


def flag(value: Any) -> bool:
    """Take 0 for no, or 1 for yes."""
    return bool(zero_or_one(value))


def email(value: Any) -> str:
    """Take an e-mail address."""
    try:
        return parse_address(text(value).strip()).text
    except AddressError as error:
        raise ValueError(f"is not an address: {error}") from None


def label_id(value: Any) -> int:
    """Take the number of a label."""
    return whole_number(value, 1, 2**63 - 1)


def label_name(value: Any) -> str:
    """Take the name of a label, in one line."""
    try:
        return check_name(text(value))
    except (FieldInvalid, FieldMissing):
        raise ValueError(f"must have 1 to {LONGEST} characters in one line") from None


def listed(value: Any) -> tuple[str, ...]:
    """Take values separated by `;`, or an array of them; each once."""
    found: dict[str, None] = {}
    for item in pieces(value):
        if len(found) > MOST_LISTED:
            break
        found[item] = None
    if not 0 < len(found) <= MOST_LISTED:
        raise ValueError(f"must have 1 to {MOST_LISTED} values with ; between them")
    return tuple(found)


def label_ids(value: Any) -> tuple[int, ...]:
    """Take the numbers of labels, separated by `;`, or an array of them."""
    return tuple(label_id(item) for item in listed(value))
