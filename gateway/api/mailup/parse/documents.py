"""The two formats of a document, JSON and XML, read into the same plain values: objects, lists, text and null.

Of XML (decision 22) the root is the DTO's name, members may stand in any order and in any namespace, items of lists are
EmailAddressDTO and the like, `xsi:nil` is null. No DTD is taken, so no entity is ever expanded and nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from gateway.api.bodies import MAX_DEPTH, Parser, parse_json
from gateway.base.errors import RequestMalformed

MAX_ELEMENTS: Final = 20_000  # of a document: a thousand recipients take three each
MAX_TAG: Final = 262_144  # octets: the attributes of a tag are gathered before anybody is asked
_PIECE: Final = 65_536  # octets that are read at once
BLANK: Final = " \t\r\n"  # XML 1.0 2.3
_BOM: Final = b"\xef\xbb\xbf"
_JSON: Final = ("application/json", "text/json")
_XML: Final = ("application/xml", "text/xml")
_VAGUE: Final = ("", "text/plain", "application/octet-stream", "application/x-www-form-urlencoded")  # as curl says it
# Members of DTOs that hold others, or items; all else is text.
_OBJECTS: Final = frozenset(("Html", "From", "XSmtpAPI", "User"))
ITEMS: Final[Mapping[str, str]] = {  # of lists, with the names of their items
    **dict.fromkeys(("To", "Cc", "Bcc"), "EmailAddressDTO"),
    **dict.fromkeys(("ExtendedHeaders", "DynamicFields"), "NameValueDTO"),
    **dict.fromkeys(("Attachments", "EmbeddedImages"), "MessagePartDTO"),
}
_BYTES: Final = "Body"  # which is empty where it is, and not absent
_HOLDERS: Final = _OBJECTS | set(ITEMS.values())
_NIL: Final = "{http://www.w3.org/2001/XMLSchema-instance}nil"


def parsers_for(root: str) -> Mapping[str, Parser]:
    """Return what reads a call's document, by media type; `root` is the name of the document's element in XML."""
    read_xml = _xml_parser(root)

    def read_any(body: bytes) -> dict[str, Any]:
        return (read_xml if body.removeprefix(_BOM).lstrip()[:1] == b"<" else read_json)(body)

    return {
        **dict.fromkeys(_JSON, read_json),
        **dict.fromkeys(_XML, read_xml),
        **dict.fromkeys(_VAGUE, read_any),
    }


def read_json(body: bytes) -> dict[str, Any]:
    """Return the object in a JSON body, an empty one for null."""
    document = parse_json(body)
    if document is None or isinstance(document, dict):
        return document or {}
    raise RequestMalformed("The JSON must be an object.")


def _xml_parser(root: str) -> Callable[[bytes], dict[str, Any]]:
    def read_xml(body: bytes) -> dict[str, Any]:
        target = _Reader(root)
        parser = DefusedXMLParser(target=target, forbid_dtd=True)
        try:
            for begin in range(0, len(body), _PIECE):
                parser.feed(body[begin : begin + _PIECE])
                if begin - parser.parser.CurrentByteIndex > MAX_TAG:
                    raise RequestMalformed(f"The XML has a tag or comment of more than {MAX_TAG:,} bytes.")
            parser.close()
        except DefusedXmlException:
            raise RequestMalformed("The XML must have no DTD and no entities.") from None
        except (ParseError, LookupError, ValueError) as error:
            raise RequestMalformed(f"The XML cannot be read: {str(error)[:200]}.") from None
        return target.document

    return read_xml


class _Reader:
    """Builds plain values while the XML is read, so that no more of it is held than what it may have."""

    def __init__(self, root: str) -> None:
        self.document: dict[str, Any] = {}
        self._root = root
        self._open: list[_Element] = []
        self._elements = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        name = tag.rpartition("}")[2]
        self._elements += 1
        if self._elements > MAX_ELEMENTS or len(self._open) == MAX_DEPTH:
            raise RequestMalformed(f"The XML has more than {MAX_ELEMENTS:,} elements, or is more than {MAX_DEPTH} levels deep.")
        if not self._open and name != self._root:
            raise RequestMalformed(f"The root element must be {self._root}.")
        if self._open:
            self._open[-1].has_elements = True
        self._open.append(_Element(name, is_null=attributes.get(_NIL, "").strip() in {"true", "1"}))

    def data(self, text: str) -> None:
        self._open[-1].texts.append(text)

    def end(self, _tag: str) -> None:
        element = self._open.pop()
        value = element.value(is_root=not self._open)
        if self._open:
            self._open[-1].members.append((element.name, value))
        else:
            self.document = value or {}

    def close(self) -> None:
        pass


class _Element:
    """An element that was begun."""

    __slots__ = ("has_elements", "is_null", "members", "name", "texts")

    def __init__(self, name: str, *, is_null: bool) -> None:
        self.name = name
        self.is_null = is_null
        self.has_elements = False
        self.members: list[tuple[str, Any]] = []
        self.texts: list[str] = []

    def value(self, *, is_root: bool) -> Any:
        """Return what the element says; null for text that is empty, which is the same to all members but bytes."""
        if self.is_null:
            return None
        text = "".join(self.texts)
        is_object = is_root or self.has_elements or self.name in _HOLDERS
        if not is_object and self.name not in ITEMS:
            return text or ("" if self.name == _BYTES else None)
        if text.strip(BLANK):
            self._refuse_text()
        return [value for _, value in self.members] if self.name in ITEMS else dict(self.members)

    def _refuse_text(self) -> NoReturn:
        raise RequestMalformed(f"The XML has text in {self.name[:80]}, which takes elements alone.")
