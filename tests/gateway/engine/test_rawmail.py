"""Raw mail: judged by its octets, and sent on as it is but for what is ours."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.base.errors import (
    FieldInvalid,
    HeaderInvalid,
    MessageMalformed,
    MessageTooLarge,
    Refused,
    SenderInvalid,
    SenderMissing,
)
from gateway.engine.rawmail import RawHead, join_fields, prepare_raw, read_raw
from gateway.engine.submission import Mailbox
from tests.support.letters import UUID, make_copy, make_letter, parse

PLAIN = (
    b"From: Acme <news@acme.example>\r\n"
    b"To: jane@example.net\r\n"
    b"Subject: Hello\r\n"
    b"Date: Sat, 21 Nov 2026 08:30:05 +0000\r\n"
    b"Message-ID: <1@acme.example>\r\n"
    b"\r\n"
    b"Hello\r\n"
)


def read(raw: bytes) -> RawHead:
    return read_raw(raw, max_size=1_000_000)


def with_field(field: bytes) -> bytes:
    return field + b"\r\n" + PLAIN


def prepared(raw: bytes, **changes: object) -> bytes:
    return prepare_raw(read(raw).fields, make_copy(make_letter(raw=raw, **changes)))


def test_it_works() -> None:
    head = read(PLAIN)
    assert head.senders == (Mailbox(email="news@acme.example", name="Acme"),)
    assert head.subject == "Hello"
    assert PLAIN[head.body :] == b"Hello\r\n"
    assert join_fields(head.fields) + b"\r\n" + PLAIN[head.body :] == PLAIN


def test_the_fields_of_the_dialects_are_read() -> None:
    head = read(
        b"X-SMTPAPI: eyJ0byI6\r\n WyJhQGIuYyJdfQ==\r\nX-Unique-Id: id 7\r\nX-STes-TrackOpen: yes\r\n"
        b"SC-Custom-key1: =?utf-8?b?5Y2O?=\r\n" + PLAIN
    )
    assert head.x_smtpapi == "eyJ0byI6 WyJhQGIuYyJdfQ=="
    assert head.unique_id == "id 7"
    assert head.controls == {"x-stes-trackopen": "yes"}
    assert head.custom == {"SC-Custom-key1": "华"}


def test_a_folded_and_encoded_subject_is_decoded() -> None:
    raw = PLAIN.replace(b"Subject: Hello", b"Subject: =?utf-8?b?5Y2O5Li6?=\r\n =?gb2312?b?ytax7Q==?= x")
    assert read(raw).subject == "华为手表 x"


def test_words_that_are_no_text_stay_as_they_are_written() -> None:
    half = "=?utf-7?q?+2AA-?="
    raw = PLAIN.replace(b"Acme", half.encode()).replace(b"Hello", half.encode(), 1)
    head = read(b"X-Unique-Id: " + half.encode() + b"\r\n" + raw)
    assert (head.subject, head.unique_id, head.senders[0].name) == (half, half, half)


def test_an_encoded_subject_brings_no_line_break() -> None:
    assert read(PLAIN.replace(b"Subject: Hello", b"Subject: =?utf-8?q?a=0d=0aBcc:_x?=")).subject == "a Bcc: x"


@pytest.mark.parametrize(
    "body",
    [
        b"\n.\n",
        b"\r.\r",
        b"\n.\r\n",
        b"\r.\r\n",
        b"\r\n\0.\r\n",
        b"\r\n.\n",
        b"\r\n.\r",
        b"\r\n.\0\r\n",
        b"\r\r\n.\r\r\n",
        b"\n\n.\r\n",
    ],
)
def test_the_stuff_of_smuggling_is_refused(body: bytes) -> None:
    with pytest.raises(MessageMalformed):
        read(PLAIN + b"x" + body + b"MAIL FROM:<evil@example.com>\r\n")


@pytest.mark.parametrize(
    "control", [b"\x0b", b"\x0c", b"\x1c", b"\x1d", b"\x1e", b"\x01", b"\x7f", b"\xc2\x85", b"\xe2\x80\xa8"]
)
def test_a_control_character_cannot_smuggle_a_field(control: bytes) -> None:
    with pytest.raises(MessageMalformed, match="header has"):
        read(PLAIN.replace(b"Subject: Hello", b"Subject: A" + control + b"From: admin@victim.example"))


def test_a_tab_and_controls_in_the_body_are_allowed() -> None:
    read(PLAIN.replace(b"Subject: Hello", b"Subject:\tHello") + b"\x0c\x1b[1m\r\n")


def test_long_lines_are_refused_in_header_and_body() -> None:
    with pytest.raises(MessageMalformed, match="line of more than 998 octets"):
        read(PLAIN + b"a" * 999 + b"\r\n")
    with pytest.raises(MessageMalformed, match="header has a line of more than 998 octets"):
        read(with_field(b"X-Long: " + b"a" * 999))


def test_a_mail_must_end_its_last_line() -> None:
    with pytest.raises(MessageMalformed, match="last line without CRLF"):
        read(PLAIN + b"x")


def test_x_smtpapi_alone_may_be_long() -> None:
    value = b"e" * 900_000
    assert read(with_field(b"X-SMTPAPI: " + value)).x_smtpapi == value.decode()
    with pytest.raises(FieldInvalid, match="X-SMTPAPI is larger"):
        read_raw(with_field(b"X-SMTPAPI: " + b"e" * 1_100_000), max_size=2_000_000)
    with pytest.raises(MessageMalformed, match="line of more than 998"):
        read(with_field(b"X-SMTPAPI: " + value) + b"a" * 999 + b"\r\n")


def test_a_large_mail_header_or_too_many_fields_are_refused() -> None:
    with pytest.raises(MessageTooLarge):
        read_raw(PLAIN, max_size=len(PLAIN) - 1)
    with pytest.raises(MessageMalformed, match="larger than 262144"):
        read(with_field(b"\r\n".join([b"X-A: " + b"a" * 900] * 300)))
    with pytest.raises(MessageMalformed, match="has 1006 fields"):
        read(with_field(b"\r\n".join([b"X-A: a"] * 1001)))


@pytest.mark.parametrize(
    "line",
    [b"From : x@acme.example", b"no field", b": empty", b"X Y: z", b"X-\xc3\xa4: z", b"X-A: b\r\n   ", b"X-A: b\r\n \t"],
    ids=["space before colon", "no colon", "no name", "space in name", "8-bit name", "blank fold", "blank fold with tab"],
)
def test_obsolete_and_malformed_fields_are_refused(line: bytes) -> None:
    with pytest.raises(HeaderInvalid, match="is neither a field nor the continuation of one"):
        read(with_field(line))


def test_a_mail_cannot_begin_with_a_fold() -> None:
    with pytest.raises(HeaderInvalid, match="Line 1 of the mail's header"):
        read(b" folded\r\n" + PLAIN)


def test_one_from_is_required() -> None:
    with pytest.raises(SenderMissing):
        read(PLAIN.replace(b"From:", b"X-From:"))
    with pytest.raises(SenderMissing):
        read(b"\r\nbody\r\n")
    with pytest.raises(SenderInvalid, match="2 From fields"):
        read(with_field(b"from: admin@victim.example"))


@pytest.mark.parametrize(
    "value",
    [b"", b"Acme", b"Friends: a@acme.example;", b"a@acme.example <b@victim.example>", b"<a@acme.example", b"a@acme.example;"],
)
def test_from_must_be_plain_mailboxes(value: bytes) -> None:
    with pytest.raises(SenderInvalid, match="The From field is not a name and an address"):
        read(PLAIN.replace(b"Acme <news@acme.example>", value))


def test_all_mailboxes_of_from_and_sender_are_returned() -> None:
    raw = PLAIN.replace(b"Acme <news@acme.example>", b"a@acme.example,\r\n b@victim.example")
    head = read(b"Sender: c@other.example\r\n" + raw)
    assert [one.email for one in head.senders] == ["a@acme.example", "b@victim.example", "c@other.example"]


@pytest.mark.parametrize("name", [b"Subject", b"to", b"DATE", b"Message-ID"])
def test_a_second_one_of_what_may_stand_once_is_refused(name: bytes) -> None:
    with pytest.raises(MessageMalformed, match="fields; one is allowed"):
        read(with_field(name + b": a"))


@pytest.mark.parametrize("name", [b"Content-Type", b"Reply-To", b"MIME-Version"])
def test_fields_that_may_stand_once_are_refused_twice(name: bytes) -> None:
    read(with_field(name + b": a"))
    with pytest.raises(MessageMalformed, match=f"The mail has 2 {name.decode().title()} fields"):
        read(with_field(name + b": a\r\n" + name.swapcase() + b": b"))


def test_a_second_x_smtpapi_is_told_by_its_name() -> None:
    with pytest.raises(FieldInvalid, match="The mail has 2 X-SMTPAPI fields") as told:
        read(with_field(b"X-SMTPAPI: a\r\nx-smtpapi: b"))
    assert told.value.field == "xsmtpapi"


def test_a_loop_is_refused() -> None:
    read(with_field(b"\r\n".join([b"Received: from a by b"] * 50)))
    with pytest.raises(MessageMalformed, match="loop"):
        read(with_field(b"\r\n".join([b"Received: from a by b"] * 51)))


def test_utf8_in_the_header_is_taken_and_other_octets_are_not() -> None:
    head = read(PLAIN.replace(b"Hello", "Grüße".encode(), 1))
    assert head.subject == "Grüße"
    with pytest.raises(MessageMalformed, match="neither ASCII nor UTF-8"):
        read(PLAIN.replace(b"Hello", "Grüße".encode("latin-1"), 1))


def test_a_mail_may_be_its_header_alone() -> None:
    raw = PLAIN.partition(b"\r\n\r\n")[0] + b"\r\n"
    assert raw[read(raw).body :] == b""


@given(st.binary(max_size=60))
def test_any_octets_are_refused_or_read_without_loss(octets: bytes) -> None:
    for raw in (octets, b"Subject: " + octets + b"\r\n" + PLAIN, PLAIN.replace(b"Acme", octets), PLAIN + octets):
        with suppress(Refused):
            head = read(raw)
            assert join_fields(head.fields) + raw[head.body - 2 :] == raw


def test_a_prepared_mail_has_one_received_on_top_and_else_is_the_same() -> None:
    octets = prepared(PLAIN)
    received, rest = octets[: octets.index(b"From:")], octets[octets.index(b"From:") :]
    assert received == (
        b"Received: from client.example.org ([192.0.2.7])\r\n"
        b"\tby localhost with ESMTPA id 019347a2-5b1c-7def-8123-456789abcdef;\r\n"
        b"\tSat, 21 Nov 2026 08:30:05 +0000\r\n"
    )
    assert rest + b"\r\nHello\r\n" == PLAIN


def test_bcc_and_our_fields_are_stripped_and_x_unique_id_stays() -> None:
    ours = b"Bcc: b@example.com,\r\n c@example.com\r\nx-smtpapi: e30=\r\nX-STES-TrackClick: html\r\nX-Unique-Id: 7\r\n"
    octets = prepared(ours + PLAIN)
    assert b"example.com" not in octets.partition(b"From:")[2]
    assert b"smtpapi" not in octets.lower()
    assert b"x-stes" not in octets.lower()
    assert b"X-Unique-Id: 7\r\n" in octets


def test_missing_date_and_message_id_are_added() -> None:
    raw = PLAIN.replace(b"Date:", b"X-Date:").replace(b"Message-ID:", b"X-Message-ID:")
    message = parse(prepared(raw) + b"\r\n")
    assert message["Message-ID"] == f"<{UUID}@acme.example>"
    assert message["Date"] == "Sat, 21 Nov 2026 08:30:05 +0000"


def test_one_by_one_shows_the_recipient_alone() -> None:
    raw = PLAIN.replace(b"To: jane@example.net", b"To: list@acme.example\r\nCc: boss@acme.example")
    message = parse(prepared(raw, one_by_one=True) + b"\r\n")
    assert message.get_all("To") == ["jane@example.net"]
    assert "Cc" not in message


@pytest.mark.parametrize("ehlo", ["", "a b", "x)\r\nBcc: y", "[192.0.2.1]", "a" * 300])
def test_a_strange_greeting_is_not_repeated(ehlo: str) -> None:
    assert prepared(PLAIN, ehlo=ehlo).startswith(b"Received: from unknown ([192.0.2.7])\r\n")


def test_the_trace_names_http_and_ipv6() -> None:
    octets = prepared(PLAIN, door="sendclean", ehlo="", client="2001:db8::1")
    assert octets.startswith(b"Received: from unknown ([IPv6:2001:db8::1])\r\n\tby localhost with HTTP id ")
    assert prepared(PLAIN, client="").startswith(b"Received: from client.example.org (unknown)\r\n")
