"""The body of a built mail: text, HTML, inline images and attachments as MIME (RFC 2045, 2046, 2387), in 7-bit octets only.

Bodies are the same for all recipients of a letter without merge fields, so they are values, hashed once for DKIM.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from domains.dkim import hash_body
from gateway.engine import charsets, wire
from gateway.engine.headers import fold
from gateway.engine.meetings import is_calendar
from gateway.engine.submission import FilePart
from gateway.engine.words import encode_parameter

_LINE = 76  # characters of a line of base64
_NOT_ASCII = bytes(range(128))  # deleted from octets, it leaves those that are not ASCII
_CONTROLS = bytes(octet for octet in range(0x20) if octet not in b"\t\r\n") + b"\x7f"
# RFC 2046 5.2.1 and 5.1: these types must not be base64, and must be well formed; as files they are just octets.
_COMPOSITE = ("message/", "multipart/")
_FALLBACK_NAME = re.compile(r"[^A-Za-z0-9._ ()-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A MIME part: its header fields, each ending with CRLF, and its body."""

    head: bytes
    body: bytes = field(repr=False)

    @property
    def octets(self) -> bytes:
        return self.head + b"\r\n" + self.body


@dataclass(frozen=True, slots=True, kw_only=True)
class MimeBody:
    """The body of a mail with the header fields that describe it, and its DKIM hash. `body` ends with CRLF."""

    head: bytes
    body: bytes = field(repr=False)
    body_hash: bytes = field(repr=False)


def build_body(*, text: str, html: str, files: Sequence[Part], seed: str, charset: str = "") -> MimeBody:
    """Return the body of a mail with `text`, `html` or both; boundaries come from `seed`, so the same mail has the same bytes.

    Texts are in `charset`, see build_text. `files` come from build_file; those with a Content-ID stand beside the HTML
    that shows them, and calendars beside the text.
    """
    inline = [file for file in files if html and _is_inline(file)]
    calendars = [file for file in files if _is_calendar(file)]
    attached = [file for file in files if not (html and _is_inline(file)) and not _is_calendar(file)]
    parts = [build_text(text, "plain", charset)] if text or not html else []
    if html:
        shown = build_text(html, "html", charset)
        parts.append(_join("related", [shown, *inline], f"{seed}_r") if inline else shown)
    parts += calendars
    whole = _join("alternative", parts, f"{seed}_a") if len(parts) > 1 else parts[0]
    if attached:
        whole = _join("mixed", [whole, *attached], f"{seed}_m")
    body = whole.body if whole.body.endswith(b"\r\n") else whole.body + b"\r\n"
    return MimeBody(head=b"MIME-Version: 1.0\r\n" + whole.head, body=body, body_hash=hash_body(body))


def build_text(text: str, subtype: str, charset: str = "") -> Part:
    """Return a text part, as it is where it is ASCII, else in quoted-printable or base64, whichever is shorter.

    It is in `charset` (one of charsets.CHARSETS) where that has all its characters, else in UTF-8; ASCII where none is given.
    """
    written, octets = charsets.encode(to_lines(text), charset or charsets.UTF_8)
    named = "us-ascii" if not charset and octets.isascii() else written
    encoding, body = encode_text(octets)
    head = f"Content-Type: text/{subtype}; charset={named}\r\nContent-Transfer-Encoding: ".encode() + encoding + b"\r\n"
    return Part(head=head, body=body)


