"""Any mail that is handed in whole: what is filled in or tracked are its texts, and every other octet stays as it was.

Trees of parts are drawn, and spelled as the pieces that must stay and the texts that may change between them.
"""

from __future__ import annotations

import base64
import quopri
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import count
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.engine.compose import Composer
from gateway.engine.submission import Clicks, Syntax
from gateway.engine.track import Plan, Tracker
from gateway.engine.wire import find_fault
from tests.support.letters import make_copy, make_letter

HEADER = (
    b"X-Odd:  kept as it is \r\nFrom: Acme <news@acme.example>\r\nTo: jane@example.net\r\nSubject: Hello\r\n"
    b"Date: Sun, 22 Nov 2026 08:00:00 +0000\r\nMessage-ID: <1@acme.example>\r\nMIME-Version: 1.0\r\n"
)
FIELD, VALUE = "%name%", "Jörg <b>华为 %name%"
LINK = "https://shop.example/?a=1"

# What each charset can say beyond ASCII.
_WORDS = {
    "us-ascii": "Hello",
    "utf-8": "Grüße 华为",
    "iso-8859-1": "Grüße",
    "windows-1252": "“Grüße”",
    "koi8-r": "Привет",
    "gb2312": "华为",
    "gb18030": "华为",
    "big5": "華",
    "shift_jis": "日本",
    "iso-2022-jp": "日本",
}
# Parts that are never touched, each by its header.
_OPAQUE = (
    'Content-Type: text/plain; charset=utf-8; name="a %name%.txt"\r\nContent-Disposition: attachment\r\n',
    'Content-Type: text/html\r\nContent-Disposition: inline; filename="a.html"\r\n',
    "Content-Type: application/pdf\r\nContent-Transfer-Encoding: 8bit\r\n",
    "Content-Type: message/rfc822\r\n",
    "Content-Type: text/calendar; method=REQUEST\r\n",
    "Content-Type: text/plain; charset=nonsense\r\n",
    "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: x-unknown\r\n",
)


@dataclass(frozen=True)
class Text:
    """A text that a reader sees, as it stands in a mail: header, encoded body, and what that says."""

    head: bytes
    body: bytes
    says: str
    is_html: bool


@dataclass(frozen=True)
class Multipart:
    """Parts within a part."""

    subtype: str
    parts: list[Any]  # of Text, bytes and Multipart


Piece = bytes | Text


@st.composite
def draw_text(draw: st.DrawFn) -> Text:
    """Draw a part that a reader sees, in some charset and encoding."""
    charset, is_html = draw(st.sampled_from(list(_WORDS))), draw(st.booleans())
    words = [_WORDS[charset], FIELD, f" {LINK} ", f'<a href="{LINK}">', "%other%", "100%", " ", "=41", "\r\n"]
    says = "".join(draw(st.lists(st.sampled_from(words), max_size=8)))
    octets = says.encode(charset)
    encoding = draw(st.sampled_from(["base64", "quoted-printable", "8bit", *(["7bit", ""] if octets.isascii() else [])]))
    named = draw(st.sampled_from([charset, f'"{charset.upper()}"']))
    head = f"Content-Type: text/{'html' if is_html else 'plain'}; charset={named}\r\n"
    head += f"X-Part:  1 \r\nContent-transfer-ENCODING: {encoding}\r\n" if encoding else ""
    return Text(head.encode() + b"\r\n", _encode(octets, encoding), says, is_html)


