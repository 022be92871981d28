"""A stranger's mail taken apart into header fields and parts, for programs that look for what it says.

Mail that comes back is written by every program there ever was, well or not. Nothing here raises for what a mail says: what is
malformed is read as it stands, and all of it is bounded. Python's parser raises on some of such mail.
"""

from __future__ import annotations

import binascii
import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Final

MAX_READ: Final = 1_000_000  # octets of a mail that are looked at
MAX_PARTS: Final = 50
MAX_DEPTH: Final = 8
MAX_FIELDS: Final = 500

Fields = tuple[tuple[str, str], ...]
"""Names in lower case, and values unfolded; in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a mail that has no parts itself. `kind` is its type in lower case, such as text/plain."""

    kind: str
    fields: Fields
    text: str


def read_mail(raw: bytes) -> tuple[Fields, tuple[Part, ...]]:
    """Return the fields of a mail's header, and its parts in order."""
    text = raw[:MAX_READ].replace(b"\0", b"").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    head, body = _split_head(text)
    fields = read_fields(_decode(head, ""))
    parts: list[Part] = []
    for part in _walk(fields, body, 0):
        parts.append(part)
        if len(parts) == MAX_PARTS:
            break
    return fields, tuple(parts)


def read_fields(text: str) -> Fields:
    """Return the header fields in a text; lines that are none are left out."""
    found = _field.findall(text)[:MAX_FIELDS]
    return tuple((name.lower(), " ".join(_decode_words(value).split())) for name, value in found)


def value_of(fields: Fields, *names: str) -> str:
    """Return the value of the first field that has one of these names, which stand in the order of preference."""
    for wanted in names:
        for name, value in fields:
            if name == wanted:
                return value
    return ""


def _walk(fields: Fields, body: bytes, depth: int) -> Iterator[Part]:
    content_type = value_of(fields, "content-type")
    kind = (_kind(content_type.lower()) or _PLAIN)[0]
    boundary = _boundary(content_type) if kind.startswith("multipart/") else None
    if boundary is None or depth == MAX_DEPTH:
        yield Part(kind=kind, fields=fields, text=_read_text(kind, fields, body))
        return
    for piece in _split_parts(body, (boundary[1] or boundary[2]).encode("latin-1", "replace")):
        head, inner = _split_head(piece)
        yield from _walk(read_fields(_decode(head, "")), inner, depth + 1)


def _split_head(text: bytes) -> tuple[bytes, bytes]:
    """Return header and body; a part may begin with its body, after an empty line or without any."""
    if text.startswith(b"\n"):
        return b"", text[1:]
    head, found, body = text.partition(b"\n\n")
    return (head, body) if found else (text, b"")


def _split_parts(body: bytes, boundary: bytes) -> Sequence[bytes]:
    """Return what stands between delimiters; all of it where there are none."""
    whole = re.split(rb"(?m)^--%b--[ \t]*\n" % re.escape(boundary), body + b"\n", maxsplit=1)[0]
    pieces = re.split(rb"(?m)^--%b[ \t]*\n" % re.escape(boundary), whole, maxsplit=MAX_PARTS)
    return pieces[1:] or pieces


def _read_text(kind: str, fields: Fields, body: bytes) -> str:
    encoding = value_of(fields, "content-transfer-encoding").lower()
    charset = _charset(value_of(fields, "content-type"))
    text = _decode(_unpack(body, encoding), charset[1] if charset else "")
    return _strip_tags(text) if kind == "text/html" else text


def _unpack(body: bytes, encoding: str) -> bytes:
    try:
        if encoding.startswith("base64"):
            return binascii.a2b_base64(body).replace(b"\r\n", b"\n")
        if encoding.startswith("quoted-printable"):
            return binascii.a2b_qp(body).replace(b"\r\n", b"\n")
    except binascii.Error:
        return body
    return body


def _decode(octets: bytes, charset: str) -> str:
    for name in (charset, "utf-8"):
        try:
            if name and codecs.lookup(name).name in _TEXT_CODECS:
                return octets.decode(name)
        except (LookupError, ValueError):
            continue
    return octets.decode("latin-1")


def _decode_words(value: str) -> str:
    """Return a field's value with its encoded words (RFC 2047) decoded."""
    if "=?" not in value:
        return value
    return _encoded_word.sub(_decode_word, _between_words.sub("?==?", value))


def _decode_word(found: re.Match[str]) -> str:
    octets = found["text"].encode("latin-1", "replace")
    try:
        octets = binascii.a2b_base64(octets) if found["how"] in "Bb" else binascii.a2b_qp(octets, header=True)
    except binascii.Error:
        return found[0]
    return _decode(octets, found["charset"])


def _strip_tags(html: str) -> str:
    """Return the text that an HTML body shows, lines where it has blocks. Takes time in proportion to its length."""
    shown: list[str] = []
    hidden = ""
    for piece in _tag.split(html):
        tag = _tag_name(piece)
        if tag is None:
            if not hidden:
                shown.append(piece)
        elif not hidden:
            name = tag[2].lower()
            hidden = name if name in _HIDDEN and not tag[1] else ""
            shown.append("\n" if name in _BREAKS else " ")
        elif tag[1] and tag[2].lower() == hidden:
            hidden = ""
    return unescape("".join(shown))


_field: Final = re.compile(r"^([!-9;-~]{1,80})[ \t]*:([^\n]*(?:\n[ \t][^\n]*)*)", re.MULTILINE)
_kind: Final = re.compile(r"[a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+-]{1,60}").match
_PLAIN: Final = ("text/plain",)
_boundary: Final = re.compile(r"""boundary\s*=\s*(?:"([^"]{1,200})"|([^\s;"]{1,200}))""", re.IGNORECASE).search
_charset: Final = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._:+-]{1,40})""", re.IGNORECASE).search
_encoded_word: Final = re.compile(r"=\?(?P<charset>[\w.:+-]{1,40})(?:\*[\w-]*)?\?(?P<how>[BbQq])\?(?P<text>[^?\s]*)\?=")
_between_words: Final = re.compile(r"\?=\s+=\?")
_tag: Final = re.compile(r"(<[a-zA-Z/!][^<>@]*>)")
_tag_name: Final = re.compile(r"<(/?)([a-zA-Z!-][a-zA-Z0-9-]*)").match
_HIDDEN: Final = frozenset(["style", "script", "head", "title"])
_BREAKS: Final = frozenset(["br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "h5", "h6", "table", "pre", "ul", "ol", "hr"])
# Codecs that mail means; some others of Python's are slow, or no charsets at all.
_TEXT_CODECS: Final = frozenset(
    [
        *("ascii", "utf-8", "utf-16", "utf-16-le", "utf-16-be", "iso8859-1", "cp1250", "cp1251", "cp1252", "cp1253", "cp1254"),
        *("cp1255", "cp1256", "cp1257", "cp437", "cp850", "cp866", "cp932", "koi8-r", "koi8-u", "gb2312", "gbk", "gb18030"),
        *("big5", "euc_jp", "shift_jis", "iso2022_jp", "iso2022_jp_1", "iso2022_jp_2", "iso2022_jp_3", "iso2022_jp_ext"),
        *("euc_kr", "iso2022_kr", "cp949", "mac-roman", "tis-620", *(f"iso8859-{number}" for number in range(2, 17))),
    ]
)
