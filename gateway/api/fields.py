"""FIELDS tables: what a call takes, said once, with the vendor's own error beside each field.

    FIELDS = (
        Field("subject", text, required=True, missing=8),
        Field("HtmlContent", text, aliases=("HTMLContent",), invalid=10),
        Field("SendAt", read_time),
    )
    fields = check(FIELDS, payload.values)      # {"subject": "Hello", "HtmlContent": None, ...}
    found, faults = examine(FIELDS, values)     # for a dialect that lists every error at once

`missing` and `invalid` are whatever the dialect's errors.py knows errors by: a number, or its words. A kind is a plain function
from a JSON or form value to the value wanted, which raises ValueError with words that follow the field's name.
"""

from __future__ import annotations

import base64
import binascii
import mimetypes
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.base.errors import Refused

Kind = Callable[[Any], Any]

LONGEST_NAME = 255  # characters of a name that is looked up

_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off", ""})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with one field, in the dialect's error (`error`) and in words."""

    field: str
    error: Any = None
    message: str = ""
    value: str = ""


class FieldsRefused(Refused):
    """One or more fields are missing or not valid. `faults` stand in the order of the table; the first speaks for all."""

    code = "fields_refused"

    def __init__(self, *faults: Fault) -> None:
        super().__init__(faults[0].message, field=faults[0].field, value=faults[0].value)
        self.faults = faults


def fault_in(field: str, error: Any, message: str = "", *, value: str = "") -> FieldsRefused:
    """Return the refusal of a call for one field, in the dialect's error and in words."""
    return FieldsRefused(Fault(field=field, error=error, message=message, value=value))


def text(value: Any) -> str:
    """Take text; a number becomes text, as ids come either way."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise ValueError("must be text")


def looked_up(value: Any) -> str:
    """Take the name of an SMTP user or a template; of one that is longer than any there is, the beginning.

    What was looked up is remembered for a while, found or not: long names would fill the memory, and callers need no password
    for that.
    """
    return text(value)[:LONGEST_NAME]


def integer(value: Any) -> int:
    """Take a whole number, also in text or with a zero fraction."""
    if isinstance(value, str) and len(value) <= 20 and value.strip().removeprefix("-").isdecimal():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise ValueError("must be a whole number")


def boolean(value: Any) -> bool:
    """Take true or false, 1 or 0, yes or no, on or off; in text, in any case."""
    word = str(value).strip().lower() if isinstance(value, str | int) else None
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ValueError("must be true or false")


def mapping(value: Any) -> dict[str, Any]:
    """Take a JSON object."""
    if isinstance(value, dict):
        return value
    raise ValueError("must be an object")


def listing(value: Any) -> list[Any]:
    """Take a JSON array."""
    if isinstance(value, list):
        return value
    raise ValueError("must be an array")


def objects(value: Any) -> list[dict[str, Any]]:
    """Take an array of objects, or one object by itself."""
    items = [value] if isinstance(value, dict) else value
    if isinstance(items, list) and all(isinstance(item, dict) for item in items):
        return items
    raise ValueError("must be an array of objects")


def pieces(value: Any, mark: str = ";") -> Iterator[str]:
    """Yield the texts with `mark` between them, or those of an array, but for blank ones: one by one, as a body has room for
    millions.
    """
    items = map(text, value) if isinstance(value, list) else (found[0] for found in re.finditer(f"[^{mark}]+", text(value)))
    return (item.strip() for item in items if item.strip())


def header_pairs(value: Any) -> tuple[tuple[str, str], ...]:
    """Take an object of headers as pairs of name and value; null is absent, an array is one header for each of its items."""
    if not isinstance(value, dict):
        raise ValueError("must be an object")  # noqa: TRY004 - a kind raises ValueError alone
    listed = [(name, item) for name, items in value.items() for item in (items if isinstance(items, list) else [items])]
    if any(isinstance(item, dict | list | bool) for _, item in listed):
        raise ValueError("must have text as values")
    return tuple((name, text(item)) for name, item in listed if item is not None)


def base64_bytes(value: Any) -> bytes:
    """Take base64 (RFC 4648 4) with its padding; line breaks are allowed, nothing else foreign is."""
    if not isinstance(value, str):
        raise ValueError("must be base64")  # noqa: TRY004 - a kind raises ValueError alone
    try:
        return base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("is not valid base64") from None


def mail_octets(mail: str) -> bytes:
    """Return a mail as SMTP would carry it: one whose lines all end as programs keep them, in LF, has them end in CRLF."""
    if "\r" not in mail:
        mail = mail.replace("\n", "\r\n")
    return (mail if mail.endswith("\r\n") else f"{mail}\r\n").encode()


def guess_type(filename: str) -> str:
    """Return the media type that goes with a file's name, for a file that came without one."""
    return mimetypes.guess_type(filename)[0] or "application/octet-stream"


