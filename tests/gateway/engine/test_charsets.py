"""Charsets of texts: the customer's, where it has all characters."""

from __future__ import annotations

import codecs
import encodings
from email import message_from_bytes
from email.message import Message
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.engine.accept import accept
from gateway.engine.charsets import CHARSETS, encode, find_charset, fits
from gateway.engine.mime import build_body
from gateway.engine.wire import find_fault
from gateway.models import Message as Stored
from tests.gateway.engine.conftest import Make


@pytest.mark.parametrize("codec", CHARSETS)
def test_every_charset_is_known_by_its_name_and_has_ascii(codec: str) -> None:
    name = CHARSETS[codec]
    assert codecs.lookup(name).name == codec
    assert find_charset(name.upper()) == name
    assert encode("A b\r\n~", name)[1].decode(name) == "A b\r\n~"
    assert "\r\n".encode(name) == b"\r\n"


@pytest.mark.parametrize(
    ("name", "charset"),
    [
        ("UTF8", "utf-8"),
        (" Latin1 ", "iso-8859-1"),
        ("cp1252", "windows-1252"),
        ("EUC-CN", "gb2312"),
        ("SJIS", "shift_jis"),
        ("ANSI_X3.4-1986", "us-ascii"),
    ],
)
def test_a_charset_goes_by_any_of_its_names(name: str, charset: str) -> None:
    assert find_charset(name) == charset


@pytest.mark.parametrize("name", ["", "nothing", "utf-7", "utf-16", "rot13", "base64", "idna", "a\0b", "unicode-escape", "💌"])
def test_what_no_mail_is_written_in_is_none(name: str) -> None:
    assert find_charset(name) is None


def test_names_that_are_none_are_not_remembered() -> None:
    before = set(encodings._cache)  # type: ignore[attr-defined]  # of codecs.lookup, which never forgets
    assert not any(find_charset(f"nothing-{number}") for number in range(100))
    assert set(encodings._cache) == before  # type: ignore[attr-defined]


def built(text: str, html: str, charset: str) -> Message:
    body = build_body(text=text, html=html, files=(), seed="s", charset=charset)
    octets = body.head + b"\r\n" + body.body
    assert octets.isascii()
    assert find_fault(octets) == ""
    return message_from_bytes(octets, policy=default)


TEXTS = {
    "us-ascii": "Hello\n",
    "utf-8": "Grüße 你好 ✉\n",
    "iso-8859-1": "Grüße, à bientôt\n",
    "windows-1252": "“Grüße” – 5 €\n",
    "iso-8859-15": "5 €\n",
    "koi8-r": "Привет\n",
    "gb2312": "你好，世界\n",
    "gb18030": "你好 ✉\n",
    "big5": "你好\n",
    "iso-2022-jp": "こんにちは\nFrom ここ\n",
    "shift_jis": "表示ソ\n",
    "euc-kr": "안녕하세요\n",
}


@pytest.mark.parametrize("charset", TEXTS)
def test_a_text_is_in_the_charset_that_was_asked_for(charset: str) -> None:
    text = TEXTS[charset]
    for part in built(text, f"<p>{text}</p>\n", charset).walk():
        if part.get_content_maintype() == "text":
            assert part.get_content_charset() == charset
            octets = part.get_payload(decode=True)
            assert isinstance(octets, bytes)
            assert text.replace("\n", "\r\n").strip() in octets.decode(charset)


def test_each_text_that_does_not_fit_is_in_utf_8() -> None:
    plain, html = built("Grüße\n", "<p>你好</p>\n", "iso-8859-1").iter_parts()  # type: ignore[attr-defined]
    assert (plain.get_content_charset(), html.get_content_charset()) == ("iso-8859-1", "utf-8")
    assert html.get_content().strip() == "<p>你好</p>"


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=60), charset=st.sampled_from(sorted(CHARSETS.values())))
def test_any_text_arrives_in_any_charset(text: str, charset: str) -> None:
    written, octets = encode(text, charset)
    assert octets.decode(written) == text
    assert fits([text], charset) == (written == charset)
    built(text, "", charset)


def test_a_message_says_where_its_charset_lacks_characters(make: Make) -> None:
    accept([make(text="你好", charset="iso-8859-1"), make(text="Grüße", charset="iso-8859-1")])
    accept([make(text="[a]", variables={"a": "你好"}, charset="iso-8859-1")])
    note = "Some characters are not in iso-8859-1: texts that have them are in UTF-8."
    assert list(Stored.objects.order_by("pk").values_list("note", flat=True)) == [note, "", note]
