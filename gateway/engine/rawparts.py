"""Changes the text parts of a raw mail, and no other octet of it; weighs the others.

Needed where merge fields or tracked links must go into mail that was handed in whole. Signed and encrypted parts, attached
messages, files, and whatever cannot be read for certain stay as they are.
"""

from __future__ import annotations

import binascii
import codecs
import re
from collections.abc import Callable, Iterator, Sequence

from gateway.engine.mime import encode_text, to_lines
from gateway.engine.rawmail import Field, join_fields

Rewrite = Callable[[str, str], str]  # from the kind of a text (plain, html, or FLOWED) and the text to the new text

FLOWED = "flowed"  # plain text whose lines readers' programs join without a space (RFC 3676, DelSp): a URL may go over several

MAX_DEPTH = 20  # multiparts within multiparts; further down nothing is changed
MAX_PARTS = 500  # of one multipart

_HEADER_FIELD = re.compile(rb"([!-9;-~]+):([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)\r\n")
_TYPE = re.compile(rb"[ \t\r\n]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)/([!#$%&'*+.^_`|~0-9A-Za-z-]+)")
_PARAMETER = rb"""(;[ \t\r\n]*%b[ \t]*=[ \t]*)(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))"""
_CHARSET = re.compile(_PARAMETER % b"charset", re.IGNORECASE)
_BOUNDARY = re.compile(_PARAMETER % b"boundary", re.IGNORECASE)
_FORMAT = re.compile(_PARAMETER % b"format", re.IGNORECASE)
_DELSP = re.compile(_PARAMETER % b"delsp", re.IGNORECASE)
_FILE_NAME = re.compile(rb";[ \t\r\n]*filename\*?[0-9*]*[ \t]*=", re.IGNORECASE)
_DELIMITER_END = re.compile(rb"(--)?[ \t]*+(?:\r\n|\Z)")
# Codecs of Python that no mail means, some of them slow.
_NO_CHARSETS = frozenset(("idna", "punycode", "raw-unicode-escape", "unicode-escape", "utf-7"))
_OPAQUE = (b"signed", b"encrypted", b"digest")  # in a digest, what has no type is a message (RFC 2046 5.1.5)


def rewrite_texts(fields: Sequence[Field], body: bytes, rewrite: Rewrite, depth: int = 0) -> tuple[Sequence[Field], bytes]:
    """Return a mail's fields and body with `rewrite` applied to each text that a reader sees.

    Where nothing changes, the very same octets come back.
    """
    content_type = _value_of(fields, b"content-type")
    kind = _TYPE.match(content_type or b"text/plain")
    main, sub = (kind[1].lower(), kind[2].lower()) if kind else (b"", b"")
    if main == b"multipart" and sub not in _OPAQUE and depth < MAX_DEPTH:
        boundary = _parameter(_BOUNDARY, content_type)
        return (fields, _rewrite_multipart(body, boundary, rewrite, depth)) if boundary else (fields, body)
    if main == b"text" and sub in (b"plain", b"html") and not _is_file(fields):
        kind_of_text = FLOWED if sub == b"plain" and _is_flowed(content_type) else sub.decode()
        changed, body = _rewrite_text(fields, body, kind_of_text, rewrite)
        if depth == 0 and changed is not fields and not _value_of(fields, b"mime-version"):
            changed = [(b"MIME-Version", b" 1.0"), *changed]
        return changed, body
    return fields, body


def size_of_files(fields: Sequence[Field], body: bytes, depth: int = 0) -> int:
    """Return how many octets the files of a mail have, decoded: all that is no text which a reader sees."""
    content_type = _value_of(fields, b"content-type")
    kind = _TYPE.match(content_type or b"text/plain")
    main = kind[1].lower() if kind else b""
    boundary = _parameter(_BOUNDARY, content_type) if main == b"multipart" and depth < MAX_DEPTH else b""
    if boundary:
        places = _find_parts(body, boundary)
        parts = filter(None, (_split_part(body[begin:end]) for begin, end in places))
        return sum(size_of_files(*part, depth + 1) for part in parts)
    if main == b"multipart" or (main == b"text" and not _is_file(fields)):
        return 0
    return _decoded_size(body, _value_of(fields, b"content-transfer-encoding").strip().lower())


def _decoded_size(body: bytes, encoding: bytes) -> int:
    if encoding == b"base64":
        return len(body.translate(None, b" \t\r\n=")) * 3 // 4
    return len(binascii.a2b_qp(body) if encoding == b"quoted-printable" else body)


def _value_of(fields: Sequence[Field], name: bytes) -> bytes:
    return next((value for key, value in fields if key.lower() == name), b"")


def _parameter(pattern: re.Pattern[bytes], value: bytes) -> bytes:
    match = pattern.search(value)
    return (match[3] or re.sub(rb"\\(.)", rb"\1", match[2] or b"")) if match else b""


