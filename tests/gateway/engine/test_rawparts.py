"""Text in raw mail is changed where a reader sees it, and no other octet is."""

from __future__ import annotations

import base64
import quopri

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.engine.rawmail import Field, join_fields, read_raw
from gateway.engine.rawparts import rewrite_texts, size_of_files
from tests.support.letters import parse, parts_of

FROM = b"From: a@acme.example\r\n"
MIXED = (
    FROM + b'Content-Type: multipart/mixed; boundary="out er"\r\n'
    b"\r\n"
    b"A preamble with NAME.\r\n"
    b"--out er\r\n"
    b"Content-Type: multipart/alternative;\r\n\tboundary=inner\r\n\r\n"
    b"--inner\r\n\r\nHello NAME\r\n"
    b"--inner  \r\nContent-type: TEXT/HTML; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\nX-Odd:kept  \r\n\r\n"
    + base64.b64encode("<p>Grüße NAME</p>".encode())
    + b"\r\n--inner--\r\n"
    b"--out er\r\n"
    b'Content-Type: text/plain; name="NAME.txt"\r\nContent-Disposition: attachment\r\n\r\nNAME\r\n'
    b"--out er\r\nContent-Type: message/rfc822\r\n\r\nSubject: NAME\r\n\r\nNAME\r\n"
    b"--out er\r\nContent-Type: multipart/signed; boundary=sig\r\n\r\n--sig\r\n\r\nNAME\r\n--sig--\r\n"
    b"--out er--\r\n"
    b"An epilogue with NAME.\r\n"
)


def rewrite(raw: bytes, old: str = "NAME", new: str = "Jane") -> bytes:
    head = read_raw(raw, max_size=len(raw))
    fields, body = rewrite_texts(head.fields, raw[head.body :], lambda _, text: text.replace(old, new))
    return join_fields(fields) + b"\r\n" + body


def single(content_type: str, encoding: str, body: bytes) -> bytes:
    return FROM + f"Content-Type: {content_type}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode() + body


def test_it_works() -> None:
    assert rewrite(FROM + b"\r\nHello NAME\r\n").endswith(b"\r\n\r\nHello Jane\r\n")


def test_only_what_a_reader_sees_is_changed() -> None:
    changed = rewrite(MIXED)
    assert changed.count(b"NAME") == 7
    assert b"Hello Jane\r\n--inner  \r\n" in changed
    assert ("text/html", "<p>Grüße Jane</p>") in list(parts_of(parse(changed)))


def test_all_else_keeps_its_octets() -> None:
    changed = rewrite(MIXED)
    assert changed.partition(b"--inner\r\n")[0] == MIXED.partition(b"--inner\r\n")[0]
    assert changed.partition(b"--inner--")[2] == MIXED.partition(b"--inner--")[2]
    assert b"X-Odd:kept  \r\n" in changed


def test_mail_without_anything_to_change_keeps_its_octets() -> None:
    assert rewrite(MIXED, "nowhere", "x") == MIXED


@pytest.mark.parametrize(
    ("content_type", "encoding", "body"),
    [
        ("text/plain; charset=utf-8", "8bit", "Grüße NAME\r\n".encode()),
        ("text/plain; charset=iso-8859-1", "8bit", "Grüße NAME\r\n".encode("latin-1")),
        ("text/plain; charset=utf-8; format=flowed", "quoted-printable", quopri.encodestring("Grüße NAME\n".encode())),
        ('text/plain; CharSet="GB2312"', "base64", base64.b64encode("华为 NAME\n".encode("gb2312")) + b"\r\n"),
        ("text/plain; charset=iso-2022-jp", "7bit", "日本 NAME\r\n".encode("iso-2022-jp")),
        ("text/plain; charset=utf-16", "base64", base64.b64encode("Grüße NAME\n".encode("utf-16"))),
    ],
)
def test_charsets_and_encodings_are_understood(content_type: str, encoding: str, body: bytes) -> None:
    raw = single(content_type, encoding, b"".join(line + b"\r\n" for line in body.splitlines()))
    before, after = (parse(octets).get_content() for octets in (raw, rewrite(raw)))
    assert after.strip() == before.replace("NAME", "Jane").strip()


def test_the_charset_is_kept_where_it_can_say_it() -> None:
    raw = single("text/plain; charset=iso-8859-1", "8bit", b"NAME\r\n")
    assert b"charset=iso-8859-1\r\n" in rewrite(raw, new="Jörg")
    assert b"charset=utf-8\r\n" in rewrite(raw, new="华为")


def test_the_mail_becomes_mime_where_it_was_not() -> None:
    changed = rewrite(FROM + b"\r\nHello NAME\r\n", new="Jörg")
    assert parse(changed).get_content().strip() == "Hello Jörg"
    assert parse(changed)["MIME-Version"] == "1.0"


