"""The merge fields of one copy: what fills its bodies, its subject and the headers that hold text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import thread_time

from gateway.base.errors import Refused
from gateway.engine.headers import write_header
from gateway.engine.letter import Copy, Letter
from gateway.engine.rawmail import Field, split_raw
from gateway.engine.rawparts import rewrite_texts
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
# SendCloud's own names of it, and of the link to unsubscribe by, which has two signs on either side and is no field.
_SENDCLOUDS_ADDRESS = "recipient"
_SENDCLOUDS_LINK = "%%user_defined_unsubscribe_link%%"
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
    takes_link: bool = False  # SendCloud's name of the link stands for it in bodies
    _timer: _Timer = field(default_factory=_Timer, repr=False, compare=False)

    @property
    def fills(self) -> bool:
        """Tell whether texts can come out different from how they are written."""
        return self.takes_link or fills(self.syntax, self.values)

    def fill_body(self, kind: str, text: str) -> str:
        """Return a body of type `plain` or `html` with its fields filled in."""
        if self.takes_link:
            text = text.replace(_SENDCLOUDS_LINK, self.unsubscribe_url)
        return self._fill(text, escape_html=kind == "html")

    def fill_line(self, text: str) -> str:
        """Return a subject or header value with its fields filled in; controls in values become spaces. Raises CannotFill."""
        return _check_line(self._fill(text, escape_html=False), text)

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
        if not fills(self.syntax, self.values):
            return fields
        return [
            self._fill_field(item) if item[0].lower().startswith((b"subject", b"x-", b"list-")) else item for item in fields
        ]

    def _fill_field(self, item: Field) -> Field:
        text = decode_words(item[1].replace(b"\r\n", b"").decode().strip(" \t"))
        filled = self._fill(text, escape_html=False)
        if filled == text:
            return item
        name, _, value = write_header(item[0].decode(), _check_line(filled, text)).partition(b":")
        return name, value.removesuffix(b"\r\n")


def _check_line(filled: str, text: str) -> str:
    """Return a header's text that was filled in, with spaces for controls; raise CannotFill where it grew too long."""
    if len(filled) > max(MAX_LINE, len(text)):
        raise CannotFill(f"The values fill a subject or header with more than {MAX_LINE:,} characters; make them shorter.")
    return _CONTROLS.sub(" ", filled)


def merge_of(copy: Copy, unsubscribe_url: str, *, names_link: bool = False) -> Merge:
    """Return the merge fields of a copy: the customer's, and the link to unsubscribe by, where it is not empty.

    `names_link` tells whether its texts have SendCloud's name of that in them.
    """
    letter = copy.letter
    if letter.syntax is Syntax.NONE:
        return _only_link(letter, unsubscribe_url, names_link=names_link)
    own = {_UNSUBSCRIBE_URL: unsubscribe_url} if unsubscribe_url else {}
    if letter.syntax is Syntax.OCTETH:
        own[_OCTETHS_ADDRESS] = copy.email
    if letter.syntax is Syntax.SENDCLOUD and letter.one_by_one:
        own[_SENDCLOUDS_ADDRESS] = copy.email
    return Merge(
        syntax=letter.syntax,
        values={**own, **letter.variables, **copy.variables},
        is_own=bool(copy.variables or own),
        unsubscribe_url=unsubscribe_url,
        takes_link=bool(unsubscribe_url) and is_sendclouds(letter),
    )


def is_sendclouds(letter: Letter) -> bool:
    """Tell whether a letter is written as SendCloud's customers write theirs."""
    return letter.syntax is Syntax.SENDCLOUD or letter.door == "sendcloud"


def names_way_out(letter: Letter) -> bool:
    """Tell whether a letter's texts have SendCloud's name of the link to unsubscribe by in them; a raw one is decoded."""
    if letter.raw is None:
        return _SENDCLOUDS_LINK in letter.html or _SENDCLOUDS_LINK in letter.text
    try:
        fields, begin = split_raw(letter.raw)
    except Refused:
        return False  # it cannot be composed either
    found: list[bool] = []

    def look(_: str, text: str) -> str:
        found.append(_SENDCLOUDS_LINK in text)
        return text

    rewrite_texts(fields, letter.raw[begin:], look)
    return any(found)


def _only_link(letter: Letter, unsubscribe_url: str, *, names_link: bool) -> Merge:
    """Return the fields of a letter without a syntax: it may have the link, written as its door's customers do."""
    texts = (letter.html, letter.text, letter.subject)
    is_field = bool(unsubscribe_url) and any(_UNSUBSCRIBE_URL in text for text in texts)
    takes_link = bool(unsubscribe_url) and (names_link or (is_sendclouds(letter) and any(_SENDCLOUDS_LINK in t for t in texts)))
    if not is_field and not takes_link:
        return _NO_FIELDS
    return Merge(
        syntax=_SYNTAXES.get(letter.door, Syntax.NONE) if is_field else Syntax.NONE,
        values={_UNSUBSCRIBE_URL: unsubscribe_url} if is_field else {},
        is_own=True,
        unsubscribe_url=unsubscribe_url,
        takes_link=takes_link,
    )


_NO_FIELDS = Merge(syntax=Syntax.NONE, values={}, is_own=False)