def _is_flowed(content_type: bytes) -> bool:
    return (_parameter(_FORMAT, content_type) + b" " + _parameter(_DELSP, content_type)).lower() == b"flowed yes"


def _is_file(fields: Sequence[Field]) -> bool:
    """Tell whether a part is a file: also one that is to be shown in its place has a name (RFC 2183)."""
    disposition = _value_of(fields, b"content-disposition")
    return disposition.strip().lower().startswith(b"attachment") or _FILE_NAME.search(disposition) is not None


def _rewrite_multipart(body: bytes, boundary: bytes, rewrite: Rewrite, depth: int) -> bytes:
    pieces: list[bytes] = []
    done = 0
    for begin, end in _find_parts(body, boundary):
        pieces += [body[done:begin], _rewrite_part(body[begin:end], rewrite, depth)]
        done = end
    return b"".join([*pieces, body[done:]])


def _find_parts(body: bytes, boundary: bytes) -> Iterator[tuple[int, int]]:
    """Yield where the parts of a multipart begin and end; nothing where its last delimiter is missing."""
    delimiter = b"--" + boundary
    parts: list[tuple[int, int]] = []
    begin = -1
    place = body.find(delimiter)
    while place >= 0 and len(parts) < MAX_PARTS:
        end = _DELIMITER_END.match(body, place + len(delimiter))
        if end is None or (place and body[place - 2 : place] != b"\r\n"):
            place = body.find(delimiter, place + 1)
            continue
        if begin >= 0:
            parts.append((begin, max(begin, place - 2)))  # the CRLF after a delimiter may belong to the next one
        if end[1]:
            yield from parts
            return
        begin = end.end()
        place = body.find(delimiter, begin)


def _rewrite_part(part: bytes, rewrite: Rewrite, depth: int) -> bytes:
    found = _split_part(part)
    if found is None:
        return part
    changed, body = rewrite_texts(*found, rewrite, depth + 1)
    return join_fields(changed) + b"\r\n" + body


def _split_part(part: bytes) -> tuple[Sequence[Field], bytes] | None:
    """Return a part's header and its body; None where they cannot be told from each other for certain."""
    end = 0 if part.startswith(b"\r\n") else part.find(b"\r\n\r\n") + 2
    fields = _HEADER_FIELD.findall(part[:end])
    return None if end == 1 or join_fields(fields) != part[:end] else (fields, part[end + 2 :])


def _rewrite_text(fields: Sequence[Field], body: bytes, kind: str, rewrite: Rewrite) -> tuple[Sequence[Field], bytes]:
    charset = _parameter(_CHARSET, _value_of(fields, b"content-type")).decode("ascii", "replace") or "us-ascii"
    encoding = _value_of(fields, b"content-transfer-encoding").strip().lower() or b"7bit"
    text = _decode(body, encoding, charset)
    new = rewrite(kind, text) if text is not None else None
    if new is None or new == text:
        return fields, body
    new_charset, octets = _encode(to_lines(new), charset)
    new_encoding, encoded = encode_text(octets)
    if (new_charset, new_encoding) != (charset, encoding):
        fields = _describe(fields, new_charset, new_encoding)
    return fields, encoded


def _decode(body: bytes, encoding: bytes, charset: str) -> str | None:
    """Return the text of a part; None where encoding or charset are unknown, or the octets do not fit them."""
    try:
        if codecs.lookup(charset).name in _NO_CHARSETS:
            return None
        if encoding == b"base64":
            body = binascii.a2b_base64(body.translate(None, b" \t\r\n"), strict_mode=True)  # or what stands after it was lost
        elif encoding == b"quoted-printable":
            body = binascii.a2b_qp(body)
        elif encoding not in (b"7bit", b"8bit", b"binary"):
            return None
        return body.decode(charset)
    except (ValueError, LookupError):
        return None


def _encode(text: str, charset: str) -> tuple[str, bytes]:
    """Return `text` in its charset, which HTML may name itself; in UTF-8 where it does not fit, or lines have no CRLF in it."""
    try:
        if "\r\n".encode(charset) == b"\r\n":
            return charset, text.encode(charset)
    except UnicodeEncodeError:
        pass
    return "utf-8", text.encode("utf-8", "replace")


def _describe(fields: Sequence[Field], charset: str, encoding: bytes) -> Sequence[Field]:
    """Return the fields of a text part with its new charset and encoding; all else in Content-Type stays."""
    content_type = _value_of(fields, b"content-type") or b" text/plain"
    new_type = _CHARSET.sub(lambda found: found[1] + charset.encode(), content_type)
    if not _CHARSET.search(content_type):
        new_type = content_type.rstrip(b" \t;") + f"; charset={charset}".encode()
    hidden = (b"content-type", b"content-transfer-encoding")
    kept = [item for item in fields if item[0].lower() not in hidden]
    return [*kept, (b"Content-Type", new_type), (b"Content-Transfer-Encoding", b" " + encoding)]