def to_lines(text: str) -> str:
    """Return `text` with CRLF for every CRLF, CR and LF."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.replace("\n", "\r\n")


def encode_text(octets: bytes) -> tuple[bytes, bytes]:
    """Return the content transfer encoding that fits text octets with CRLF line ends, and the text in it."""
    if octets.isascii() and _is_plain(octets):
        return b"7bit", octets
    above = len(octets.translate(None, _NOT_ASCII))
    if len(octets) + 2 * (above + octets.count(b"=")) <= len(octets) * 1.37:
        # Without any CRLF in its input b2a_qp would break lines with a bare LF.
        encoded = binascii.b2a_qp(octets + b"\r\n", istext=True)[:-2]
        if not _has_from(encoded):
            return b"quoted-printable", encoded
    return b"base64", encode_base64(octets)


def _is_plain(octets: bytes) -> bool:
    """Tell whether ASCII octets may go out as they are."""
    has_controls = len(octets.translate(None, _CONTROLS)) != len(octets)
    return not has_controls and not _has_from(octets) and wire.find_long_line(octets) < 0


def _has_from(octets: bytes) -> bool:
    """Tell whether a line begins with `From `, which mailbox files would turn into `>From `."""
    return octets.startswith(b"From ") or b"\nFrom " in octets


def encode_base64(octets: bytes) -> bytes:
    """Return `octets` in base64, in lines of 76 characters, the last one without CRLF."""
    encoded = binascii.b2a_base64(octets, newline=False)
    return b"\r\n".join([encoded[begin : begin + _LINE] for begin in range(0, len(encoded), _LINE)])


def build_file(file: FilePart) -> Part:
    """Return the part of a file whose name, type and content id were checked."""
    if is_calendar(file):
        return _build_calendar(file)
    content_type = file.content_type
    if content_type.lower().startswith(_COMPOSITE):
        content_type = "application/octet-stream"
    name = file.filename.replace("\\", "/").rpartition("/")[2]
    types = [content_type, *([f'name="{_write_fallback(name)}"'] if name and "name=" not in content_type.lower() else [])]
    disposition = b"inline" if file.content_id else b"attachment"
    names = encode_parameter("filename", name) if name else []
    head = fold("Content-Type", _separate([item.encode() for item in types]))
    head += b"Content-Transfer-Encoding: base64\r\n"
    head += fold("Content-Disposition", _separate([disposition, *names]))
    if file.content_id:
        head += f"Content-ID: <{file.content_id}>\r\n".encode()
    return Part(head=head, body=encode_base64(file.content))


def _build_calendar(file: FilePart) -> Part:
    """Return the part of a calendar: another form of the text, and so without disposition and name (RFC 6047 2.4)."""
    types = [item.strip().encode() for item in file.content_type.split(";")]
    head = fold("Content-Type", _separate(types)) + b"Content-Transfer-Encoding: base64\r\n"
    return Part(head=head, body=encode_base64(file.content))


def _is_calendar(file: Part) -> bool:
    return b"\r\nContent-Disposition: " not in file.head


def _is_inline(file: Part) -> bool:
    return b"\r\nContent-ID: <" in file.head


def _separate(parameters: list[bytes]) -> list[bytes]:
    return [*(parameter + b";" for parameter in parameters[:-1]), parameters[-1]]


def _write_fallback(name: str) -> str:
    """Return a file name in plain ASCII for programs that do not know RFC 2231, with the same ending."""
    stem, dot, ending = name.rpartition(".")
    plain = [_FALLBACK_NAME.sub("_", piece) for piece in (stem, ending)]
    return f"{plain[0][:40]}{dot}{plain[1][:16]}"


def _join(subtype: str, parts: Sequence[Part], seed: str) -> Part:
    """Return parts as one multipart, between boundaries that occur in none of them."""
    octets = [part.octets for part in parts]
    # `=_` occurs in neither quoted-printable nor base64 (RFC 2045 6.7).
    boundary = f"=_{seed}".encode()
    while any(b"--" + boundary in part for part in octets):
        boundary += b"_"
    delimiter = b"--" + boundary
    body = b"".join([delimiter + b"\r\n" + part + b"\r\n" for part in octets]) + delimiter + b"--\r\n"
    kind = parts[0].head.partition(b";")[0].removeprefix(b"Content-Type: ")
    extra = [b'type="%b";' % kind] if subtype == "related" else []  # RFC 2387 3.1
    return Part(head=fold("Content-Type", [f"multipart/{subtype};".encode(), *extra, b'boundary="%b"' % boundary]), body=body)
