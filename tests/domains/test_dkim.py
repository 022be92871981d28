"""DKIM: two other verifiers agree with what we sign, and with nothing that was added to it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator

import pytest
from dkim.canonicalization import Relaxed
from hypothesis import given
from hypothesis import strategies as st

from domains.dkim import OVERSIGNED, Signer, hash_body, relax_body, sign
from tests.support.letters import RECORDS, SIGNERS, verify_with_dkimpy
from tests.support.maildkim import CannotVerify, MailDKIM

HEAD = (
    b"From: Acme <news@acme.example>\r\n"
    b"To: jane@example.net\r\n"
    b"Subject: Hello  \t Jane,\r\n\tand  all \r\n"
    b"Date: Sat, 21 Nov 2026 08:30:05 +0000\r\n"
    b"Message-ID: <1@acme.example>\r\n"
    b"List-Unsubscribe: <https://acme.example/u>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: text/plain\r\n"
    b"X-Tag: spring\r\n"
)
BODY = b"Hello  Jane \r\n\r\n\tline\t \r\n.\r\n \r\n\r\n"
RSA, ED25519 = (f"{signer}" for signer in SIGNERS)


@pytest.fixture(scope="module")
def mail_dkim() -> Iterator[MailDKIM]:
    """Mail::DKIM with the keys of the tests."""
    try:
        verifier = MailDKIM(RECORDS)
    except CannotVerify as error:
        pytest.fail(str(error))
    yield verifier
    verifier.close()


def signed(head: bytes = HEAD, body: bytes = BODY) -> bytes:
    return sign(head, hash_body(body), SIGNERS, when=1_795_000_000) + head + b"\r\n" + body


def tags_of(signature: bytes) -> dict[str, str]:
    value = b"".join(signature.split(b"DKIM-Signature:")[1].split()).decode()
    return dict(tag.split("=", 1) for tag in value.split(";"))


def test_it_works(mail_dkim: MailDKIM) -> None:
    message = signed()
    assert verify_with_dkimpy(message) == [True, True]
    assert mail_dkim.verify(message)[RSA] == "pass"


def test_mail_dkim_has_nothing_against_ed25519(mail_dkim: MailDKIM) -> None:
    # Versions before 2023-06 do not know the algorithm and say "invalid", never "fail".
    assert mail_dkim.verify(signed())[ED25519] in {"pass", "invalid"}


def test_the_tags_say_what_was_signed() -> None:
    tags = tags_of(sign(HEAD, hash_body(BODY), SIGNERS[:1], when=1_795_000_000))
    assert tags | {"b": "", "h": "", "bh": ""} == {
        "v": "1",
        "a": "rsa-sha256",
        "c": "relaxed/relaxed",
        "d": "acme.example",
        "s": "gp2611r",
        "t": "1795000000",
        "h": "",
        "bh": "",
        "b": "",
    }


def test_what_a_reader_sees_is_signed_once_more_than_it_occurs() -> None:
    names = tags_of(sign(HEAD, hash_body(BODY), SIGNERS[:1], when=0))["h"].lower().split(":")
    for name in OVERSIGNED:
        occurs = HEAD.lower().count(b"\r\n" + name.lower() + b":") + HEAD.lower().startswith(name.lower() + b":")
        assert names.count(name.decode().lower()) == occurs + 1
    assert names.count("list-unsubscribe") == names.count("list-unsubscribe-post") == 1
    assert "x-tag" not in names


def test_headers_that_are_absent_are_oversigned_too() -> None:
    names = tags_of(sign(b"From: a@acme.example\r\n", hash_body(b""), SIGNERS[:1], when=0))["h"].split(":")
    assert names == ["From", "From", *(name.decode() for name in OVERSIGNED[1:])]


@pytest.mark.parametrize(
    "field",
    [
        b"From: admin@victim.example",
        b"Subject: Win",
        b"To: x@example.com",
        b"Date: x",
        b"Cc: x@example.com",
        b"Reply-To: x@example.com",
    ],
)
def test_a_second_field_makes_every_verifier_fail(field: bytes, mail_dkim: MailDKIM) -> None:
    at_top = field + b"\r\n" + signed()
    at_end = signed().replace(b"\r\n\r\n", b"\r\n" + field + b"\r\n\r\n", 1)
    for message in (at_top, at_end):
        assert verify_with_dkimpy(message) == [False, False]
        assert mail_dkim.verify(message)[RSA] == "fail"


@pytest.mark.parametrize("body", [BODY + b"more\r\n", BODY.replace(b"Jane", b"Joan"), b"", BODY[9:]])
def test_another_body_makes_every_verifier_fail(body: bytes, mail_dkim: MailDKIM) -> None:
    message = signed().removesuffix(BODY) + body
    assert verify_with_dkimpy(message) == [False, False]
    assert mail_dkim.verify(message)[RSA] == "fail"


@pytest.mark.parametrize("old", [b"Acme <news", b"One-Click", b"text/plain", b"1@acme"])
def test_another_value_makes_every_verifier_fail(old: bytes, mail_dkim: MailDKIM) -> None:
    message = signed().replace(old, b"evil")
    assert verify_with_dkimpy(message) == [False, False]
    assert mail_dkim.verify(message)[RSA] == "fail"


def test_white_space_may_change_on_the_way(mail_dkim: MailDKIM) -> None:
    message = signed().replace(b"Hello  Jane \r\n", b"Hello Jane\r\n").replace(b"Hello  \t Jane,\r\n\tand", b"Hello Jane, and")
    assert verify_with_dkimpy(message) == [True, True]
    assert mail_dkim.verify(message)[RSA] == "pass"


@pytest.mark.parametrize("field", [b"Subject: Hi", b"Comments: x", b"from: a@acme.example", b"Subject:", b"X-A:\r\n b"])
def test_repeated_empty_and_odd_fields_verify(field: bytes, mail_dkim: MailDKIM) -> None:
    message = signed(HEAD + field + b"\r\n")
    assert verify_with_dkimpy(message) == [True, True]
    assert mail_dkim.verify(message)[RSA] == "pass"


@given(st.lists(st.sampled_from([b" ", b"\t", b"\r\n", b"a", b".", b"\xc3\xa4", b"  "]), max_size=30))
def test_bodies_are_relaxed_as_dkimpy_does(pieces: list[bytes]) -> None:
    body = b"".join([*pieces, b"\r\n"])
    relaxed = Relaxed.canonicalize_body(body)
    assert relax_body(body) == relaxed or (relax_body(body) == b"" and relaxed == b"\r\n")


@given(
    st.lists(st.text(st.sampled_from("ab :;=\t<>@ä"), max_size=30), max_size=4),
    st.lists(st.sampled_from([b" ", b"\t", b"\r\n", b"text", b"\xc3\xa4"]), min_size=1, max_size=20),
)
def test_every_header_and_body_verifies(values: list[str], pieces: list[bytes]) -> None:
    names = ("Cc", "References", "List-ID", "Cc")
    head = HEAD + b"".join([f"{name}: {value}\r\n".encode() for name, value in zip(names, values, strict=False)])
    assert verify_with_dkimpy(signed(head, b"".join(pieces) + b"\r\n")) == [True, True]


def test_an_empty_body_has_the_hash_of_nothing(mail_dkim: MailDKIM) -> None:
    assert hash_body(b"") == hash_body(b"\r\n\r\n") == hashlib.sha256(b"").digest()
    assert mail_dkim.verify(signed(body=b""))[RSA] == "pass"


def test_lines_of_a_signature_are_short_for_long_names() -> None:
    signer = Signer(domain="news.a-rather-long-name.acme.example", selector="gp2611r2", key=SIGNERS[0].key)
    lines = sign(HEAD * 3, hash_body(BODY), [signer], when=1_795_000_000).split(b"\r\n")
    assert max(map(len, lines)) <= 100
    assert all(re.match(rb"DKIM-Signature: |\t|$", line) for line in lines)


def test_no_private_key_is_in_a_repr() -> None:
    assert repr(SIGNERS[0]) == "Signer(domain='acme.example', selector='gp2611r')"
    assert str(SIGNERS[0]) == "acme.example/gp2611r"


def test_the_body_of_rfc_8463_a_has_the_hash_that_stands_there() -> None:
    body = b"Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n"
    assert base64.b64encode(hash_body(body)) == b"2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8="
