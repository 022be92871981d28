"""What customers may put in headers, and how we write it: no value becomes a second header, every value comes back."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.base.errors import AttachmentInvalid, HeaderInvalid, HeaderReserved, SubjectInvalid
from gateway.engine.headers import (
    RESERVED,
    check_file,
    check_header,
    check_name,
    check_subject,
    format_date,
    write_addresses,
    write_header,
)
from gateway.engine.mailboxes import parse_mailboxes
from gateway.engine.submission import FilePart, Mailbox
from gateway.engine.words import decode_words
from tests.support.letters import NOW, parse

FORBIDDEN = [
    "\r\n",
    "\n",
    "\r",
    "\0",
    "\x0b",
    "\x0c",
    "\x1c",
    "\x1d",
    "\x1e",
    "\x1f",
    "\x7f",
    "\x85",
    "\u2028",
    "\u2029",
    "\ud800",
]

# Text without what check_header refuses.
values = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\u2028\u2029"), max_size=300)


def unfold(octets: bytes) -> str:
    return octets.decode().replace("\r\n", "").partition(":")[2].strip(" ")


def test_it_works() -> None:
    check_header("X-Tag", "spring sale, Grüße")
    assert write_header("X-Tag", "spring sale") == b"X-Tag: spring sale\r\n"


@pytest.mark.parametrize("bad", FORBIDDEN)
def test_a_value_with_a_control_or_line_break_is_refused(bad: str) -> None:
    with pytest.raises(HeaderInvalid, match="The header X-Tag has control characters"):
        check_header("X-Tag", f"a{bad}Bcc: b@example.net")


def test_a_tab_in_a_value_is_allowed() -> None:
    check_header("X-Tag", "a\tb")


@pytest.mark.parametrize("name", ["", "X Tag", "X-Tag:", "X-Tag: v\r\nEvil", "X-Täg", "X-Tag\x00", "a" * 77])
def test_a_name_that_is_not_ftext_is_refused(name: str) -> None:
    with pytest.raises(HeaderInvalid, match="is not valid"):
        check_header(name, "value")


@pytest.mark.parametrize("name", [*RESERVED, "Content-Type", "CONTENT-FOO", "Resent-From", "dKiM-sIgNaTuRe"])
def test_a_header_that_only_we_may_set_is_refused_with_its_name(name: str) -> None:
    with pytest.raises(HeaderReserved, match=re.escape(f"The header {name} may not be set")) as caught:
        check_header(name, "value")
    assert caught.value.field == f"headers.{name}"


@pytest.mark.parametrize("name", ["List-Unsubscribe", "References", "In-Reply-To", "Feedback-ID", "Auto-Submitted"])
def test_headers_of_ids_and_addresses_take_ascii_only(name: str) -> None:
    check_header(name, "<a@example.com>")
    with pytest.raises(HeaderInvalid, match="must be ASCII"):
        check_header(name, "<ä@example.com>")


def test_too_long_values_are_refused() -> None:
    with pytest.raises(HeaderInvalid, match="longer than 10000"):
        check_header("X-Tag", "a " * 5001)
    with pytest.raises(HeaderInvalid, match="has a word longer"):
        check_header("List-Unsubscribe", "<https://example.com/" + "a" * 900)


@pytest.mark.parametrize("bad", FORBIDDEN)
def test_subjects_and_display_names_are_checked_alike(bad: str) -> None:
    with pytest.raises(SubjectInvalid):
        check_subject(f"a{bad}b")
    with pytest.raises(HeaderInvalid):
        check_name(f"a{bad}b")


def test_too_long_subjects_and_display_names_are_refused() -> None:
    with pytest.raises(SubjectInvalid, match="longer than 1000"):
        check_subject("a" * 1001)
    with pytest.raises(HeaderInvalid, match="longer than 250"):
        check_name("a" * 251)


@pytest.mark.parametrize("filename", ["a\r\nb.pdf", "a\0.pdf", "cod\u202exe.doc", "a" * 256, "ä" * 128])
def test_tricky_file_names_are_refused(filename: str) -> None:
    with pytest.raises(AttachmentInvalid):
        check_file(FilePart(filename=filename, content_type="application/pdf", content=b""))


@pytest.mark.parametrize(
    "content_type", ["", "pdf", "text/plain\r\nX: y", "text/plain; a=b\r\n", "a/b; c", 'a/b; c="d\0"', "a/ä"]
)
def test_malformed_file_types_are_refused(content_type: str) -> None:
    with pytest.raises(AttachmentInvalid):
        check_file(FilePart(filename="a", content_type=content_type, content=b""))


@pytest.mark.parametrize("content_type", ["application/pdf", "text/plain; charset=utf-8", 'text/calendar; method="REQUEST"'])
def test_ordinary_file_types_are_taken(content_type: str) -> None:
    check_file(FilePart(filename="a", content_type=content_type, content=b"", content_id="logo@acme"))


@pytest.mark.parametrize("content_id", ["a b", "a>b", "a\r\nb", "ä", "a" * 201])
def test_malformed_content_ids_are_refused(content_id: str) -> None:
    with pytest.raises(AttachmentInvalid):
        check_file(FilePart(filename="a", content_type="image/png", content=b"", content_id=content_id))


@given(values)
def test_every_value_comes_back(value: str) -> None:
    octets = write_header("X-Tag", value)
    assert octets.isascii()
    assert parse(octets + b"\r\n")["X-Tag"] == value.strip(" \t")
    assert decode_words(unfold(octets)) == value.strip(" \t").replace("\t", " ") or "\t" in value


@given(values)
def test_every_written_header_is_one_field_of_short_lines(value: str) -> None:
    octets = write_header("X-Tag", value)
    first, *rest = octets.removesuffix(b"\r\n").split(b"\r\n")
    assert first.startswith(b"X-Tag: ")
    assert all(line[:1] in (b" ", b"\t") and line.strip() for line in rest)
    words = max((len(word) for word in value.split()), default=0)
    assert all(len(line) <= max(78, words + 8) for line in (first, *rest))


@given(values)
def test_encoded_words_are_short_and_split_no_character(value: str) -> None:
    octets = write_header("Subject", "ü" + value)
    for word in unfold(octets).split():
        assert len(word) <= 75
        decode_strictly = parse(b"S: " + word.encode() + b"\r\n\r\n")["S"]
        assert "\ufffd" not in decode_strictly or "\ufffd" in value


def test_text_that_looks_encoded_is_shown_as_it_was_given() -> None:
    value = "=?utf-8?q?=0d=0aBcc:x@example.net?="
    octets = write_header("X-Tag", value)
    assert value.encode() not in octets
    assert decode_words(unfold(octets)) == value


@pytest.mark.parametrize(
    "word",
    [
        "=?utf-7?q?+2AA-?=",
        "=?UTF-7*en?B?KzJBQS0=?=",
        "=?utf-8?q?a?= =?utf-7?q?+2AA-?=",
        "=?raw-unicode-escape?q?=5Cud800?=",
        "=?unicode-escape?q?=5CuD800?=",
    ],
)
def test_words_with_half_a_character_stay_as_they_are(word: str) -> None:
    assert decode_words(f"Hi {word} there") == f"Hi {word} there"


def test_both_halves_of_a_character_are_one() -> None:
    assert decode_words("=?utf-7?q?+2D3?= =?utf-7?q?eAA-?=") == "\U0001f600"


def test_long_ascii_is_folded_at_spaces_and_keeps_them() -> None:
    value = "some  words " * 20
    octets = write_header("X-Tag", value)
    assert octets.count(b"\r\n ") == 3
    assert unfold(octets) == value.strip()


@pytest.mark.parametrize("name", ["Subject", "X-Shop"])
@pytest.mark.parametrize("spaces", [" ", "\t", " \t"])
def test_white_space_too_long_for_a_line_is_encoded(name: str, spaces: str) -> None:
    value = f"a{spaces * 998}b"
    header = write_header(name, value)
    assert max(map(len, header.split(b"\r\n"))) <= 76
    assert "".join(parse(header)[name].split()) == "ab"


def test_white_space_too_long_for_a_line_of_tokens_is_refused() -> None:
    with pytest.raises(HeaderInvalid, match="as much white space"):
        check_header("List-Id", f"<news{' ' * 998}.acme.example>")


def test_a_word_too_long_for_a_line_is_encoded() -> None:
    octets = write_header("X-Tag", "a" * 2000)
    assert max(map(len, octets.split(b"\r\n"))) <= 76
    assert parse(octets + b"\r\n")["X-Tag"] == "a" * 2000


def test_a_list_header_is_never_encoded() -> None:
    value = "<https://example.com/?a=?b>, <mailto:" + "u" * 100 + "@example.com>"
    assert write_header("List-Unsubscribe", value).replace(b"\r\n", b"") == f"List-Unsubscribe: {value}".encode()


def test_the_shorter_encoding_is_taken() -> None:
    assert write_header("Subject", "Summer sale in Köln") == b"Subject: =?utf-8?q?Summer_sale_in_K=C3=B6ln?=\r\n"
    assert write_header("Subject", "爱发信") == b"Subject: =?utf-8?b?54ix5Y+R5L+h?=\r\n"


NAMES = {
    "Jane": b"Jane <a@example.com>",
    "Jane Doe": b"Jane Doe <a@example.com>",
    "Doe, Jane": b'"Doe, Jane" <a@example.com>',
    'Jane "JD" Doe': b'"Jane \\"JD\\" Doe" <a@example.com>',
    "a@example.org": b'"a@example.org" <a@example.com>',
    "Jörg": b"=?utf-8?b?SsO2cmc=?= <a@example.com>",
    "=?utf-8?q?x?=": b"=?utf-8?b?PT91dGYtOD9xP3g/PQ==?= <a@example.com>",
    "": b"a@example.com",
}


@pytest.mark.parametrize("name", NAMES)
def test_display_names_are_quoted_or_encoded_as_they_need(name: str) -> None:
    octets = write_addresses("To", [Mailbox(email="a@example.com", name=name)])
    assert octets == b"To: " + NAMES[name] + b"\r\n"


@given(st.lists(values.map(lambda name: name[:250]), min_size=1, max_size=5))
def test_every_list_of_mailboxes_comes_back(names: list[str]) -> None:
    mailboxes = tuple(Mailbox(email=f"u{i}@example.com", name=name.strip()) for i, name in enumerate(names))
    octets = write_addresses("To", mailboxes)
    found = parse(octets + b"\r\n")["To"].addresses
    assert [one.addr_spec for one in found] == [one.email for one in mailboxes]
    # CPython 3.11 keeps the space between two encoded words of a phrase.
    assert ["".join(one.display_name.split()) for one in found] == ["".join(one.name.split()) for one in mailboxes]
    assert parse_mailboxes(unfold(octets)) == mailboxes
    assert all(len(line) <= 78 for line in octets.split(b"\r\n"))


def test_a_hundred_mailboxes_are_folded() -> None:
    mailboxes = [Mailbox(email=f"user{i}@example.com", name=f"User {i}") for i in range(100)]
    octets = write_addresses("To", mailboxes)
    assert max(map(len, octets.split(b"\r\n"))) <= 76
    assert len(parse(octets + b"\r\n")["To"].addresses) == 100


def test_dates_are_those_of_rfc_5322() -> None:
    assert format_date(NOW) == "Sat, 21 Nov 2026 08:30:05 +0000"
    assert parse(f"Date: {format_date(NOW)}\r\n\r\n".encode())["Date"].datetime == NOW