class Field:
    """One parameter: its documented name, its kind, and the dialect's errors. JSON null is absent."""

    __slots__ = ("aliases", "default", "invalid", "kind", "missing", "name", "required")

    def __init__(
        self,
        name: str,
        kind: Kind = text,
        *,
        aliases: tuple[str, ...] = (),
        required: bool = False,
        default: Any = None,
        missing: Any = None,
        invalid: Any = None,
    ) -> None:
        self.name = name
        self.kind = kind
        self.aliases = aliases
        self.required = required
        self.default = default
        self.missing = missing
        self.invalid = missing if invalid is None else invalid

    def find(self, values: Mapping[str, Any]) -> Any:
        """Return the raw value under the name or the first alias that has one, None where there is none."""
        value = values.get(self.name)
        if value is not None:
            return value
        return next((values[alias] for alias in self.aliases if values.get(alias) is not None), None)


def check(fields: Iterable[Field], values: Mapping[str, Any], *, within: str = "") -> dict[str, Any]:
    """Return the fields' values by documented name; raise FieldsRefused with the first fault.

    `within` stands before names in messages, such as `message.`. Required text that is empty counts as missing.
    """
    found, faults = examine(fields, values, within=within)
    if faults:
        raise FieldsRefused(*faults)
    return found


def examine(fields: Iterable[Field], values: Mapping[str, Any], *, within: str = "") -> tuple[dict[str, Any], list[Fault]]:
    """Return the fields' values by documented name, and every fault in the order of the table."""
    found: dict[str, Any] = {}
    faults: list[Fault] = []
    for field in fields:
        raw = field.find(values)
        found[field.name] = field.default
        if raw is None or (raw == "" and field.required and field.kind in {text, looked_up}):
            if field.required:
                faults.append(Fault(field=field.name, error=field.missing, message=f"{within}{field.name} is required."))
            continue
        try:
            found[field.name] = field.kind(raw)
        except ValueError as error:
            faults.append(_describe(field, within, error, raw))
    return found, faults


def nested(path: str, fields: Iterable[Field]) -> tuple[Field, ...]:
    """Return the fields of a struct as what describes a call names them: `message.to[].email`."""
    return tuple(Field(f"{path}.{field.name}", field.kind, required=field.required, default=field.default) for field in fields)


def check_each(fields: Sequence[Field], items: Iterable[Mapping[str, Any]], *, within: str) -> list[dict[str, Any]]:
    """Return `check` of every object in a list; `within` is the list's name, as in `message.to`."""
    return [check(fields, item, within=f"{within}[{place}].") for place, item in enumerate(items)]


def _describe(field: Field, within: str, error: ValueError, raw: Any) -> Fault:
    value = raw[:200] if isinstance(raw, str) else ""
    return Fault(field=field.name, error=field.invalid, message=f"{within}{field.name} {error}.", value=value)


def fold(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return `values` with names in lower case, for a dialect whose names have no case; so are the table's."""
    return {name.lower(): value for name, value in values.items()}
