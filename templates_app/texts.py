"""What a template says: its subject, HTML and text; what is wrong with them, and the one made from the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from gateway.base.errors import ContentMissing, TemplateBroken
from templates_app.filling import LIQUID, CannotFill, fill, variables_of
from templates_app.parts import html_of, text_of

MAX_SUBJECT = 1_000  # characters
MAX_BODY = 1_000_000  # characters of HTML, and of text
LONGEST: Mapping[str, int] = {"subject": MAX_SUBJECT, "html": MAX_BODY, "text": MAX_BODY}
NAMES: Mapping[str, str] = {"subject": "subject", "html": "HTML", "text": "text"}

_UNFIT = re.compile(r"[\x00\ud800-\udfff]")
_SUBJECT_UNFIT = re.compile(r"[\x00-\x1f\x7f]")
# A field stands for its place while the other part is made, so that neither its marks nor its quotes are escaped.
_MARKS = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_PLACE = re.compile("\ue000([0-9]+)\ue001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """The three texts of a template, as they are written."""

    subject: str = ""
    html: str = ""
    text: str = ""


def check_texts(texts: Texts, syntax: str) -> None:
    """Raise TemplateBroken, with the part as `field`, for texts that could not be sent; ContentMissing where there are none.

    A text in Liquid is rendered with samples: one that asks for more than it may is refused, and so is one that fails whatever
    its values are.
    """
    for fault in find_faults(texts, syntax):
        raise fault


def find_faults(texts: Texts, syntax: str) -> Iterator[ContentMissing | TemplateBroken]:
    """Yield what is wrong with the texts, each part's first fault."""
    if not texts.html.strip() and not texts.text.strip():
        yield ContentMissing("The template has neither HTML nor text; write one of them.", field="html")
    for part in LONGEST:
        try:
            check_part(part, getattr(texts, part), syntax)
        except TemplateBroken as fault:
            yield fault


def check_part(part: str, text: str, syntax: str) -> None:
    """Raise TemplateBroken for one text that could not be sent; `part` is a key of LONGEST."""
    if len(text) > LONGEST[part]:
        _refuse(part, f"It has {len(text):,} characters; at most {LONGEST[part]:,} are allowed.")
    if _UNFIT.search(text):
        _refuse(part, "It has a NUL character or half of a surrogate pair; remove it.")
    if part == "subject" and _SUBJECT_UNFIT.search(text):
        _refuse(part, "It has a line break or control character; remove it.")
    if syntax == LIQUID:
        _check_liquid(part, text)


def _check_liquid(part: str, text: str) -> None:
    try:
        names = variables_of(text, LIQUID)
    except CannotFill as error:
        _refuse(part, str(error))
    faults = [_try(text, values) for values in ({name: name for name in names}, dict.fromkeys(names, "1"), {})]
    limits = [fault for fault in faults if fault is not None and fault.is_limit]
    if limits or None not in faults:
        _refuse(part, str(limits[0] if limits else faults[0]))


def _try(text: str, values: Mapping[str, str]) -> CannotFill | None:
    try:
        fill(text, LIQUID, values, escape_html=False)
    except CannotFill as error:
        return error
    return None


def _refuse(part: str, sentence: str) -> None:
    raise TemplateBroken(f"The {NAMES[part]} of the template cannot be used. {sentence}", field=part)


def names_of(texts: Texts, syntax: str) -> tuple[str, ...]:
    """Return the names of the values that a template uses, each once; raise CannotFill."""
    return tuple(dict.fromkeys(name for part in LONGEST for name in variables_of(getattr(texts, part), syntax)))


def complete(texts: Texts) -> Texts:
    """Return the texts with the body that is missing made from the other; fields stay fields."""
    if texts.html and not texts.text:
        return replace(texts, text=_make(texts.html, text_of))
    if texts.text and not texts.html:
        return replace(texts, html=_make(texts.text, html_of))
    return texts


def _make(text: str, make: Callable[[str], str]) -> str:
    marks: list[str] = []

    def take(found: re.Match[str]) -> str:
        marks.append(found[0])
        return f"\ue000{len(marks) - 1}\ue001"

    def put(found: re.Match[str]) -> str:
        return marks[int(found[1])] if int(found[1]) < len(marks) else found[0]

    return _PLACE.sub(put, make(_MARKS.sub(take, text)))