@pytest.mark.parametrize(
    ("content_type", "encoding", "body"),
    [
        ("text/plain; charset=nonsense", "7bit", b"NAME\r\n"),
        ("text/plain; charset=unicode_escape", "7bit", b"NAME \\u0041\r\n"),
        ("text/plain; charset=utf-8", "8bit", b"NAME \xff\r\n"),
        ("text/plain", "uuencode", b"NAME\r\n"),
        ("text/plain; charset=utf-8", "base64", b"NAME\xc3\r\n"),
        ("text/plain; charset=utf-8", "base64", base64.b64encode(b"NAME!") + b"\r\n-- \r\nOur list\r\n"),
        ("text/calendar", "7bit", b"NAME\r\n"),
        ("nonsense", "7bit", b"NAME\r\n"),
        ("multipart/mixed", "7bit", b"--x\r\n\r\nNAME\r\n--x--\r\n"),
        ("multipart/mixed; boundary=x", "7bit", b"--x\r\n\r\nNAME\r\n"),
        ("multipart/mixed; boundary=x", "7bit", b"--x\r\nNAME\r\n--x--\r\n"),
        ("multipart/digest; boundary=x", "7bit", b"--x\r\n\r\nSubject: NAME\r\n\r\nNAME\r\n--x--\r\n"),
        ("multipart/encrypted; boundary=x", "7bit", b"--x\r\n\r\nNAME\r\n--x--\r\n"),
    ],
)
def test_what_cannot_be_read_for_certain_stays(content_type: str, encoding: str, body: bytes) -> None:
    raw = single(content_type, encoding, body)
    assert rewrite(raw) == raw


@pytest.mark.parametrize(
    "disposition",
    ["inline; filename=notes.txt", 'inline;\r\n\tFileName="NAME.txt"', "inline; filename*=utf-8''%C3%A4", "ATTACHMENT"],
)
def test_a_file_stays_where_it_is_shown(disposition: str) -> None:
    raw = FROM + f"Content-Disposition: {disposition}\r\n\r\nNAME\r\n".encode()
    assert rewrite(raw) == raw
    assert rewrite(raw.replace(disposition.encode(), b"inline")).endswith(b"\r\n\r\nJane\r\n")


@pytest.mark.parametrize(
    ("content_type", "kind"),
    [
        ("text/plain; format=flowed; delsp=yes", "flowed"),
        ('TEXT/PLAIN; DelSp="Yes"; charset=us-ascii; Format=Flowed', "flowed"),
        ("text/plain; format=flowed", "plain"),
        ("text/plain; format=flowed; delsp=no", "plain"),
        ("text/plain; delsp=yes", "plain"),
        ("text/html; format=flowed; delsp=yes", "html"),
    ],
)
def test_the_kind_of_a_text_says_whether_its_lines_are_joined(content_type: str, kind: str) -> None:
    _, body = rewrite_texts([(b"Content-Type", content_type.encode())], b"x", lambda kind, _: kind)
    assert body == kind.encode()


def test_deep_nesting_ends() -> None:
    raw = FROM + b"Content-Type: multipart/mixed; boundary=b0\r\n\r\n"
    for depth in range(1, 1000):
        raw += b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (depth - 1, depth)
    for depth in reversed(range(1000)):
        raw += b"--b%d--\r\n" % depth
    assert rewrite(raw) == raw


def test_adjacent_delimiters_are_empty_parts() -> None:
    raw = single("multipart/mixed; boundary=x", "7bit", b"--x\r\n--x\r\n\r\nNAME\r\n--x\r\n\r\n\r\n--x--\r\n")
    assert rewrite(raw) == raw.replace(b"NAME", b"Jane")


@given(
    st.lists(st.sampled_from([b"--x", b"--x--", b"\r\n", b"\r\n\r\n", b"NAME", b" ", b"Content-Type: text/html"]), max_size=20)
)
def test_any_body_loses_nothing(pieces: list[bytes]) -> None:
    body = b"".join(pieces)
    fields: list[Field] = [(b"Content-Type", b" multipart/mixed; boundary=x")]
    same, unchanged = rewrite_texts(fields, body, lambda _, text: text)
    assert (same, unchanged) == (fields, body)


# Files ----------------------------------------------------------------------------------------------------------------


def weigh(raw: bytes) -> int:
    head = read_raw(raw, max_size=len(raw))
    return size_of_files(head.fields, raw[head.body :])


def test_files_are_weighed_as_they_were_before_they_were_encoded() -> None:
    attached = len(b"NAME") + len(b"Subject: NAME\r\n\r\nNAME")
    assert weigh(MIXED) == attached
    files = (
        (b"base64", base64.encodebytes(b"x" * 1000).replace(b"\n", b"\r\n"), 1000),
        (b"base64", base64.b64encode(b"x" * 7), 7),
        (b"quoted-printable", b"=00=01", 2),
        (b"7bit", b"abc", 3),
    )
    parts = b"".join(
        b"--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: %b\r\n\r\n%b\r\n" % (encoding, body.rstrip())
        for encoding, body, _ in files
    )
    mail = FROM + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHello\r\n" + parts + b"--b--\r\n"
    assert weigh(mail) == sum(size for *_, size in files)


@pytest.mark.parametrize(
    "raw",
    [
        FROM + b"\r\nHello\r\n",
        single("text/html", "7bit", b"<p>Hello</p>\r\n"),
        single("multipart/mixed", "7bit", b"no boundary\r\n"),
        single("multipart/mixed; boundary=b", "7bit", b"--b\r\nContent-Type: image/png\r\n\r\nno end\r\n"),
        single("nonsense", "7bit", b""),
    ],
)
def test_mail_without_files_weighs_nothing(raw: bytes) -> None:
    assert weigh(raw) == 0


def test_a_mail_may_be_a_file() -> None:
    assert weigh(single("application/pdf", "base64", b"eHl6\r\n")) == 3
