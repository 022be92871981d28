"""Values of members: JSON objects with `;` between them, one for each member. Their keys are bare names, without %."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from gateway.api.bodies import parse_json
from gateway.base.errors import RequestMalformed
from templates_app.members import MOST_AT_ONCE

# Strings, so that what stands in them is not taken for what stands between; one that never ends goes to the end.
_STRING = r""""[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|'[^'\\]*(?:\\.[^'\\]*)*(?:'|\\?\Z)"""
_string = re.compile(_STRING, re.DOTALL)
_string_or_end = re.compile(f"{_STRING}|;", re.DOTALL)


def read_objects(value: Any) -> tuple[dict[str, str], ...]:
    """Return the values of each member from text, or, of a JSON body, from an array of objects or one; raise ValueError.

    Of a text with more objects than a call has members, one more is read.
    """
    if isinstance(value, str):
        return tuple(_read(piece) for piece in islice(split_objects(value), MOST_AT_ONCE + 1))
    objects = [value] if isinstance(value, dict) else value
    if not isinstance(objects, list) or not all(isinstance(one, dict) for one in objects):
        raise ValueError("must be JSON objects with ; between them")
    return tuple(_values_of(one) for one in objects)


def split_objects(text: str) -> Iterator[str]:
    """Yield what stands between `;` that are in no string; nothing after the last one."""
    begin = 0
    for found in _string_or_end.finditer(text):
        if found[0] == ";":
            yield text[begin : found.start()]
            begin = found.end()
    if text[begin:].strip():
        yield text[begin:]


def requote(text: str) -> str:
    """Return text with strings in single quotes, which clients of version 1 write, as JSON has them."""
    return _string.sub(_requote_one, text)


def _requote_one(found: re.Match[str]) -> str:
    string = found[0]
    if string[0] == '"':
        return string
    return '"' + re.sub(r"""\\'|\\.|\"""", _requote_letter, string[1:-1], flags=re.DOTALL) + '"'


def _requote_letter(found: re.Match[str]) -> str:
    return {"\\'": "'", '"': '\\"'}.get(found[0], found[0])


def _read(piece: str) -> dict[str, str]:
    try:
        value = parse_json(piece, keep_spelling=True)
    except RequestMalformed as refusal:
        raise ValueError(f"must be JSON objects: {refusal.message.rstrip('.')}") from None
    if not isinstance(value, dict):
        raise ValueError("must be JSON objects")  # noqa: TRY004 - a kind raises ValueError alone
    return _values_of(value)


def _values_of(given: dict[str, Any]) -> dict[str, str]:
    return {_bare(name): _spell(name, value) for name, value in given.items() if value is not None}


def _bare(name: str) -> str:
    return name[1:-1] if len(name) > 2 and name[0] == name[-1] == "%" else name


def _spell(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise ValueError(f"must have text and numbers as values, which {name[:40]!r} has not")
