"""What version 1 of the API says: `{"message": "success", ...}`, or `{"message": "error", "errors": [...]}`; in JSON or XML.

class ListsGot(Success):                                # answers/v1_lists.py
    lists: list[List]

In XML, members are elements of `<result>` by the same names, variables by their bare ones, and each item of a list is an
element by the list's name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

import msgspec
from django.http import HttpResponse

from gateway.api.base import json_answer
from gateway.api.sendcloud.errors import VAGUE, find_row
from gateway.base.errors import Refused

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 2.2
_FOREIGN = re.compile(r"\A(?![A-Za-z_])|[^A-Za-z0-9_.-]")


class Success(msgspec.Struct, frozen=True, kw_only=True):
    """That a call was done. There is no `errors` then: clients look for its presence."""

    message: str = "success"


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """That a call was refused, and why."""

    errors: list[str]
    message: str = "error"


def say_v1(said: msgspec.Struct, *, in_xml: bool, status: int = 200) -> HttpResponse:
    """Say it in XML or JSON."""
    if not in_xml:
        return json_answer(said, status=status)
    return HttpResponse(write_xml("result", msgspec.to_builtins(said)), status=status, content_type="application/xml")


def say_refused_v1(refusal: Refused, *, in_xml: bool) -> HttpResponse:
    """Say no in the vendor's words, without their code; where those leave open what is wrong, the reason stands second."""
    status, code, words = find_row(refusal)
    return say_v1(Failure(errors=[words, refusal.message] if code in VAGUE else [words]), in_xml=in_xml, status=status)


def write_xml(name: str, value: Mapping[str, Any]) -> bytes:
    """Return a document of one element with the members of an object: text, numbers, objects, and lists of them."""
    root = Element(name)
    _fill(root, value)
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _fill(element: Element, value: Any) -> None:
    if isinstance(value, Mapping):
        for key, member in value.items():
            for item in member if isinstance(member, list) else [member]:
                _fill(SubElement(element, _FOREIGN.sub("_", str(key).strip("%"))), item)
    else:
        element.text = _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else _NOT_XML.sub("\ufffd", str(value))
