"""Mailboxes as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.api.mailboxes import parse_mailbox, split_mailboxes
from gateway.engine.submission import Mailbox


def test_it_works() -> None:
    assert [*split_mailboxes("ben@acme.example;Joe <joe@acme.example>")] == [
        Mailbox(email="ben@acme.example"),
        Mailbox(email="joe@acme.example", name="Joe"),
    ]


@pytest.mark.parametrize(
    ("text", "email", "name"),
    [
        ("  a@b.example ", "a@b.example", ""),
        ("爱发信支持<support@b.example>", "support@b.example", "爱发信支持"),
        ('"Doe, John" <john@b.example>', "john@b.example", "Doe, John"),
        (r'"Jo \"Jo\" Doe" <jo@b.example>', "jo@b.example", 'Jo "Jo" Doe'),
        ("=?utf-8?b?54ix5Y+R5L+h?= <support@b.example>", "support@b.example", "爱发信"),
        ("<a@b.example>", "a@b.example", ""),
        ("a < b <c@d.example>", "c@d.example", "a < b"),
        ("no brackets>", "no brackets>", ""),
        ("", "", ""),
    ],
)
def test_a_name_is_taken_apart_from_its_address(text: str, email: str, name: str) -> None:
    assert parse_mailbox(text) == Mailbox(email=email, name=name)


@pytest.mark.parametrize(
    ("text", "emails"),
    [
        ("a@b.example;", ["a@b.example"]),
        (";a@b.example;;c@d.example; ", ["a@b.example", "c@d.example"]),
        (";", []),
        ("", []),
        ('"A; B" <a@b.example>;c@d.example', ["a@b.example", "c@d.example"]),
        (r'"A\"; B" <a@b.example>;c@d.example', ["a@b.example", "c@d.example"]),
        ('5" <a@b.example>;c@d.example', ["a@b.example", "c@d.example"]),
        ("a@b.example,c@d.example", ["a@b.example,c@d.example"]),
    ],
)
def test_a_list_is_split_at_semicolons_outside_of_quotes(text: str, emails: list[str]) -> None:
    assert [mailbox.email for mailbox in split_mailboxes(text)] == emails


def test_an_encoded_name_cannot_bring_line_breaks() -> None:
    assert parse_mailbox("=?utf-8?q?a=0d=0aBcc:b?= <a@b.example>").name == "a Bcc:b"


@given(st.text(alphabet='a@.<>";\\ \r\n', max_size=60))
def test_nothing_makes_it_fail(text: str) -> None:
    assert all(mailbox.email is not None for mailbox in split_mailboxes(text))


def test_a_long_list_takes_one_pass() -> None:
    # Quadratic, this would take hours.
    assert len([*split_mailboxes('"\\' * 500_000 + ";" * 500_000)]) == 1
