"""From an HTTP request to plain values: query, JSON, form, multipart, and what a dialect adds (XML).

Decision 9: parameters come from query and body on every method; the body's win, and the last of a repeated one wins. JSON null
is absent. Whatever cannot be read is a Refused in words, never an exception of Django's or msgspec's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from ipaddress import ip_address
from math import isinf
from typing import Any, Self

import msgspec
from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import HttpRequest, QueryDict
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.http.request import UnreadablePostError

from gateway.base.errors import BodyTooLarge, RequestMalformed

MAX_DEPTH = 32  # lists and objects within each other
MAX_IDEMPOTENCY_KEY = 255

# Turns the bytes of a body into the parameters by name; raises RequestMalformed.
Parser = Callable[[bytes], Mapping[str, Any]]

_BOM = b"\xef\xbb\xbf"
_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
_LONE_SURROGATE = re.compile(rb"\\u[dD][89abAB]..(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..)\\u[dD][c-fC-F]..")


class Spelled(float):
    """A number with a point or an exponent, which is in text what it was in the JSON: 8.50 stays 8.50."""

    _spelling: str

    def __new__(cls, spelling: str) -> Self:
        number = super().__new__(cls, spelling)
        if isinf(number):
            raise ValueError("Number out of range")
        number._spelling = spelling
        return number

    def __str__(self) -> str:
        return self._spelling


_decoder = msgspec.json.Decoder()
_spelling_decoder = msgspec.json.Decoder(float_hook=Spelled)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormFile:
    """A file of a multipart body; `name` is that of its form field, `content_type` may be empty."""

    name: str
    filename: str
    content_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """What a request says, without HTTP. `values` hold secrets, so they stay out of logs."""

    values: Mapping[str, Any] = field(repr=False)
    files: tuple[FormFile, ...] = ()
    bearer: str = field(default="", repr=False)  # of `Authorization: Bearer`
    client: str = ""  # IP address of the customer
    idempotency_key: str = ""


def read_payload(request: HttpRequest, parsers: Mapping[str, Parser]) -> Payload:
    """Return what `request` says; `parsers` are the dialect's own, by media type.

    Raises BodyTooLarge beyond GATEPOST_MAX_BODY, RequestMalformed for everything that cannot be read.
    """
    try:
        values, files = _read_values(request, parsers)
    except RequestDataTooBig:
        raise BodyTooLarge(f"The body is larger than {settings.GATEPOST_MAX_BODY} bytes.") from None
    except (SuspiciousOperation, MultiPartParserError, UnreadablePostError) as error:
        raise RequestMalformed(f"The request cannot be read: {error}") from None
    return Payload(
        values=values,
        files=files,
        bearer=_read_bearer(request.META.get("HTTP_AUTHORIZATION", "")),
        client=client_address(request.META),
        idempotency_key=_read_idempotency_key(request.META.get("HTTP_IDEMPOTENCY_KEY", "")),
    )


def media_type(request: HttpRequest) -> str:
    """Return the media type of the body in lower case, without parameters; empty when none is given."""
    return str(request.META.get("CONTENT_TYPE", "")).partition(";")[0].strip().lower()


def client_address(meta: Mapping[str, Any]) -> str:
    """Return the customer's IP address; behind GATEPOST_PROXIES proxies, the one that the outermost of them saw."""
    peer = str(meta.get("REMOTE_ADDR", ""))
    hops = [part.strip() for part in str(meta.get("HTTP_X_FORWARDED_FOR", "")).split(",") if part.strip()]
    if not settings.GATEPOST_PROXIES or not hops:
        return peer
    seen = hops[-min(settings.GATEPOST_PROXIES, len(hops))]
    try:
        return str(ip_address(seen))
    except ValueError:
        return peer


def parse_object(body: bytes | str, *, keep_spelling: bool = False) -> dict[str, Any]:
    """Return the JSON object in `body`, as parse_json does; raise RequestMalformed for anything else."""
    value = parse_json(body, keep_spelling=keep_spelling)
    if not isinstance(value, dict):
        raise RequestMalformed("The JSON must be an object.")
    return value


