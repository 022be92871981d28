"""Strangers' mail taken apart: nothing that it says raises, and nothing takes long."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.engine.bounces import read_returned
from gateway.engine.mailparts import MAX_PARTS, read_fields, read_mail, value_of


def parts_of(raw: bytes) -> list[tuple[str, str]]:
    return [(part.kind, part.text) for part in read_mail(raw)[1]]


def test_it_works():
    raw = (
        b"Subject: =?utf-8?q?H=C3=A9?=\r\n =?utf-8?b?IHlvdQ==?=\r\n"
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n"
        b"--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nH=E9\r\n"
        b"--b\r\n\r\nplain\r\n--b--\r\nepilogue\r\n"
    )
    fields, _ = read_mail(raw)
    assert value_of(fields, "subject") == "Hé you"
    assert parts_of(raw) == [("text/plain", "Hé\n"), ("text/plain", "plain\n")]


def test_parts_within_parts():
    inner = b"Content-Type: multipart/x; boundary=b\n\n--b\n\nx\n--b--\n"
    raw = b"Content-Type: multipart/mixed; boundary=a\n\n--a\n" + inner + b"--a\n\ny\n--a--\n"
    assert [text.strip() for _, text in parts_of(raw)] == ["x", "y"]


def test_a_part_without_an_empty_line_is_a_header():
    raw = b"Content-Type: multipart/report; boundary=a\n\n--a\nContent-Type: message/delivery-status\nAction: failed\n--a--\n"
    assert parts_of(raw) == [("message/delivery-status", "")]


def test_html_is_read_as_text():
    html = b"<head><title>x</title><style>a{}</style></head><p>Hi<br>&lt;ann@a.example&gt;</p><!-- c -->"
    [(_, text)] = parts_of(b"Content-Type: text/html\n\n" + html)
    assert text.split() == ["Hi", "<ann@a.example>"]


@pytest.mark.parametrize("charset", ["x-unknown", "utf-7", "idna", "rot13", "zlib", "\x00", "utf-16"])
def test_a_charset_that_is_none_is_no_matter(charset):
    raw = f"Content-Type: text/plain; charset={charset}\n\nHello!".encode()
    assert len(parts_of(raw)) == 1


def test_a_nul_does_not_come_through():
    assert parts_of(b"\n\na\0b") == [("text/plain", "\nab")]


def test_fields_that_are_none_are_left_out():
    assert read_fields("A: b\nno field\nC : d\n  e\n\n") == (("a", "b"), ("c", "d e"))


@given(st.binary(max_size=2000))
def test_octets_of_any_kind_are_read(raw):
    read_returned(raw)


PIECES = [
    *("Content-Type: multipart/report; boundary=b\n", "Content-Type: message/delivery-status\n", "\n", "--b\n", "--b--\n"),
    *("Content-Type: message/feedback-report\n", "Feedback-Type: abuse\n", "Final-Recipient: rfc822; a@b.example\n"),
    *(
        "Status: 5.1.1\n",
        "Action: failed\n",
        "Diagnostic-Code: smtp; 550 5.1.1 no\n",
        "550-5.7.1 a\n550 5.7.1 b\n",
        ": \n",
        "é\0\n",
    ),
    *(
        "Content-Transfer-Encoding: base64\n",
        "Content-Transfer-Encoding: quoted-printable\n",
        "=?utf-8?b?!?=",
        "Subject: failure\n",
    ),
]


@given(st.lists(st.sampled_from(PIECES), max_size=30))
def test_half_a_report_is_read(pieces):
    assert read_returned("".join(pieces).encode())


@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Type: text/html\n\n" + b"<style " * 150_000,
        b"Content-Type: text/html\n\n" + b"<head><!--" * 100_000,
        b"Subject: failure\n\n" + b"550 " * 250_000,
        b"Subject: failure\n\n" + b"host " * 200_000,
        b"Subject: failure\n\n" + b"a" * 1_000_000,
        b"Subject: failure\n\n" + b"a@" * 500_000,
        b"Subject: failure\n\n" + b"-- " * 300_000,
        b"Subject: failure\n\n" + b"\n \t" * 300_000,
        b"Subject: failure\n\n" + b">>> DATA\n" * 100_000,
        b"Subject: failure\n\n" + b"your message that you sent \n" * 30_000,
        b"Subject: failure\n\n" + b"1.2.3.4.5.5.1.1 " * 60_000,
        b"Subject: " + b"=?utf-8?q?" * 100_000,
        b"A: b\n " * 200_000,
        b"Content-Type: message/delivery-status\n\n" + b"Final-Recipient: rfc822;a@b.example\nStatus: 5.0.0\n\n" * 20_000,
        b"Content-Type: message/delivery-status\n\n" + b"Final-Recipient: rfc822;a@b.example\n" * 28_000,
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n" * 250_000,
        b"Content-Type: multipart/mixed; boundary=b\n\n" * 20_000 + b"--b\n",
    ],
    ids=range(17),
)
def test_no_mail_takes_long(raw):
    began = time.process_time()
    read_returned(raw)
    assert time.process_time() - began < 3
    assert len(read_mail(raw)[1]) <= MAX_PARTS
