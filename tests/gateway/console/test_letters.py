"""Raw mail taken apart: any bytes yield a letter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.console.files import fit_name, give_file
from gateway.console.letters import MOST_PARTS, read_letter

MIXED = (
    b"From: a@acme.example\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nDate: Sat, 21 Nov 2026 10:00:00 +0100\r\n"
    b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"
    b"--x\r\nContent-Type: text/plain; charset=latin-1\r\n\r\ngr\xfc\xdfe\r\n"
    b"--x\r\nContent-Type: text/html\r\n\r\n<b>bold</b>\r\n"
    b"--x\r\nContent-Type: image/png\r\nContent-ID: <logo>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw==\r\n"
    b"--x\r\nContent-Type: text/plain; name=note.txt\r\n\r\nnot the body\r\n"
    b"--x\r\nContent-Type: message/rfc822\r\n\r\nSubject: inside\r\n\r\nhello\r\n--x--\r\n"
)
WORDS = [
    b"Subject:",
    b"Content-Type:",
    b" multipart/mixed;",
    b" boundary=",
    b"x",
    b"--x",
    b"\r\n",
    b"\n",
    b"=?utf-8?b?",
    b"?=",
    b"\x00",
]


def test_it_works() -> None:
    letter = read_letter(MIXED)
    assert letter.header("subject") == "Grüße"
    assert letter.text.strip() == "grüße"
    assert letter.html.strip() == "<b>bold</b>"
    assert [file.filename for file in letter.files] == ["part-1", "note.txt", "message.eml"]
    assert letter.images == {"logo": "data:image/png;base64,iVBORw=="}
    assert b"hello" in letter.files[2].content
    assert not letter.problem


@given(st.binary(max_size=2_000))
def test_any_bytes_are_a_letter(raw: bytes) -> None:
    letter = read_letter(raw)
    assert not letter.headers or raw


@given(st.lists(st.sampled_from(WORDS) | st.binary(max_size=8), max_size=60))
def test_anything_like_a_mail_is_a_letter(words: list[bytes]) -> None:
    letter = read_letter(b"".join(words))
    assert len(letter.files) <= MOST_PARTS
    assert letter.images == {} or letter.files


@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Type: text/plain; charset=klingon\r\n\r\nhello",
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!",
        b"Content-Type: multipart/mixed; boundary=\r\n\r\n--\r\n\r\nx",
        b"Subject: =?klingon?b?AAAA?=\r\n\r\nx",
        b"Subject: =?utf-8?b?A?=\r\n\r\nx",
        b"Date: Sat, 99 Foo 9999999999 10:00:00\r\n\r\nx",
        b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x",
        b"Content-Type: text/plain; name*0*=utf-8''%FF; name*1=x\r\n\r\nx",
        b"Content-Disposition: attachment; filename*=klingon''%41\r\n\r\nx",
        b"\xff\xfe: \xff\r\n\r\n\xff",
        b"Content-Type: message/rfc822\r\n\r\nContent-Type: multipart/mixed\r\n\r\nThis \xff\r\n",
    ],
)
def test_poison_is_a_letter(raw: bytes) -> None:
    letter = read_letter(raw)
    assert letter.text or letter.files or letter.headers


def test_half_a_character_is_none() -> None:
    """UTF-7 can spell one half of a pair, which no page can be encoded with."""
    letter = read_letter(b"Subject: =?utf-7?q?+2AA-?=\r\nContent-Type: text/plain; charset=utf-7\r\n\r\n+2AA-\r\n")
    assert ("Subject", "?") in letter.headers
    letter.text.encode()


def test_deep_nesting_is_bounded() -> None:
    part = b"--a\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n"
    letter = read_letter(b"Subject: deep\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n" + part * 1_500)
    assert len(letter.files) <= MOST_PARTS


def test_what_the_parser_cannot_take_is_a_letter_with_a_problem() -> None:
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(1_500))
    assert "RecursionError" in read_letter(nested).problem


@pytest.mark.parametrize(
    ("given", "fit"),
    [
        ("../../etc/passwd", "_.._etc_passwd"),
        ("a\r\nX: y", "a_X: y"),
        ("photo\u202egpj.exe", "photo_gpj.exe"),
        ("", "file"),
        ("...", "file"),
        ("\ud800x", "?x"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
    ],
)
def test_names_lose_what_could_act(given: str, fit: str) -> None:
    assert fit_name(given) == fit


@given(st.text(), st.text())
def test_any_name_and_type_are_a_download(filename: str, content_type: str) -> None:
    answer = give_file(b"x", filename, content_type)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "\n" not in answer.headers["Content-Type"]
