"""Text that is not ASCII in headers: encoded words (RFC 2047) and parameter values (RFC 2231). Text in, bytes out, and back."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from urllib.parse import quote_from_bytes

WORD = 75  # octets of one encoded word (RFC 2047 2)
_OVERHEAD = len("=?utf-8?q??=")
_PARAMETER = 52  # octets of a parameter's value in one line
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# A phrase allows the fewest characters as they are (RFC 2047 5 (3)), so what follows holds everywhere.
_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!*+-/")
_Q = tuple("_" if octet == 0x20 else chr(octet) if octet in _PLAIN else f"={octet:02X}" for octet in range(256))
_ENCODED = re.compile(r"=\?([!->@-~]+)\?([bBqQ])\?([!->@-~]*)\?=")
_RUN = re.compile(rf"{_ENCODED.pattern}(?:[ \t]*{_ENCODED.pattern})*")
_HEX = re.compile(rb"=([0-9A-Fa-f]{2})")


def encode_words(text: str, room: int = WORD) -> list[bytes]:
    """Return `text` as encoded words of at most 75 octets, the first of at most `room`; no character is split.

    UTF-8, as Q or B, whichever is shorter.
    """
    octets = text.encode()
    as_q = sum(len(_Q[octet]) for octet in octets) <= (len(octets) + 2) // 3 * 4
    encode = _encode_q if as_q else _encode_b
    return [f"=?utf-8?{'q' if as_q else 'b'}?{piece}?=".encode() for piece in encode(text, room - _OVERHEAD)]


def _encode_q(text: str, room: int) -> Iterator[str]:
    piece = ""
    for character in text:
        code = "".join([_Q[octet] for octet in character.encode()])
        if len(piece) + len(code) > room:
            yield piece
            piece, room = "", WORD - _OVERHEAD
        piece += code
    yield piece


def _encode_b(text: str, room: int) -> Iterator[str]:
    octets = text.encode()
    begin = 0
    while begin < len(octets):
        end = begin + room // 4 * 3
        while end < len(octets) and octets[end] & 0xC0 == 0x80:
            end -= 1
        yield binascii.b2a_base64(octets[begin:end], newline=False).decode()
        begin, room = end, WORD - _OVERHEAD


def decode_words(text: str) -> str:
    """Return `text` with its encoded words decoded, for people and events, never for judgement.

    Words of unknown charset or form stay as they are, as do those that are no text; control characters become one space.
    """
    if "=?" in text:
        text = _RUN.sub(_decode_run, text)
    return _CONTROLS.sub(" ", text)


def _decode_run(run: re.Match[str]) -> str:
    """Decode words that stand side by side: their octets first, as some senders split a character between two."""
    pieces: list[tuple[str, bytes]] = []
    try:
        for charset, encoding, payload in _ENCODED.findall(run[0]):
            octets = _decode_payload(encoding, payload.encode())
            if pieces and pieces[-1][0] == charset.lower():
                octets = pieces.pop()[1] + octets
            pieces.append((charset.lower(), octets))
        text = "".join(octets.decode(charset.partition("*")[0], "replace") for charset, octets in pieces)
        text.encode()  # some charsets, such as UTF-7, spell halves of characters, which nothing can hold
    except (ValueError, LookupError):
        return run[0]
    return text


def _decode_payload(encoding: str, payload: bytes) -> bytes:
    if encoding in "bB":
        return binascii.a2b_base64(payload + b"=" * (-len(payload) % 4))
    return _HEX.sub(lambda code: bytes([int(code[1], 16)]), payload.replace(b"_", b" "))


def encode_parameter(name: str, value: str) -> list[bytes]:
    """Return `name="value"`, or its RFC 2231 form in UTF-8 where the value is long or not plain ASCII; one item a line."""
    if value.isascii() and len(value) <= _PARAMETER and "=?" not in value:
        return [f'{name}="{_escape(value)}"'.encode()]
    pieces = list(_percent(value))
    if len(pieces) == 1:
        return [f"{name}*=utf-8''{pieces[0]}".encode()]
    pieces[0] = "utf-8''" + pieces[0]
    return [f"{name}*{number}*={piece}".encode() for number, piece in enumerate(pieces)]


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')


def _percent(value: str) -> Iterator[str]:
    piece = ""
    for character in value:
        code = quote_from_bytes(character.encode(), safe="")
        if len(piece) + len(code) > _PARAMETER:
            yield piece
            piece = ""
        piece += code
    yield piece