def _encode(octets: bytes, encoding: str) -> bytes:
    if encoding == "base64":
        return base64.encodebytes(octets).replace(b"\n", b"\r\n")
    if encoding == "quoted-printable":
        return quopri.encodestring(octets.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    return octets


@st.composite
def draw_opaque(draw: st.DrawFn) -> bytes:
    """Draw a part that is never touched, with what would be filled in or tracked if it were."""
    scraps = [b"%name%", b"\xff\xfe", b" ", b"\r\n", b"<a href='https://shop.example/'>", b"x"]
    return draw(st.sampled_from(_OPAQUE)).encode() + b"\r\n" + b"".join(draw(st.lists(st.sampled_from(scraps), max_size=9)))


def draw_multipart(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Multipart]:
    subtypes = st.sampled_from(["mixed", "alternative", "related", "signed"])
    return st.builds(Multipart, subtypes, st.lists(inner, min_size=1, max_size=3))


def cut(tree: Multipart) -> list[Piece]:
    """Return a mail as what must stay and the texts between it; every boundary is another one."""
    return [HEADER, *_cut(tree, count()), b"\r\n"]


def _cut(part: Any, numbers: Iterator[int]) -> list[Piece]:
    if not isinstance(part, Multipart):
        return [part]
    boundary = f"=_{next(numbers)}_b"
    head = f'Content-Type: multipart/{part.subtype};\r\n\tboundary="{boundary}"\r\n\r\n%name% preamble'
    pieces: list[Piece] = [head.encode()]
    for inner in part.parts:
        pieces += [f"\r\n--{boundary}\r\n".encode(), *_cut(inner, numbers)]
    pieces.append(f"\r\n--{boundary}--\r\n%name% epilogue".encode())
    return [join(pieces)] if part.subtype == "signed" else pieces


def join(pieces: list[Piece]) -> bytes:
    return b"".join(piece if isinstance(piece, bytes) else piece.head + piece.body for piece in pieces)


LEAF = draw_text() | draw_opaque()
MAIL = draw_multipart(LEAF | st.recursive(LEAF, draw_multipart, max_leaves=6)).map(cut)


def compose(raw: bytes, plan: Plan | None = None, **changes: Any) -> bytes:
    """Return the mail that goes out, without the field that we put on top of it."""
    letter = make_letter(raw=raw, text="", subject="", account_id=7, **changes)
    composer = Composer(Tracker(lambda _: plan)) if plan else Composer()
    wire = composer.compose(make_copy(letter), ()).wire
    assert find_fault(wire) == ""
    assert wire.startswith(b"Received: ")
    return wire[wire.index(b"X-Odd:") :]


def check(pieces: list[Piece], sent: bytes, may_change: Callable[[Text], bool]) -> list[tuple[Text, str]]:
    """Check that what may not change did not; return the texts, each with what became of it."""
    became: list[tuple[Text, str]] = []
    place = 0
    for number, piece in enumerate(pieces):
        if isinstance(piece, Text) and may_change(piece):
            stays = pieces[number + 1]  # the next delimiter, which no other part has
            assert isinstance(stays, bytes)
            end = sent.index(stays, place)
            became.append((piece, _read(sent[place:end])))
            place = end
        else:
            octets = join([piece])
            assert sent.startswith(octets, place), (octets, sent[place:][: len(octets) + 100])
            place += len(octets)
    assert place == len(sent)
    return became


def _read(octets: bytes) -> str:
    part = message_from_bytes(octets, policy=policy.default)
    assert isinstance(part, EmailMessage)
    assert part.defects == []
    return _lines(part.get_content())


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").rstrip("\n")


@given(MAIL)
def test_a_mail_without_orders_keeps_every_octet(pieces: list[Piece]) -> None:
    raw = join(pieces)
    assert compose(raw) == raw
    ordered = b"Bcc: hidden@example.com\r\nX-SMTPAPI: e30=\r\nX-STes-TrackOpen: no\r\n"
    assert compose(raw.replace(b"Subject:", ordered + b"Subject:", 1)) == raw


@given(MAIL)
def test_values_touch_texts_alone(pieces: list[Piece]) -> None:
    sent = compose(join(pieces), syntax=Syntax.SENDCLOUD, variables={"name": VALUE, "stranger": "x"})
    for text, says in check(pieces, sent, lambda text: FIELD in text.says):
        value = VALUE.replace("<", "&lt;").replace(">", "&gt;") if text.is_html else VALUE
        assert says == _lines(text.says.replace(FIELD, value))


@given(MAIL)
def test_tracking_touches_texts_alone(pieces: list[Piece]) -> None:
    plan = Plan(base="https://track.acme.example", opens=True, clicks=Clicks.BOTH)
    sent = compose(join(pieces), plan)
    first = next((piece for piece in pieces if isinstance(piece, Text) and piece.is_html), None)
    became = check(pieces, sent, lambda text: text is first or LINK in text.says)
    assert sum(says.count("/t/o/") for _, says in became) == (first is not None)
    for text, says in became:
        links = text.says.count(f'<a href="{LINK}') if text.is_html else text.says.count(LINK)
        assert says.count("/t/c/") == links
        assert says.count(LINK) == text.says.count(LINK) - links
