"""Texts with their fields filled in, whichever syntax they are written in: what composing, previews and lists call."""

from __future__ import annotations

from collections.abc import Mapping

from templates_app import merge
from templates_app.liquid import rendering
from templates_app.liquid.rendering import Rendered

LIQUID = "liquid"


class CannotFill(Exception):
    """A text cannot be rendered with these values; str() is a sentence that says why.

    `line` counts from 1, 0 is unknown. With `is_limit` no values would do: the text asks for more than it may.
    """

    def __init__(self, message: str, *, line: int = 0, is_limit: bool = False) -> None:
        super().__init__(message)
        self.line = line
        self.is_limit = is_limit


def fills(syntax: str, variables: Mapping[str, object]) -> bool:
    """Tell whether texts in `syntax` can come out different from how they are written, given these values."""
    return syntax == LIQUID or (syntax in merge.FORMS and bool(variables))


def fill(text: str, syntax: str, variables: Mapping[str, str], *, escape_html: bool) -> str:
    """Return `text` with its fields filled in, in one pass: what a value holds is never rendered. Raises CannotFill.

    `syntax` is a value of Template.Syntax, or empty for none; keys of `variables` are bare names. With `escape_html` the values
    are text put into HTML. Liquid writes nothing for what has no value; in the others such a field stays.
    """
    if syntax == LIQUID:
        return fill_fully(text, syntax, variables, escape_html=escape_html).text if rendering.has_marks(text) else text
    return _merge(text, syntax, variables, escape_html=escape_html)


def fill_fully(text: str, syntax: str, variables: Mapping[str, str], *, escape_html: bool) -> Rendered:
    """Return what `fill` does, and the names in the text that have no value."""
    if syntax != LIQUID:
        missing = tuple(name for name in merge.names_in(text, syntax) if name not in variables)
        return Rendered(text=_merge(text, syntax, variables, escape_html=escape_html), missing=missing)
    try:
        return rendering.render_fully(text, variables, escape_html=escape_html)
    except rendering.Broken as error:
        raise _cannot(error) from None


def check(text: str, syntax: str) -> None:
    """Raise CannotFill for a text that is not well-formed in `syntax`, whatever the values."""
    if syntax != LIQUID or not rendering.has_marks(text):
        return
    try:
        rendering.parse(text, escape_html=False)
    except rendering.Broken as error:
        raise _cannot(error) from None


def variables_of(text: str, syntax: str) -> tuple[str, ...]:
    """Return the names of the values that a text uses, each once; raise CannotFill."""
    if syntax != LIQUID:
        return merge.names_in(text, syntax)
    try:
        return rendering.names_in(text)
    except rendering.Broken as error:
        raise _cannot(error) from None


def _merge(text: str, syntax: str, variables: Mapping[str, str], *, escape_html: bool) -> str:
    try:
        return merge.merge(text, syntax, variables, escape_html=escape_html)
    except merge.TooLong:
        sentence = f"The values fill the text with more than {merge.MAX_OUTPUT:,} characters; make them shorter."
        raise CannotFill(sentence, is_limit=True) from None


def _cannot(error: rendering.Broken) -> CannotFill:
    return CannotFill(str(error), line=error.line, is_limit=error.is_limit)
