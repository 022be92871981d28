"""What the calls domain/* take."""

from __future__ import annotations

import re
from itertools import islice
from typing import Any, Final

from domains.names import clean_domain, read_domain
from gateway.api.fields import Field, Kind, fault_in, pieces, text
from gateway.api.sendcloud.parse.kinds import MOST_LISTED, zero_or_one
from gateway.api.sendcloud.parse.paging import LIMIT, START
from gateway.base.errors import FieldInvalid

LONGEST: Final = 250  # characters of a name
COMMON: Final = 1  # of the types of domains; 0 is one for tests, of which there are none
_VERIFY: Final = re.compile(r"\s*([<>]?)\s*([0-9]+)\s*")
_MOST_BITS: Final = 255
_UNREADABLE: Final = 41011


def new_name(field: str, *, length: int, many: int) -> Kind:
    """Return what takes the name of a domain that is to be added; `length` and `many` are the codes for other than one."""

    def kind(value: Any) -> str:
        return _named(_one(value, field, length, many), clean_domain)

    return kind


def known_name(field: str, *, length: int, many: int) -> Kind:
    """Return what takes the name of a domain that is there, in any spelling of it."""

    def kind(value: Any) -> str:
        return _named(_one(value, field, length, many), read_domain)

    return kind


def names(value: Any) -> tuple[str, ...]:
    """Take names of domains with `;` between them, or an array of them."""
    given = tuple(islice(pieces(value), MOST_LISTED + 1))
    if not 0 < len(given) <= MOST_LISTED or max(map(len, given)) > LONGEST:
        raise fault_in("name", 41002, f"name must have 1 to {MOST_LISTED} names of at most {LONGEST} characters.")
    return tuple(dict.fromkeys(_named(item, read_domain) for item in given))


def verify(value: Any) -> str:
    """Take a sum of bits, alone or after `>` (at least that) or `<` (at most that)."""
    found = _VERIFY.fullmatch(text(value))
    if found is None:
        raise ValueError("must be a number, alone or after > or <")
    digits = found[2].lstrip("0") or "0"
    if len(digits) > 3 or int(digits) > _MOST_BITS:
        raise fault_in("verify", _UNREADABLE, f"verify is a sum of bits, at most {_MOST_BITS}.")
    return found[1] + digits


def fits(wanted: str, bits: int) -> bool:
    """Tell whether a sum of bits is as `verify` was asked for."""
    number = int(wanted.lstrip("<>"))
    if wanted.startswith(">"):
        return bits >= number
    return bits <= number if wanted.startswith("<") else bits == number


def _one(value: Any, field: str, length: int, many: int) -> str:
    found = text(value).strip()
    if ";" in found:
        raise fault_in(field, many, f"{field} is one domain.")
    if not 0 < len(found) <= LONGEST:
        raise fault_in(field, length, f"{field} must have 1 to {LONGEST} characters.")
    return found


def _named(name: str, read: Any) -> str:
    try:
        return str(read(name))
    except FieldInvalid as refusal:
        raise ValueError(f"is no name for a domain: {refusal.message}") from None


LISTED: Final = (
    Field("name", names, missing=41001, invalid=41003),
    Field("type", zero_or_one, missing=41007, invalid=41008),
    Field("verify", verify, missing=41009, invalid=41010),
    START,
    LIMIT,
)
ADDED: Final = (Field("name", new_name("name", length=41002, many=41013), required=True, missing=41001, invalid=41003),)
UPDATED: Final = (
    Field("name", known_name("name", length=41002, many=41013), required=True, missing=41001, invalid=41003),
    Field("newName", new_name("newName", length=41005, many=41006), required=True, missing=41004, invalid=41006),
)
