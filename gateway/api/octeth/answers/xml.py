"""Answers of /api.php in XML, as `ResponseFormat=XML` asks for: text in CDATA, items of lists as <node_0>, <node_1>, ..."""

from __future__ import annotations

import re
from typing import Any

_FOREIGN = re.compile(r"[^A-Za-z0-9_.-]")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 2.2


def write_xml(name: str, value: Any) -> bytes:
    """Return a document with one element: objects, arrays and text within each other."""
    return f'<?xml version="1.0" encoding="utf-8"?>\n{_element(name, value)}'.encode()


def _element(name: str, value: Any) -> str:
    return f"<{name}>{_content(value)}</{name}>"


def _content(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(_element(_name(str(key)), item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return "".join(_element(f"node_{place}", item) for place, item in enumerate(value))
    return _cdata(_text(value))


def _name(key: str) -> str:
    """Return a key as the name of an element; what begins with a digit, as numbers and hosts may, gets `node_` before it."""
    name = _FOREIGN.sub("_", key)
    return name if name[:1].isalpha() or name[:1] == "_" else f"node_{name}"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _cdata(text: str) -> str:
    clean = _NOT_XML.sub("\ufffd", text).replace("]]>", "]]]]><![CDATA[>")
    return f"<![CDATA[{clean}]]>"
