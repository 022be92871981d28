"""An account's header and footer: in the texts of mail that asks for them, built and raw, and in nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from accounts import queries
from accounts.models import Account
from gateway.engine.accept import accept
from gateway.engine.compose import compose
from gateway.engine.frame import with_frame
from gateway.engine.queue import claim
from gateway.engine.submission import Accepted, Submission, Syntax
from tests.gateway.engine.conftest import Make
from tests.gateway.engine.test_drain import keys, world
from tests.support.cast import Tenant

__all__ = ["keys", "world"]

HTML = "<html><body><p>Hello</p></body></html>"
FRAMED = "<html><body><p>Above</p><p>Hello</p><p>Below</p></body></html>"


def design(tenant: Tenant, **fields: Any) -> None:
    texts = {"header_html": "<p>Above</p>", "header_text": "Above", "footer_html": "<p>Below</p>", "footer_text": "Below"}
    Account.objects.filter(pk=tenant.account.pk).update(**(texts | fields))
    queries.forget()


def framed(submission: Submission) -> tuple[str, str]:
    changed = with_frame(submission)
    return changed.html, changed.text


def test_it_works(make: Make, acme: Tenant) -> None:
    design(acme)
    assert framed(make(html=HTML, text="Hello", header=True, footer=True)) == (FRAMED, "Above\n\nHello\n\nBelow\n")


@pytest.mark.parametrize("usual", [True, False])
@pytest.mark.parametrize("wish", [True, False, None])
def test_a_message_has_what_it_wishes_or_what_is_usual(make: Make, acme: Tenant, usual: bool, wish: bool | None) -> None:
    design(acme, has_header=usual, has_footer=not usual)
    html, text = framed(make(html=HTML, text="Hello", header=wish, footer=wish))
    header, footer = (usual, not usual) if wish is None else (wish, wish)
    assert ("<p>Above</p>" in html, "Above" in text) == (header, header)
    assert ("<p>Below</p>" in html, "Below" in text) == (footer, footer)


def test_other_mail_has_none(make: Make, acme: Tenant) -> None:
    design(acme, has_header=True, has_footer=True)
    assert framed(make(html=HTML, text="Hello")) == (HTML, "Hello")


def test_a_text_that_is_not_there_stays_so(make: Make, acme: Tenant) -> None:
    design(acme)
    assert framed(make(html=HTML, text="", header=True, footer=True)) == (FRAMED, "")
    assert framed(make(text="Hello\n", header=True)) == ("", "Above\n\nHello\n")


def test_a_text_that_was_signed_by_hand_stays(make: Make, acme: Tenant) -> None:
    design(acme)
    armoured = "-----BEGIN PGP SIGNED MESSAGE-----\nHello"
    assert framed(make(text=armoured, header=True, footer=True)) == ("", armoured)


def test_nothing_designed_changes_nothing(make: Make, acme: Tenant) -> None:
    submission = make(html=HTML, header=True, footer=True)
    assert with_frame(submission) is submission


@pytest.mark.parametrize(
    ("syntax", "link", "written_in"),
    [
        (Syntax.NONE, "[unsubscribe_url]", Syntax.MAILUP),
        (Syntax.MAILUP, "[unsubscribe_url]", Syntax.MAILUP),
        (Syntax.LIQUID, "{{ unsubscribe_url }}", Syntax.LIQUID),
        (Syntax.SENDCLOUD, "%unsubscribe_url%", Syntax.SENDCLOUD),
    ],
)
def test_the_link_is_written_as_the_mail_has_its_fields(
    make: Make, acme: Tenant, syntax: Syntax, link: str, written_in: Syntax
) -> None:
    design(acme, footer_text="Go: [unsubscribe_url]")
    changed = with_frame(make(text="Hello", footer=True, syntax=syntax))
    assert (changed.text, changed.syntax) == (f"Hello\n\nGo: {link}\n", written_in)


def test_braces_are_no_code_of_a_template(make: Make, acme: Tenant) -> None:
    design(acme, header_text="{% if %} {{ broken")
    accept([make(text="Hello {{ name }}", header=True, syntax=Syntax.LIQUID, variables={"name": "Bob"})])
    (copy,) = claim(1)
    assert b"{% if %} {{ broken\r\n\r\nHello Bob" in compose(copy, ()).wire


RAW = (
    b"From: news@acme.example\r\nSubject: Hello\r\nX-Odd:  a\r\n\tb\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=m\r\n\r\npreamble\r\n"
    b"--m\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGr\xfc\xdfe\r\n"
    b"--m\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<body>Hello</body>\r\n"
    b"--m\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<body>Second</body>\r\n"
    b"--m\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nFile\r\n"
    b"--m--\r\nepilogue\r\n"
)


def test_of_raw_mail_the_first_texts_alone_change(make: Make, acme: Tenant) -> None:
    design(acme)
    raw = with_frame(make(raw=RAW, text="", header=True, footer=True)).raw
    assert raw is not None
    expected = RAW.replace(b"<body>Hello</body>", b"<body><p>Above</p>Hello<p>Below</p></body>")
    expected = expected.replace(b"8bit\r\n\r\nGr\xfc\xdfe", b"8bit\r\n\r\nAbove\r\n\r\nGr\xfc\xdfe\r\n\r\nBelow\r\n")
    assert raw.replace(b"quoted-printable", b"8bit").replace(b"=FC=DF", b"\xfc\xdf") == expected


def test_signed_raw_mail_stays(make: Make, acme: Tenant) -> None:
    design(acme)
    signed = RAW.replace(b"multipart/mixed", b"multipart/signed")
    assert with_frame(make(raw=signed, text="", header=True, footer=True)).raw == signed


def test_a_frame_counts_for_the_size_and_is_stored(make: Make, acme: Tenant) -> None:
    design(acme)
    (answer,) = accept([make(html=HTML, text="", header=True, footer=True)])
    assert isinstance(answer, Accepted)
    (copy,) = claim(1)
    assert copy.letter.html == FRAMED
