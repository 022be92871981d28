"""A raw mail taken apart to be looked at. For eyes only: nothing that is sent or decided ever comes from here.

Python's parser raises on some of what strangers send; here every mail yields a Letter, if need be one with just its source.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.errors import HeaderParseError, MessageError
from email.header import decode_header, make_header
from email.message import Message as Part
from itertools import islice

MOST_READ = 8_000_000  # bytes of a mail that are parsed
MOST_PARTS = 200
MOST_HEADERS = 200
MOST_TEXT = 400_000  # characters of a body
MOST_IMAGES = 2_000_000  # bytes of inline images that a preview holds

# What the standard library's parser and decoders were seen to raise on malformed mail.
FAULTS = (MessageError, LookupError, ValueError, TypeError, AttributeError, RecursionError)
IMAGES = {"image/png", "image/jpeg", "image/gif", "image/webp"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFile:
    """A file in a mail; `number` names it among the files of its mail, from 0."""

    number: int
    filename: str
    content_type: str
    content: bytes = field(repr=False)
    content_id: str = ""

    @property
    def size(self) -> int:
        return len(self.content)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail's headers, decoded and in order, its first text and HTML bodies, and its files."""

    headers: tuple[tuple[str, str], ...] = ()
    text: str = ""
    html: str = ""
    files: tuple[LetterFile, ...] = ()
    problem: str = ""  # why it could not be read in full

    def header(self, name: str) -> str:
        """Return the first header of that name (in lower case), an empty text where there is none."""
        return next((value for key, value in self.headers if key.lower() == name), "")

    @property
    def images(self) -> dict[str, str]:
        """Return the data: URLs of the inline images, by Content-ID."""
        urls, room = {}, MOST_IMAGES
        for file in self.files:
            if file.content_id and file.content_type in IMAGES and file.size <= room:
                urls[file.content_id] = data_url(file.content_type, file.content)
                room -= file.size
        return urls


def read_letter(raw: bytes) -> Letter:
    """Take a raw mail apart; what cannot be read is left out, and `problem` says so."""
    try:
        mail = message_from_bytes(raw[:MOST_READ])
        headers = tuple((name, decode_words(value)) for name, value in islice(mail.items(), MOST_HEADERS))
        text, html, files = _sort(mail)
    except FAULTS as fault:
        return Letter(problem=f"This mail cannot be taken apart ({type(fault).__name__}); its source is all there is.")
    return Letter(headers=headers, text=text, html=html, files=files)


def decode_words(value: object) -> str:
    """Return a header's value with its encoded words (RFC 2047) decoded; as it stands where they are malformed."""
    text = " ".join(str(value).splitlines())
    try:
        return _printable(str(make_header(decode_header(text)))).replace("\0", "")
    except (HeaderParseError, *FAULTS):
        return text


def data_url(content_type: str, content: bytes) -> str:
    """Return a data: URL (RFC 2397) of these bytes."""
    return f"data:{content_type};base64,{base64.b64encode(content).decode()}"


def _sort(mail: Part) -> tuple[str, str, tuple[LetterFile, ...]]:
    bodies: dict[str, str] = {}
    files: list[LetterFile] = []
    for part in islice(_leaves(mail), MOST_PARTS):
        kind = part.get_content_type()
        if kind in {"text/plain", "text/html"} and kind not in bodies and not _is_attached(part):
            bodies[kind] = _text_of(part)
        else:
            files.append(_file_of(part, len(files)))
    return bodies.get("text/plain", ""), bodies.get("text/html", ""), tuple(files)


def _leaves(mail: Part) -> Iterator[Part]:
    """Yield the parts that hold something, in order; nested mails stay whole. Not recursive: nesting has no limit."""
    waiting: list[Part] = [mail]
    while waiting:
        part = waiting.pop()
        inner = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(inner, list):
            waiting.extend(item for item in reversed(inner) if isinstance(item, Part))
        else:
            yield part


def _is_attached(part: Part) -> bool:
    return part.get_content_disposition() == "attachment" or bool(part.get_filename())


def _text_of(part: Part) -> str:
    content = _bytes_of(part)
    try:
        text = content.decode(part.get_content_charset() or "utf-8", "replace")
    except LookupError:
        text = content.decode("latin-1")
    return _printable(text[:MOST_TEXT]).replace("\0", "\ufffd")


def _printable(text: str) -> str:
    """Return a text without lone surrogates, which some charsets decode to, and which no page can have."""
    return text.encode(errors="replace").decode()


def _file_of(part: Part, number: int) -> LetterFile:
    content_type = part.get_content_type()
    content = _bytes_of(part)
    name = decode_words(part.get_filename() or "") or (
        "message.eml" if content_type == "message/rfc822" else f"part-{number + 1}"
    )
    content_id = str(part.get("Content-ID", "")).strip().strip("<>")
    return LetterFile(number=number, filename=name, content_type=content_type, content=content, content_id=content_id)


def _bytes_of(part: Part) -> bytes:
    payload = part.get_payload(decode=True)
    if isinstance(payload, bytes):
        return payload
    inner = part.get_payload()
    return b"\n".join(_write(item) for item in inner if isinstance(item, Part)) if isinstance(inner, list) else b""


def _write(mail: Part) -> bytes:
    """Return a mail within a mail as bytes; empty where the standard library cannot write what it has read."""
    try:
        return mail.as_bytes()
    except FAULTS:
        return b""
