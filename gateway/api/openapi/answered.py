"""What a call answers: the shapes of its success, and every error as the call itself puts it into words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from django.http import HttpRequest

from gateway.api.base import DialectView, Unexpected
from gateway.api.fields import Fault, FieldsRefused
from gateway.api.octeth.answers.sender_domains import RelayDenied
from gateway.api.octeth.views.command import Command
from gateway.api.octeth.views.events import ExportEvents
from gateway.api.octeth.views.sender_domains import SenderDomains
from gateway.api.openapi import samples
from gateway.api.openapi.access import COMMANDS, MAILUP, SENDCLOUD, SENDCLOUD_V1
from gateway.api.openapi.asked import JSON, sends
from gateway.api.openapi.shapes import Shapes, shape_of
from gateway.api.sendcloud.codes import CODES
from gateway.base.errors import Refused, Unavailable

# Answers that are no JSON, or are not answered with HTTP status 200.
FILES: Final[Mapping[type, str]] = {ExportEvents: "text/csv", SenderDomains: "text/plain"}
STATUSES: Final[Mapping[type, int]] = {RelayDenied: 500}
XML: Final = "text/xml"
_IN_XML: Final = {"schema": {"type": "string", "description": "The same in XML, for `ResponseFormat=XML`."}}
_BY_ACCEPT: Final = {"schema": {"type": "string", "description": "The same in XML: as Accept says, else as it was asked."}}

PHRASES: Final[Mapping[int, str]] = {
    200: "What was asked for, or what is wrong with it.",
    400: "The request is not valid.",
    401: "The credentials are not right.",
    403: "The caller may not do this.",
    409: "The idempotency key was used for another mail.",
    413: "The request is too large.",
    429: "Too many requests: wait as long as Retry-After says.",
    500: "A fault on our side, which was logged.",
    502: "What the call needs could not be found.",
    503: "Nothing was stored; try again in a moment.",
}
OUR_FAULTS: Final = (Unavailable, Unexpected)
_RETRY_AFTER: Final = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Error:
    """A refusal in the words of a call."""

    name: str
    status: int
    body: Any
    is_for_a_while: bool


def errors_of(view: DialectView, call: Any, tag: str) -> list[Error]:
    """Return every error that a call may answer: those of its own numbers first, then those of any call of its dialect."""
    view.http = HttpRequest()
    own = [(f"error_{number}", refusal) for number, refusal in _own(call, tag)]
    named = [*own, *((refusal.code, refusal) for refusal in _common(call, tag))]
    found = {error.name: error for name, refusal in named if (error := _error(view, name, refusal))}
    bodies: dict[bytes, Error] = {}
    for error in found.values():
        bodies.setdefault(msgspec.json.encode([error.status, error.body]), error)
    return list(bodies.values())


def numbers_of(call: Any, tag: str) -> dict[int, str]:
    """Return the numbers that are a call's own, with their words; none in dialects that have no numbers."""
    if issubclass(call, Command):
        return dict(call.errors)
    if tag == SENDCLOUD:
        listed = (number for field in call.fields for number in (field.missing, field.invalid))
        return {number: CODES[number] for number in dict.fromkeys((*listed, *call.codes)) if number is not None}
    words = getattr(call, "words", None) or getattr(getattr(call, "table", None), "words", {})
    return {number: said for number, said in words.items() if number < 400}


def responses(call: Any, errors: Iterable[Error], shapes: Shapes, tag: str) -> dict[int, dict[str, Any]]:
    """Return a call's answers by HTTP status."""
    by_status: dict[int, list[Error]] = defaultdict(list)
    for error in errors:
        by_status[error.status].append(error)
    good: dict[int, list[type]] = defaultdict(list)
    for answer in call.answers:
        good[STATUSES.get(answer, 200)].append(answer)
    found = {}
    for status in sorted({200, *by_status, *good}):
        content = _content(by_status[status], good[status], shapes) | _formats(call, status, tag)
        words = "What was asked for." if status == 200 and not by_status[status] else PHRASES[status]
        found[status] = {"description": words, "content": content} | _headers(by_status[status])
    return found


def _own(call: type, tag: str) -> Iterator[tuple[int, Refused]]:
    fields = getattr(call, "fields", ())
    for number, words in numbers_of(call, tag).items():
        field = next((field.name for field in fields if number in {field.missing, field.invalid}), "")
        yield number, FieldsRefused(Fault(field=field, error=number, message=words))


def _common(call: Any, tag: str) -> Iterator[Refused]:
    yield from samples.ANY
    required = next((field.name for field in reversed(call.fields) if field.required), None)
    yield from samples.of_field(required.replace("[]", "[0]")) if required else ()
    yield from samples.OF_USERS if sends(call) or tag in {SENDCLOUD, SENDCLOUD_V1} else ()
    yield from samples.OF_MAIL if sends(call) else ()


def _error(view: DialectView, name: str, refusal: Refused) -> Error | None:
    """Return a refusal in the call's words, None for one that its dialect has no words for: it is not among what it raises."""
    response = view.handle_exception(refusal)
    if response.status_code == 500 and not isinstance(refusal, OUR_FAULTS):
        return None
    body = msgspec.json.decode(response.content)
    return Error(name=name, status=response.status_code, body=body, is_for_a_while="Retry-After" in response.headers)


def _content(errors: list[Error], good: list[type], shapes: Shapes) -> dict[str, Any]:
    schemas = [*(shapes.refs[answer] for answer in good), *([shape_of(error.body for error in errors)] if errors else [])]
    examples = {answer.__name__: {"value": shapes.example(answer)} for answer in good}
    examples |= {error.name: {"value": error.body} for error in errors}
    schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
    return {JSON: {"schema": schema, "examples": examples}} if schemas else {}


def _headers(errors: list[Error]) -> dict[str, Any]:
    return {"headers": _RETRY_AFTER} if errors and all(error.is_for_a_while for error in errors) else {}


def _formats(call: type, status: int, tag: str) -> dict[str, Any]:
    """Return the formats that an answer has beside JSON."""
    found = {FILES[call]: {"schema": {"type": "string"}}} if status == 200 and call in FILES else {}
    if tag == MAILUP:
        return {"application/xml": _BY_ACCEPT}
    return found | ({XML: _IN_XML} if tag == COMMANDS and issubclass(call, Command) else {})
