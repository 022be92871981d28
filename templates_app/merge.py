"""Merge fields of the dialects, filled by plain substitution: `%NAME%`, `[NAME]`, `{{NAME}}`, `%Subscriber:NAME%`.

One pass, in time linear in text and values, however many names there are: what a value holds is never looked at again. Fields
without a value stay as they were written. A name that has a mark of its own syntax in it (`%`; `[`, `]`; `{`, `}`) is no name.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

MAX_OUTPUT: Final = 16_000_000  # characters that values may put into one text: a short one can name a long value many times

# What may be a field in each syntax, with its name as a group. No part of a pattern can match what ends it, so that each
# character is looked at once for every place where a field may begin.
FORMS = {
    "sendclean": re.compile(r"\{\{([^{}]+)\}\}"),
    "sendcloud": re.compile(r"%([^%]+)%"),
    "mailup": re.compile(r"\[([^\[\]]+)\]"),
    "octeth": re.compile(r"%Subscriber:([^%]+)%|\{\{[ \t]*Subscriber:([^{}]+)\}\}"),
}
_PADDED = {"sendclean", "octeth"}  # {{ NAME }} is {{NAME}}
# What of it an author means as a field: not the CSS between two percentages, nor Outlook's conditional comments.
_MEANT = re.compile(r"(?!if )(?!endif)[^\W\d](?:[\w .\-]{0,62}[\w.\-])?")
_MEANT_BETWEEN_PERCENTS = re.compile(r"[^\W\d][\w.\-]{0,63}")


class TooLong(Exception):
    """The values would put more than MAX_OUTPUT characters into a text."""


def merge(text: str, syntax: str, variables: Mapping[str, str], *, escape_html: bool) -> str:
    """Return `text` with the fields that `variables` names filled in; keys are bare names. Raises TooLong.

    `syntax` is a key of FORMS; for any other nothing is filled in. With `escape_html` the values are text put into HTML.
    """
    if syntax not in FORMS or not variables:
        return text
    pieces: list[str] = []
    copied = put = 0
    for start, end, name in _find(text, syntax, variables.__contains__):
        value = html.escape(variables[name]) if escape_html else variables[name]
        put += len(value)
        if put > MAX_OUTPUT:
            raise TooLong
        pieces += (text[copied:start], value)
        copied = end
    return "".join((*pieces, text[copied:])) if pieces else text


def names_in(text: str, syntax: str) -> tuple[str, ...]:
    """Return what look like the names of fields in a text, each once, in their order."""
    if syntax not in FORMS:
        return ()
    meant = _MEANT_BETWEEN_PERCENTS if syntax == "sendcloud" else _MEANT
    found = _find(text, syntax, lambda name: meant.fullmatch(name) is not None)
    return tuple(dict.fromkeys(name for _, _, name in found))


def _find(text: str, syntax: str, is_name: Callable[[str], bool]) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and name of each field: in `5%a%NAME%` only the second pair of % is one where `a` is no name."""
    search, place = FORMS[syntax].search, 0
    while field := search(text, place):
        name = field[field.lastindex or 0]
        if syntax in _PADDED and not is_name(name):
            name = name.strip(" \t")
        if is_name(name):
            yield field.start(), field.end(), name
            place = field.end()
        else:
            place = field.end() - 1  # what ends this one may begin the next