def parse_json(body: bytes | str, *, keep_spelling: bool = False) -> Any:
    """Return the value of the JSON in `body`, at most 32 levels deep; raise RequestMalformed.

    With `keep_spelling`, numbers with a point or an exponent come back as Spelled. Of duplicate keys the last wins. Not taken:
    NaN, numbers beyond a double, lone surrogates, U+0000.
    """
    raw = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    raw = raw.removeprefix(_BOM)
    try:
        value = (_spelling_decoder if keep_spelling else _decoder).decode(raw)
    except RecursionError:
        raise RequestMalformed(f"The JSON is nested more than {MAX_DEPTH} levels deep.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RequestMalformed(_explain(raw, error)) from None
    _check_value(value, MAX_DEPTH)
    return value


def _explain(raw: bytes, error: Exception) -> str:
    if _LONE_SURROGATE.search(raw):
        return "The JSON has a lone surrogate (\\ud800 to \\udfff); send both halves of the pair, or neither."
    if isinstance(error, UnicodeDecodeError):
        return "The JSON is not UTF-8."
    return f"The JSON cannot be read: {error}."


def _check_value(value: Any, depth: int) -> None:
    # Bodies have few values and many octets: to walk them all takes a tenth of the time of a search for brackets in the JSON.
    kind = type(value)
    if kind is str:
        _check_text(value)
    elif kind is dict or kind is list:
        if not depth:
            raise RequestMalformed(f"The JSON is nested more than {MAX_DEPTH} levels deep.")
        for item in value:  # of a dict, the names
            _check_value(item, depth - 1)
        for item in value.values() if kind is dict else ():
            _check_value(item, depth - 1)


def _check_text(text: str) -> None:
    if "\0" in text:
        raise RequestMalformed("The character U+0000 is not allowed.")


def _read_values(request: HttpRequest, parsers: Mapping[str, Parser]) -> tuple[dict[str, Any], tuple[FormFile, ...]]:
    values: dict[str, Any] = _flatten(request.GET) if request.META.get("QUERY_STRING") else {}
    body = _read_body(request)
    if not body:
        return values, ()
    media = media_type(request)
    if media == _MULTIPART:
        form, files = _parse_multipart(request, body)
        return values | form, files
    found = _find_parser(media, body, parsers)(body)
    values.update((name, value) for name, value in found.items() if value is not None)
    return values, ()


def _read_body(request: HttpRequest) -> bytes:
    """Return the body, judged by its announced length first: no more than that is ever read (wsgi.py bounds chunked ones)."""
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        raise RequestMalformed("Content-Length is not a number.") from None
    if length > settings.GATEPOST_MAX_BODY:
        raise BodyTooLarge(f"The body is larger than {settings.GATEPOST_MAX_BODY} bytes.")
    return request.body


def _find_parser(media: str, body: bytes, parsers: Mapping[str, Parser]) -> Parser:
    if media in parsers:
        return parsers[media]
    if media in {"application/json", "text/json"} or media.endswith("+json") or _looks_like_json(media, body):
        return parsers.get("application/json", parse_object)
    if media in {_FORM, ""}:
        return _parse_form
    raise RequestMalformed(f"The content type {media} is not taken; send application/json or a form.")


def _looks_like_json(media: str, body: bytes) -> bool:
    """Tell whether a body of a vague type is JSON: `curl -d '{...}'` calls it a form."""
    return media in {_FORM, "", "text/plain", "application/octet-stream"} and body.removeprefix(_BOM).lstrip()[:1] == b"{"


def _parse_form(body: bytes) -> dict[str, Any]:
    return _flatten(QueryDict(body.removeprefix(_BOM), encoding="utf-8"))


def _parse_multipart(request: HttpRequest, body: bytes) -> tuple[dict[str, Any], tuple[FormFile, ...]]:
    # Django's type names a list; its documentation allows any sequence of handlers.
    form, uploads = MultiPartParser(request.META, BytesIO(body), [MemoryFileUploadHandler(request)], "utf-8").parse()
    files = tuple(
        FormFile(name=name, filename=file.name or "", content_type=file.content_type or "", content=file.read())
        for name, many in uploads.lists()
        for file in many
    )
    return _flatten(form), files


def _flatten(form: QueryDict) -> dict[str, Any]:
    values = {name: value for name, value in form.items() if not isinstance(value, list)}
    for name, value in values.items():
        _check_text(name)
        _check_text(value)
    return values


def _read_bearer(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _read_idempotency_key(key: str) -> str:
    if len(key) > MAX_IDEMPOTENCY_KEY or not key.isprintable():
        raise RequestMalformed(f"Idempotency-Key must be at most {MAX_IDEMPOTENCY_KEY} printable characters.")
    return key
