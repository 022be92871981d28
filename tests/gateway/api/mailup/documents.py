"""MailUp's documents in XML: as a program would write them, and as it would read the answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from defusedxml.ElementTree import fromstring

ITEMS: Mapping[str, str] = {
    **dict.fromkeys(("To", "Cc", "Bcc"), "EmailAddressDTO"),
    **dict.fromkeys(("ExtendedHeaders", "DynamicFields"), "NameValueDTO"),
    **dict.fromkeys(("Attachments", "EmbeddedImages"), "MessagePartDTO"),
}
NIL = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"'


def write_xml(root: str, document: Mapping[str, Any]) -> bytes:
    """Return a document in XML; what is null is nil."""
    return f'<?xml version="1.0" encoding="utf-8"?>\n{_element(root, document)}'.encode()


def _element(name: str, value: Any) -> str:
    if value is None:
        return f"<{name} {NIL}/>"
    return f"<{name}>{_content(name, value)}</{name}>"


def _content(name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        return "".join(_element(key, item) for key, item in value.items())
    if isinstance(value, list):
        return "".join(_element(ITEMS[name] if isinstance(item, Mapping) else "string", item) for item in value)
    if isinstance(value, bool):
        return str(value).lower()
    return escape(str(value), {"\r": "&#13;"})


def read_xml(body: bytes) -> dict[str, Any]:
    """Return the members of an answer; users are listed."""
    root = fromstring(body)
    assert root.tag == "SendResponseDTO"
    members: dict[str, Any] = {one.tag: one.text or "" for one in root if one.tag != "UserList"}
    users = root.find("UserList")
    if users is not None:
        assert {user.tag for user in users} <= {"UserInfoDTO"}
        members["UserList"] = [{one.tag: one.text or "" for one in user} for user in users]
    return members
