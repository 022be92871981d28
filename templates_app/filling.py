"""Texts with their fields filled in, whichever syntax they are written in: what composing, previews and lists call."""

from __future__ import annotations

from collections.abc import Mapping

from templates_app.merge import FORMS, merge


class CannotFill(Exception):
    """A text cannot be rendered with these values; str() is a sentence that says why."""


def fills(syntax: str, variables: Mapping[str, str]) -> bool:
    """Tell whether texts in `syntax` can come out different from how they are written, given these values."""
    return syntax in FORMS and bool(variables)


def fill(text: str, syntax: str, variables: Mapping[str, str], *, escape_html: bool) -> str:
    """Return `text` with its fields filled in, in one pass: what a value holds is never rendered. Raises CannotFill.

    `syntax` is a value of Template.Syntax, or empty for none; keys of `variables` are bare names. With `escape_html` the values
    are text put into HTML.
    """
    return merge(text, syntax, variables, escape_html=escape_html)
