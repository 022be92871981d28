"""Renders texts in Liquid, and says what is wrong with those that cannot be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from liquid.exceptions import BlockNestingError, LiquidError, LiquidInterrupt, ResourceLimitError

from templates_app.liquid.cache import Parsed
from templates_app.liquid.environment import MAX_DEPTH, Context, LimitedEnvironment, Output, Template
from templates_app.liquid.meter import TooMuch

# Values by name; a value is text, a number, true or false, nothing, or a list or object of such.
Values = Mapping[str, Any]

# What the library lets through when a template asks for what its values cannot give.
_FAULTS = (LiquidError, LiquidInterrupt, ArithmeticError, LookupError, TypeError, ValueError, AttributeError, RecursionError)
# The library's words, and what an author of templates can do something with.
_WORDS = {
    re.compile(r"unexpected tag 'end(\w+)'"): r"{% end\1 %} closes nothing; write {% \1 %} before it or remove it",
    re.compile(r"unexpected tag '(\w+)'"): r"There is no tag {% \1 %} here; remove it",
    re.compile(r"expected tag end(\w+), found .*"): r"{% \1 %} is never closed; write {% end\1 %} after it",
    re.compile(r"unknown filter '(\w+)'"): r"There is no filter “\1”; correct its name",
    re.compile(r"unexpected '(\w+)'"): r"{% \1 %} stands outside of a loop; remove it",
    re.compile(r"(\w+)\(\) missing (?:.*) positional arguments?: (.*)"): r"The filter “\1” needs something after a colon",
}
_BUILT_IN = frozenset({"now", "today"})
_ENVIRONMENTS = {escapes: LimitedEnvironment(autoescape=escapes) for escapes in (False, True)}
_parsed = Parsed()


class Broken(Exception):
    """A text cannot be parsed or rendered; str() is a sentence that says why. `line` counts from 1, 0 is unknown.

    With `is_limit` it asks for more than a template may; otherwise other values might do.
    """

    def __init__(self, message: str, *, line: int = 0, is_limit: bool = False) -> None:
        super().__init__(f"Line {line}: {message}." if line else f"{message}.")
        self.line = line
        self.is_limit = is_limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What came of a text, and the names in it that had no value."""

    text: str
    missing: tuple[str, ...] = ()


def has_marks(text: str) -> bool:
    """Tell whether a text has anything that Liquid would act on."""
    return "{{" in text or "{%" in text


def render(text: str, values: Values, *, escape_html: bool) -> str:
    """Return a text with its Liquid carried out once; raise Broken. With `escape_html` what comes from values is escaped."""
    return render_fully(text, values, escape_html=escape_html).text if has_marks(text) else text


def render_fully(text: str, values: Values, *, escape_html: bool) -> Rendered:
    """Return what comes of a text and what was missing; raise Broken."""
    template = parse(text, escape_html=escape_html)
    try:
        context = Context(template, globals=values)
        output: Any = Output(context.meter)  # the library asks for a TextIO, and writes to it
        template.render_with_context(context, output)
    except _FAULTS as error:
        raise _explain(error, text) from None
    return Rendered(text=output.getvalue(), missing=tuple(context.missing))


def parse(text: str, *, escape_html: bool) -> Template:
    """Return a parsed text, which is kept for the next time; raise Broken."""
    return _parsed.get((text, escape_html), lambda: _parse(text, escape_html=escape_html))


def names_in(text: str) -> tuple[str, ...]:
    """Return the names of the values that a text asks for; raise Broken."""
    found = parse(text, escape_html=False).global_variables() if has_marks(text) else ()
    return tuple(name for name in found if name not in _BUILT_IN)


def _parse(text: str, *, escape_html: bool) -> Template:
    try:
        template = _ENVIRONMENTS[escape_html].from_string(text)
    except _FAULTS as error:
        raise _explain(error, text) from None
    if not isinstance(template, Template):
        raise TypeError(template)
    return template


def _explain(error: BaseException, text: str) -> Broken:
    cause = error.__cause__ if type(error) is LiquidError and error.__cause__ else error  # what the parser wrapped
    token = cause.token if isinstance(cause, LiquidError) else None
    line = text.count("\n", 0, token.start_index) + 1 if token is not None and token.start_index >= 0 else 0
    is_limit = isinstance(cause, ResourceLimitError | TooMuch | RecursionError)
    return Broken(_say(cause), line=line, is_limit=is_limit)


def _say(error: BaseException) -> str:
    if isinstance(error, RecursionError | BlockNestingError):
        return f"There are more than {MAX_DEPTH} things within each other; make the template simpler"
    message = str(error.message if isinstance(error, LiquidError) else error) or type(error).__name__
    for pattern, words in _WORDS.items():
        if found := pattern.fullmatch(message):
            return found.expand(words)
    return message[:300].rstrip(". ")
