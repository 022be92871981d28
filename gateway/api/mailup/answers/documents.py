"""Answers in the format that was asked for: by Accept, else that of the request (decision 22)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from xml.sax.saxutils import escape

import msgspec
from django.http import HttpRequest, HttpResponse

from gateway.api.base import json_answer
from gateway.api.bodies import media_type

ROOT: Final = "SendResponseDTO"
ITEMS: Final[Mapping[str, str]] = {"UserList": "UserInfoDTO"}  # how the items of lists are called, by the list
JSON: Final = "application/json"
XML: Final = ("application/xml", "text/xml")
_RANGES: Final = 50  # of an Accept that are read
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 2.2
_QUALITY: Final = re.compile(r"0(?:\.\d{0,3})?|1(?:\.0{0,3})?", re.ASCII)  # RFC 9110 12.4.2


def write(answer: msgspec.Struct, request: HttpRequest, *, status: int = 200) -> HttpResponse:
    """Return an answer as JSON or XML, whichever the caller would have."""
    media = choose(request)
    if media not in XML:
        return json_answer(answer, status=status)
    return HttpResponse(write_xml(answer), status=status, content_type=f"{media}; charset=utf-8")


def choose(request: HttpRequest) -> str:
    """Return the media type to answer in: the one that Accept ranks first, what it names before what it allows by `*`;
    of equals, and where it has none of ours, the request's own; else JSON.
    """
    own = media_type(request)
    offered = sorted((JSON, *XML), key=lambda media: media != own)
    ranked = _read_accept(str(request.META.get("HTTP_ACCEPT", "")))
    best = max(offered, key=lambda media: _rank(media, ranked))
    return best if _rank(best, ranked)[0] > 0 else offered[0]


def _read_accept(accept: str) -> dict[str, float]:
    """Return the qualities of media ranges; one whose quality cannot be read was not said."""
    found = {}
    for item in accept.split(",")[:_RANGES]:
        media, *parameters = (part.strip().lower() for part in item.split(";"))
        said = next((part[2:].strip() for part in parameters if part.startswith("q=")), "1")
        if media and _QUALITY.fullmatch(said):
            found[media] = float(said)
    return found


def _rank(media: str, ranked: Mapping[str, float]) -> tuple[float, int]:
    """Return the quality of a type by the range that names it most closely, and how closely that is."""
    ranges = ("*/*", f"{media.partition('/')[0]}/*", media)
    return next(((ranked[one], place) for place, one in reversed(list(enumerate(ranges))) if one in ranked), (0.0, 0))


def write_xml(answer: msgspec.Struct) -> bytes:
    """Return an answer as a document, its members in the order of the vendor's tables."""
    return f'<?xml version="1.0" encoding="utf-8"?>\n{_element(ROOT, msgspec.to_builtins(answer))}'.encode()


def _element(name: str, value: Any) -> str:
    return f"<{name}>{_content(name, value)}</{name}>"


def _content(name: str, value: Any) -> str:
    if isinstance(value, dict):
        return "".join(_element(key, item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return "".join(_element(ITEMS[name], item) for item in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return escape(_NOT_XML.sub("\ufffd", str(value)), {"\r": "&#13;"})
