"""Lists of mailboxes: one reading, or none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.engine.mailboxes import MailboxError, parse_mailboxes
from gateway.engine.submission import Mailbox

READ = {
    "a@example.com": [("a@example.com", "")],
    " <a@example.com> ": [("a@example.com", "")],
    "Jane Doe <a@example.com>": [("a@example.com", "Jane Doe")],
    "John Q. Public <a@example.com>": [("a@example.com", "John Q. Public")],
    '"Doe, Jane" <a@example.com>': [("a@example.com", "Doe, Jane")],
    '"Jane \\"JD\\" Doe"<a@example.com>': [("a@example.com", 'Jane "JD" Doe')],
    'Jane "JD" Doe <a@example.com>': [("a@example.com", "Jane JD Doe")],
    "=?utf-8?b?SsO2cmc=?= <a@example.com>": [("a@example.com", "Jörg")],
    '"=?utf-8?b?SsO2cmc=?=" <a@example.com>': [("a@example.com", "Jörg")],
    "Jörg <a@example.com>": [("a@example.com", "Jörg")],
    "a@example.com (Jane Doe)": [("a@example.com", "Jane Doe")],
    "Jane <a@EXAMPLE.com>, b@example.net": [("a@example.com", "Jane"), ("b@example.net", "")],
    "a@bücher.example": [("a@xn--bcher-kva.example", "")],
    "a@Bücher.Example": [("a@xn--bcher-kva.example", "")],
    '"b@example.org" <a@example.com>': [("a@example.com", "b@example.org")],
}


@pytest.mark.parametrize("text", READ)
def test_plain_lists_are_read(text: str) -> None:
    assert parse_mailboxes(text) == tuple(Mailbox(email=email, name=name) for email, name in READ[text])


@pytest.mark.parametrize(
    "text",
    [
        "",
        ",",
        "a@example.com,",
        ",a@example.com",
        "Jane",
        "<>",
        "Jane <>",
        "a@example.com b@example.net",
        "a@example.com <b@example.net>",  # which one is it?
        "<a@example.com> <b@example.net>",
        "<a@example.com>b@example.net",
        "alice@example.org)bob@example.com",  # CVE-2023-27043
        '"x@evil.com y"@internal',  # a quoted local part that other programs split
        "(a@example.net) b@example.com",
        "a@example.com (one) (two)",
        "a@example.com ((nested))",
        "Friends: a@example.com, b@example.com;",  # a group
        "undisclosed-recipients:;",
        "<@hop.example:a@example.com>",  # a source route
        "=?utf-8?q?a=40evil.example=3E?=@example.com",
        '"unclosed <a@example.com>',
        "Jane <a@example.com",
        "Jane a@example.com>",
        "a@[192.0.2.1]",
        "Doe, Jane <a@example.com>",
        "a@example.com\0",
        "Jane\x0b <a@example.com>",
        "a@exa\u00admple.com",  # characters that some programs drop or turn into others
        "a@exa\u200bmple.com",
        "a@ｅｘａｍｐｌｅ.com",
        "a@bücher。example",
    ],
)
def test_what_programs_read_differently_is_refused(text: str) -> None:
    with pytest.raises(MailboxError):
        parse_mailboxes(text)


def test_the_sentence_shows_the_place() -> None:
    with pytest.raises(MailboxError, match="'Jane Doe' cannot be read as a name and an address"):
        parse_mailboxes("a@example.com,Jane Doe")


@given(st.text(st.sampled_from('ab@.<>,:;"\\() \t=?é'), max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = parse_mailboxes(text)
    except MailboxError:
        return
    assert found
    assert all("@" in one.email for one in found)


def test_a_long_crooked_list_is_refused_at_once() -> None:
    with pytest.raises(MailboxError):
        parse_mailboxes('"a" ' * 50_000)
