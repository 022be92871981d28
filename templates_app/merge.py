"""Merge fields of the dialects, filled by plain substitution: `%NAME%`, `[NAME]`, `{{NAME}}`, `%Subscriber:NAME%`.

One pass: what a value holds is never looked at again. Fields without a value stay as they were written.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from functools import lru_cache

# How a field is written in each syntax; NAME stands for the name, which is sought as it is spelled.
FORMS = {
    "sendclean": (r"\{\{[ \t]*NAME[ \t]*\}\}",),
    "sendcloud": (r"%NAME%",),
    "mailup": (r"\[NAME\]",),
    "octeth": (r"%Subscriber:NAME%", r"\{\{[ \t]*Subscriber:NAME[ \t]*\}\}"),
}


def merge(text: str, syntax: str, variables: Mapping[str, str], *, escape_html: bool) -> str:
    """Return `text` with the fields that `variables` names filled in; keys are bare names.

    `syntax` is a key of FORMS; for any other nothing is filled in. With `escape_html` the values are text put into HTML.
    """
    if syntax not in FORMS or not variables:
        return text
    if escape_html:
        return _pattern(syntax, tuple(variables)).sub(lambda field: html.escape(_value_of(field, variables)), text)
    return _pattern(syntax, tuple(variables)).sub(lambda field: _value_of(field, variables), text)


def _value_of(field: re.Match[str], variables: Mapping[str, str]) -> str:
    return variables[field[field.lastindex or 0]]


@lru_cache(maxsize=256)
def _pattern(syntax: str, names: tuple[str, ...]) -> re.Pattern[str]:
    """Return what finds the fields of these names, and no others: in `5%a%NAME%` only the second pair of % is a field."""
    name = f"({'|'.join(map(re.escape, names))})"
    return re.compile("|".join(form.replace("NAME", name) for form in FORMS[syntax]))
