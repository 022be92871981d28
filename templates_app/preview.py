"""A template as a recipient would see it, with values made up or given, and what to look at before it is sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.base.errors import FieldInvalid
from templates_app.filling import CannotFill, fill_fully
from templates_app.texts import LONGEST, NAMES, Texts, names_of

MAX_VALUES = 100_000  # characters of JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The texts filled in; a text that cannot be is empty, and `faults` has a sentence for it."""

    texts: Texts
    missing: tuple[str, ...] = ()  # names in the texts without a value
    unused: tuple[str, ...] = ()  # values that no text asks for
    faults: tuple[str, ...] = ()


def preview(texts: Texts, syntax: str, values: Mapping[str, str]) -> Preview:
    """Return what comes of the texts with these values."""
    filled: dict[str, str] = {}
    missing: dict[str, None] = {}
    faults = []
    for part in LONGEST:
        try:
            rendered = fill_fully(getattr(texts, part), syntax, values, escape_html=part == "html")
        except CannotFill as error:
            faults.append(f"The {NAMES[part]} cannot be filled in. {error}")
        else:
            filled[part] = rendered.text
            missing |= dict.fromkeys(rendered.missing)
    used = known_names(texts, syntax)
    unused = () if faults else tuple(name for name in values if name not in used)
    return Preview(texts=Texts(**filled), missing=tuple(missing), unused=unused, faults=tuple(faults))


def known_names(texts: Texts, syntax: str) -> tuple[str, ...]:
    """Return the names of the values that the texts use; none for texts that cannot be read."""
    try:
        return names_of(texts, syntax)
    except CannotFill:
        return ()


def sample_values(texts: Texts, syntax: str) -> dict[str, str]:
    """Return a value for each name in the texts: the name itself, so that one sees where it comes out."""
    return {name: name for name in known_names(texts, syntax)}


def read_values(text: str) -> dict[str, str]:
    """Return values from a JSON object as calls give them; raise FieldInvalid for `values`."""
    if len(text) > MAX_VALUES:
        raise FieldInvalid("values", f"The values have more than {MAX_VALUES:,} characters of JSON.")
    try:
        values = json.loads(text or "{}")
    except (ValueError, RecursionError):
        raise FieldInvalid("values", 'The values are not JSON; write an object such as {"NAME": "Jane"}.') from None
    if not isinstance(values, dict):
        raise FieldInvalid("values", 'The values must be a JSON object such as {"NAME": "Jane"}.')
    return {name: _spell(name, value) for name, value in values.items()}


def write_values(values: Mapping[str, str]) -> str:
    """Return values as JSON that a person edits."""
    return json.dumps(dict(values), indent=2, ensure_ascii=False)


def _spell(name: str, value: object) -> str:
    if isinstance(value, list | dict):
        raise FieldInvalid("values", f"The value of {name[:80]} must be text or a number.")
    return value if isinstance(value, str) else json.dumps(value) if value is not None else ""
