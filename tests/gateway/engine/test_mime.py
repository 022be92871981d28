"""MIME bodies: what is built comes back from another parser, in 7-bit lines that any server takes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.dkim import hash_body
from gateway.engine.mime import MimeBody, build_body, build_file, build_text, encode_base64
from gateway.engine.submission import FilePart
from gateway.engine.wire import find_fault
from tests.support.letters import parse, parts_of

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=400)
PDF = FilePart(filename="report.pdf", content_type="application/pdf", content=bytes(range(256)) * 40)
LOGO = FilePart(filename="logo.png", content_type="image/png", content=b"\x89PNG", content_id="logo@acme")


def build(*, text: str = "", html: str = "", files: tuple[FilePart, ...] = ()) -> MimeBody:
    return build_body(text=text, html=html, files=[build_file(file) for file in files], seed="seed")


def octets_of(body: MimeBody) -> bytes:
    return body.head + b"\r\n" + body.body


def same_lines(text: str) -> str:
    """Return text with the line ends that the standard library gives."""
    return re.sub(r"\r\n|\r|\n", "\n", text)


def contents(octets: bytes) -> list[tuple[str, str]]:
    return [(kind, same_lines(content)) for kind, content in parts_of(parse(octets))]


def structure(octets: bytes) -> list[str]:
    return [part.get_content_type() for part in parse(octets).walk()]


def test_it_works() -> None:
    body = build(text="Hello\nJane\n")
    assert body.head == (
        b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n"
    )
    assert body.body == b"Hello\r\nJane\r\n"
    assert body.body_hash == hash_body(body.body)


def test_text_and_html_are_alternatives() -> None:
    octets = octets_of(build(text="Hello\n", html="<p>Grüße</p>\n"))
    assert structure(octets) == ["multipart/alternative", "text/plain", "text/html"]
    assert contents(octets) == [("text/plain", "Hello\n"), ("text/html", "<p>Grüße</p>\n")]


def test_images_stand_beside_the_html_and_files_beside_all() -> None:
    octets = octets_of(build(text="Hello", html='<img src="cid:logo@acme">', files=(PDF, LOGO)))
    assert structure(octets) == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "application/pdf",
    ]
    logo, pdf = list(parse(octets).walk())[-2:]
    assert logo["Content-ID"] == "<logo@acme>"
    assert logo.get_content_disposition() == "inline"
    assert logo.get_content() == LOGO.content
    assert pdf.get_content_disposition() == "attachment"
    assert pdf.get_content() == PDF.content
    assert pdf.get_filename() == "report.pdf"


def test_an_image_without_html_is_attached() -> None:
    assert structure(octets_of(build(text="Hello", files=(LOGO,)))) == ["multipart/mixed", "text/plain", "image/png"]


def test_an_empty_mail_is_still_a_mail() -> None:
    assert octets_of(build()).endswith(b"\r\n\r\n\r\n")


@given(texts, texts)
def test_every_text_comes_back(text: str, html: str) -> None:
    found = contents(octets_of(build(text=text, html=html)))
    given = [("text/plain", same_lines(text))] * bool(text or not html) + [("text/html", same_lines(html))] * bool(html)
    assert [(kind, content.removesuffix("\n")) for kind, content in found] == [
        (kind, content.removesuffix("\n")) for kind, content in given
    ]


@given(texts, texts, st.binary(max_size=300))
def test_everything_built_may_go_on_the_wire(text: str, html: str, content: bytes) -> None:
    file = FilePart(filename="a.bin", content_type="application/octet-stream", content=content)
    octets = octets_of(build(text=text, html=html, files=(file,)))
    assert find_fault(octets) == ""
    assert octets.isascii()
    assert b"\nFrom " not in octets


@given(texts.filter(lambda text: not text.isascii()))
def test_encoded_lines_have_76_characters_at_most(text: str) -> None:
    assert all(len(line) <= 76 for line in build_text(text, "plain").body.split(b"\r\n"))


def encoding_of(text: str) -> bytes:
    found = re.search(rb"Content-Transfer-Encoding: (\S+)", build_text(text, "plain").head)
    assert found is not None
    return found[1]


ENCODINGS = {
    "plain ASCII\n": b"7bit",
    "a" * 998: b"7bit",
    "a" * 999: b"quoted-printable",
    "From here to eternity": b"base64",
    "Hello\nFrom here": b"base64",
    "a\0b and more text that is plain": b"quoted-printable",
    "Some Grüße in a long line of plain text, so that it is mostly ASCII": b"quoted-printable",
    "华为手表": b"base64",
    "ends with a space and ü \nnext \t\n and the rest of it": b"quoted-printable",
    "mostly plain text with ü and\n.\nand more after it\n": b"quoted-printable",
}


@pytest.mark.parametrize("text", ENCODINGS, ids=[repr(text[:20]) for text in ENCODINGS])
def test_each_text_gets_the_encoding_that_fits(text: str) -> None:
    assert encoding_of(text) == ENCODINGS[text]
    assert same_lines(parse(build_text(text, "plain").octets).get_content()).removesuffix("\n") == text.removesuffix("\n")


def test_white_space_at_line_ends_is_quoted() -> None:
    body = build_text("ends with ü \nand ends with a tab\t\nand this is the rest ", "plain").body
    assert body == b"ends with =C3=BC=20\r\nand ends with a tab=09\r\nand this is the rest=20"


def test_a_lone_surrogate_does_no_harm() -> None:
    assert parse(build_text("a\ud800b", "plain").octets).get_content().strip() == "a?b"


FILE_NAMES = {
    "report.pdf": "report.pdf",
    'a "quoted" name.pdf': 'a "quoted" name.pdf',
    "semi;colon=.pdf": "semi;colon=.pdf",
    "Grüße.pdf": "Grüße.pdf",
    "华为手表的说明书.pdf": "华为手表的说明书.pdf",
    "a" * 250 + ".pdf": "a" * 250 + ".pdf",
    "ü" * 120 + ".pdf": "ü" * 120 + ".pdf",
    "../../etc/passwd": "passwd",
    "C:\\temp\\report.pdf": "report.pdf",
    "100% =?utf-8?q?x?=.pdf": "100% =?utf-8?q?x?=.pdf",
    "it's.pdf": "it's.pdf",
}


@pytest.mark.parametrize("name", FILE_NAMES)
def test_file_names_come_back_without_paths(name: str) -> None:
    part = build_file(FilePart(filename=name, content_type="application/pdf", content=b"x"))
    assert parse(part.octets).get_filename() == FILE_NAMES[name]
    assert all(len(line) <= 78 for line in part.head.split(b"\r\n"))


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=80))
def test_every_file_name_comes_back(name: str) -> None:
    part = build_file(FilePart(filename=name, content_type="application/pdf", content=b"x"))
    shown = re.split(r"[/\\]", name)[-1]
    assert parse(part.octets).get_filename() == (shown or None) or shown.strip() != shown
    assert part.head.isascii()


def test_the_plain_fallback_keeps_the_ending() -> None:
    part = build_file(FilePart(filename='rechnung "märz".pdf.exe', content_type="application/pdf", content=b"x"))
    assert b'name="rechnung _m_rz_.pdf.exe"' in part.head


@pytest.mark.parametrize("content_type", ["message/rfc822", "multipart/mixed", "Message/Partial"])
def test_mails_as_files_are_just_octets(content_type: str) -> None:
    part = build_file(FilePart(filename="a.eml", content_type=content_type, content=b"Subject: x\r\n\r\n"))
    assert parse(part.octets).get_content_type() == "application/octet-stream"


def test_parameters_of_the_type_stay() -> None:
    part = build_file(FilePart(filename="a.ics", content_type='text/calendar; method="REQUEST"; name="b.ics"', content=b"x"))
    assert parse(part.octets)["Content-Type"].params == {"method": "REQUEST", "name": "b.ics"}


def test_a_boundary_occurs_in_no_part() -> None:
    text = "--=_seed_a\n--=_seed_a--\n--=_seed_a_\n"
    octets = octets_of(build(text=text, html="<p>x</p>"))
    assert contents(octets)[0] == ("text/plain", text)
    assert b'boundary="=_seed_a__"' in octets


def test_the_same_mail_has_the_same_octets() -> None:
    assert build(text="a", html="b", files=(PDF, LOGO)) == build(text="a", html="b", files=(PDF, LOGO))


def test_base64_is_cut_at_76() -> None:
    assert encode_base64(b"a" * 58).split(b"\r\n") == [b"YWFh" * 19, b"YQ=="]
