"""AUTH by PLAIN and LOGIN, with an initial response and without one."""

from __future__ import annotations

import base64

import pytest

from gateway.smtp.events import AuthRequested
from gateway.smtp.limits import Limits
from gateway.smtp.policy import Auth, Policy
from tests.gateway.smtp.talk import ENVELOPE, GUARDED, SUBMISSION, Talk, codes, greeted

PLAIN = base64.b64encode(b"\0user\0secret")
USER, SECRET = base64.b64encode(b"user"), base64.b64encode(b"secret")


@pytest.mark.parametrize(
    "pieces",
    [
        [b"AUTH PLAIN " + PLAIN + b"\r\n"],
        [b"AUTH PLAIN\r\n", PLAIN + b"\r\n"],
        [b"auth login\r\n", USER + b"\r\n", SECRET + b"\r\n"],
        [b"AUTH LOGIN " + USER + b"\r\n" + SECRET + b"\r\n"],
        [b"AUTH PLAIN " + base64.b64encode(b"user\0user\0secret") + b"\r\n"],
    ],
)
def test_a_name_and_a_secret_are_asked_about(pieces: list[bytes]) -> None:
    talk = greeted(SUBMISSION)
    assert codes(talk.say(*pieces))[-1] == 235
    assert AuthRequested("user", "secret") in talk.events


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b"AUTH\r\n", 504),
        (b"AUTH CRAM-MD5\r\n", 504),
        (b"AUTH PLAIN !!!\r\n", 501),
        (b"AUTH PLAIN =\r\n", 501),
        (b"AUTH PLAIN\r\n*\r\n", 501),
        (b"AUTH LOGIN\r\n*\r\n", 501),
        (b"AUTH LOGIN\r\n" + USER + b"\r\n*\r\n", 501),
        (b"AUTH LOGIN\r\n" + base64.b64encode(b"us\0er") + b"\r\n" + SECRET + b"\r\n", 501),
        (b"AUTH LOGIN\r\n" + base64.b64encode(b"\xff") + b"\r\n", 501),
        (b"AUTH PLAIN " + base64.b64encode(b"root\0user\0secret") + b"\r\n", 535),
        (b"AUTH PLAIN " + base64.b64encode(b"\0user\0wrong") + b"\r\n", 535),
        (b"AUTH PLAIN\r\n" + b"x" * 13_000 + b"\r\n", 500),
        (b"AUTH PLAIN " + PLAIN + b"\r\nAUTH PLAIN " + PLAIN + b"\r\n", 503),
    ],
)
def test_other_ways_to_say_who_one_is_are_refused(said: bytes, code: int) -> None:
    talk = greeted(SUBMISSION)
    lines = talk.say(said)
    assert codes(lines)[-1] == code
    assert talk.say(b"NOOP\r\n") == [b"250 OK"]


def test_strangers_may_not_send() -> None:
    assert codes(greeted(SUBMISSION).say(ENVELOPE)) == [530, 530, 530]


def test_without_tls_no_secret_is_asked_for() -> None:
    talk = Talk(GUARDED)
    assert not any(b"AUTH" in line for line in talk.say(b"EHLO a\r\n"))
    assert talk.say(b"AUTH PLAIN " + PLAIN + b"\r\n") == [b"530 5.7.0 Must issue a STARTTLS command first"]
    assert talk.events == []


def test_guessing_ends_the_session() -> None:
    talk = greeted(Policy(auth=Auth.ALWAYS, limits=Limits(errors=3)))
    wrong = b"AUTH PLAIN " + base64.b64encode(b"\0user\0wrong") + b"\r\n"
    assert codes(talk.say(wrong * 10)) == [535, 535, 535, 535, 421]


def test_a_secret_is_in_no_repr() -> None:
    assert "secret" not in repr(AuthRequested("user", "secret"))
