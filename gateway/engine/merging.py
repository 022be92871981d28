"""The merge fields of one copy: what fills its bodies, its subject and the headers that hold text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import thread_time

from gateway.engine.headers import write_header
from gateway.engine.letter import Copy, Letter
from gateway.engine.rawmail import Field
from gateway.engine.submission import Syntax
from gateway.engine.words import decode_words
from templates_app.filling import CannotFill, fill, fills

MAX_LINE = 50_000  # characters that a subject or header may grow to
MAX_SECONDS = 2.0  # of processor time, after which no further field of the same mail is filled in

# What header text may not have, though merged values may bring it: controls, line separators, halves of surrogate pairs.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_UNSUBSCRIBE_URL = "unsubscribe_url"
# Octeth's own name of a recipient's address, whatever the list calls it.
_OCTETHS_ADDRESS = "EmailAddress"
# SendCloud's own name of it, with two signs on either side, which is no field of its syntax.
_SENDCLOUDS = "%%user_defined_unsubscribe_link%%"
# How a door's customers write fields, for mail that was handed in without any values.
_SYNTAXES = {
    "sendclean": Syntax.SENDCLEAN,
    "sendcloud": Syntax.SENDCLOUD,
    "mailup": Syntax.MAILUP,
    "octeth": Syntax.OCTETH,
}


@dataclass(slots=True)
class _Timer:
    """The processor time that filling in one mail took so far."""

    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """How the fields of a copy are written, and their values by bare name. `is_own`: other copies have other values."""

    syntax: str
    values: Mapping[str, str]
    is_own: bool
    unsubscribe_url: str = ""
    _timer: _Timer = field(default_factory=_Timer, repr=False, compare=False)

    @property
    def fills(self) -> bool:
        """Tell whether texts can come out different from how they are written."""
        return fills(self.syntax, self.values)

    def fill_body(self, kind: str, text: str) -> str:
        """Return a body of type `plain` or `html` with its fields filled in."""
        if self.syntax == Syntax.SENDCLOUD and self.unsubscribe_url:
            text = text.replace(_SENDCLOUDS, self.unsubscribe_url)
        return self._fill(text, escape_html=kind == "html")

    def fill_line(self, text: str) -> str:
        """Return a subject or header value with its fields filled in; controls in values become spaces. Raises CannotFill."""
        filled = self._fill(text, escape_html=False)
        if len(filled) > max(MAX_LINE, len(text)):
            raise CannotFill(f"The values fill a subject or header with more than {MAX_LINE:,} characters; make them shorter.")
        return _CONTROLS.sub(" ", filled)

    def _fill(self, text: str, *, escape_html: bool) -> str:
        if not self.fills:
            return text
        if self._timer.seconds > MAX_SECONDS:
            raise CannotFill(f"The fields of one mail take more than {MAX_SECONDS:.0f} s to fill in; make them simpler.")
        began = thread_time()
        filled = fill(text, self.syntax, self.values, escape_html=escape_html)
        self._timer.seconds += thread_time() - began
        return filled

    def fill_fields(self, fields: Sequence[Field]) -> Sequence[Field]:
        """Return the fields of a raw mail with merge fields filled in, where text may stand: Subject, X-* and List-*."""
        if not self.fills:
            return fields
        return [
            self._fill_field(item) if item[0].lower().startswith((b"subject", b"x-", b"list-")) else item for item in fields
        ]

    def _fill_field(self, item: Field) -> Field:
        text = decode_words(item[1].replace(b"\r\n", b"").decode().strip(" \t"))
        filled = self.fill_line(text)
        if filled == text:
            return item
        name, _, value = write_header(item[0].decode(), filled).partition(b":")
        return name, value.removesuffix(b"\r\n")


def merge_of(copy: Copy, unsubscribe_url: str) -> Merge:
    """Return the merge fields of a copy: the customer's, and the link to unsubscribe by, where it is not empty."""
    letter = copy.letter
    if letter.syntax is Syntax.NONE:
        return _only_link(letter, unsubscribe_url)
    own = {_UNSUBSCRIBE_URL: unsubscribe_url} if unsubscribe_url else {}
    if letter.syntax is Syntax.OCTETH:
        own[_OCTETHS_ADDRESS] = copy.email
    return Merge(
        syntax=letter.syntax,
        values={**own, **letter.variables, **copy.variables},
        is_own=bool(copy.variables or own),
        unsubscribe_url=unsubscribe_url,
    )


def _only_link(letter: Letter, unsubscribe_url: str) -> Merge:
    """Return the fields of a letter without a syntax: a built one may have the link, written as its door's customers do."""
    names = (_UNSUBSCRIBE_URL, _SENDCLOUDS)
    is_named = unsubscribe_url and any(name in text for name in names for text in (letter.html, letter.text, letter.subject))
    if not is_named:
        return _NO_FIELDS
    syntax = _SYNTAXES.get(letter.door, Syntax.NONE)
    return Merge(syntax=syntax, values={_UNSUBSCRIBE_URL: unsubscribe_url}, is_own=True, unsubscribe_url=unsubscribe_url)


_NO_FIELDS = Merge(syntax=Syntax.NONE, values={}, is_own=False)
