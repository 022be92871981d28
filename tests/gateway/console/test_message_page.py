"""The page of one message: its story, its parts, and that nothing in it acts."""

from __future__ import annotations

from datetime import timedelta
from html import escape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from gateway.console.message_page import PER_PAGE
from gateway.models import Content, Message
from tests.support.cast import Tenant
from tests.support.factories import make_attempt, make_event, make_file, make_message, make_recipient

ATTACK = """"'><script>alert(1)</script><img src=x onerror=alert(2)><a href="javascript:alert(3)">"""
RAW = (
    b"From: a@acme.example\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"
    b"--x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nplain words\r\n"
    b"--x\r\nContent-Type: text/html\r\n\r\n<b>bold words</b>\r\n"
    b"--x\r\nContent-Type: text/csv; name=numbers.csv\r\nContent-Disposition: attachment\r\n\r\n1,2\r\n--x--\r\n"
)


def page_of(client: Client, message: Message, query: str = "") -> str:
    return client.get(path_of(message) + query).content.decode()


def path_of(message: Message, page: str = "change", *more: object) -> str:
    return reverse(f"admin:gateway_message_{page}", args=(message.public_id, *more))


@pytest.fixture
def message(acme: Tenant) -> Message:
    return make_message(acme.account, [], subject="Your receipt", text="plain words", html="<p>bold <b>words</b></p>")


def test_it_works(insider: Client, message: Message) -> None:
    recipient = make_recipient(message, "ann@example.net", state="delivered")
    make_attempt(recipient, "deferred", code=451, enhanced="4.7.1", reply="Greylisted, try again")
    make_attempt(
        recipient, reply="Ok: queued as 7F", tls="TLSv1.3 TLS_AES_256_GCM_SHA384", signed_by="acme.example/gp1", seconds=0.25
    )
    make_event(recipient, "opened", at=message.accepted_at + timedelta(minutes=1), sequence=9, agent="Mozilla/5.0")
    page = page_of(insider, message)
    for words in (
        "Your receipt",
        str(message.public_id),
        message.inbound_id,
        "ann@example.net",
        "Greylisted, try again",
        "451 4.7.1",
        "Ok: queued as 7F",
        "TLSv1.3 TLS_AES_256_GCM_SHA384",
        "acme.example/gp1",
        "mx.example.net [192.0.2.7]",
        "0.25 s",
        "Mozilla/5.0",
        "plain words",
    ):
        assert words in page, words


def test_what_was_noticed_and_what_the_worker_found_are_said(insider: Client, acme: Tenant) -> None:
    message = make_message(acme.account, [], note="The header 'X-SMTPAPI' was left out.")
    recipient = make_recipient(message, "ann@example.net", state="failed")
    make_attempt(recipient, "failed", code=0, enhanced="5.6.0", reply="worker: invalid XSMTP-API: The values are too long.")
    page = page_of(insider, message)
    assert "The header &#x27;X-SMTPAPI&#x27; was left out." in page
    assert "worker: invalid XSMTP-API: The values are too long." in page


def test_a_try_and_the_event_that_tells_of_it_are_one_moment(insider: Client, message: Message) -> None:
    make_attempt(make_recipient(message, "ann@example.net", state="delivered"), reply="Ok: once")
    [story] = insider.get(path_of(message)).context["page"].stories
    assert [moment.name for moment in story.timeline] == ["accepted", "delivered"]


def test_a_bounce_that_came_later_by_mail_is_a_moment_of_its_own(insider: Client, message: Message) -> None:
    recipient = make_recipient(message, "ann@example.net", state="bounced")
    make_attempt(recipient)
    make_event(recipient, "bounced", at=message.accepted_at + timedelta(hours=1), sequence=9, code=550, reply="No such user")
    [story] = insider.get(path_of(message)).context["page"].stories
    assert [moment.name for moment in story.timeline] == ["accepted", "delivered", "bounced"]


def test_many_recipients_come_in_pages_of_as_many_queries(insider: Client, acme: Tenant) -> None:
    def count_queries(message: Message) -> int:
        with CaptureQueriesContext(connection) as queries:
            page_of(insider, message)
        return len(queries)

    lonely, crowded = make_message(acme.account), make_message(acme.account, [f"r{n}@example.net" for n in range(PER_PAGE + 5)])
    page_of(insider, lonely)
    assert count_queries(crowded) == count_queries(lonely)
    assert "r50@example.net" not in page_of(insider, crowded)
    assert "r50@example.net" in page_of(insider, crowded, "?page=2")


@pytest.mark.parametrize("number", ["0", "-1", "x", "99999999999", "1e3", ""])
def test_a_page_that_is_not_there_is_some_page(number: str, insider: Client, message: Message) -> None:
    make_recipient(message, "ann@example.net")
    assert "ann@example.net" in page_of(insider, message, f"?page={number}")


def test_html_stands_in_a_frame_that_can_do_nothing(insider: Client, message: Message) -> None:
    Content.objects.filter(message=message).update(html=f"<p>Hello</p>{ATTACK}<meta http-equiv=refresh content='0;url=//x'>")
    page = page_of(insider, message)
    frame = page.partition("<iframe")[2].partition("</iframe>")[0]
    assert 'sandbox=""' in frame
    assert "default-src &#x27;none&#x27;" in frame
    for sign in ("script", "onerror", "javascript:", "refresh"):
        assert sign not in frame


def test_pages_allow_no_inline_script_and_no_other_host(insider: Client, message: Message) -> None:
    policy = insider.get(path_of(message)).headers["Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == rules["frame-src"] == rules["frame-ancestors"] == "'none'"
    assert rules["script-src"] == "'self' 'unsafe-eval'"
    assert "http" not in policy


def test_inline_images_are_shown_in_place(insider: Client, message: Message) -> None:
    Content.objects.filter(message=message).update(html='<img src="cid:logo@acme">')
    make_file(message, "logo.png", b"\x89PNG", content_type="image/png", content_id="logo@acme")
    assert "data:image/png;base64,iVBORw==" in page_of(insider, message)


def test_an_svg_is_never_shown_in_place(insider: Client, message: Message) -> None:
    Content.objects.filter(message=message).update(html='<img src="cid:logo">')
    make_file(message, "logo.svg", b"<svg onload=alert(1)>", content_type="image/svg+xml", content_id="logo")
    assert "data:image" not in page_of(insider, message)


def test_raw_mail_is_taken_apart(insider: Client, acme: Tenant) -> None:
    page = page_of(insider, make_message(acme.account, raw=RAW))
    for words in ("plain words", "bold words", "numbers.csv", "Grüße"):
        assert words in page


def test_raw_mail_is_downloaded_as_it_came(insider: Client, acme: Tenant) -> None:
    message = make_message(acme.account, raw=RAW)
    answer = insider.get(path_of(message, "raw"))
    assert answer.content == RAW
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{message.public_id}.eml"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_what_was_built_has_no_raw_source(insider: Client, message: Message) -> None:
    assert insider.get(path_of(message, "raw")).status_code == 404


def test_files_are_downloads_whatever_they_say_they_are(insider: Client, message: Message) -> None:
    make_file(message, "../a\r\nX: y\u202egpj.html", b"<script>alert(1)</script>", content_type="text/html")
    answer = insider.get(path_of(message, "file", 0))
    assert answer.content == b"<script>alert(1)</script>"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert "/" not in answer.headers["Content-Disposition"]
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_a_message_whose_content_is_gone_still_has_a_page(insider: Client, message: Message) -> None:
    Content.objects.filter(message=message).delete()
    assert "not kept any more" in page_of(insider, message)


@pytest.mark.parametrize("is_raw", [False, True])
def test_no_field_of_a_message_becomes_html(is_raw: bool, insider: Client, acme: Tenant) -> None:
    raw = f"Subject: {ATTACK}\r\nX-{ATTACK}: {ATTACK}\r\nContent-Type: text/plain; name={ATTACK}\r\n\r\n{ATTACK}".encode()
    message = make_message(
        acme.account,
        [],
        raw=raw if is_raw else None,
        subject=ATTACK,
        sender=ATTACK,
        sender_name=ATTACK,
        text=ATTACK,
        html=ATTACK,
        headers=[[ATTACK, ATTACK]],
        reply_to=[[ATTACK, ATTACK]],
        tags=[ATTACK],
        campaign=ATTACK,
        unique_id=ATTACK,
        note=ATTACK,
        client=ATTACK[:45],
    )
    make_file(message, ATTACK, content_type=ATTACK)
    recipient = make_recipient(message, ATTACK, state="bounced", name=ATTACK)
    texts = dict.fromkeys(("reply", "host", "source", "tls", "signed_by"), ATTACK)
    make_attempt(recipient, "bounced", **texts | {"address": ATTACK[:45], "source": ATTACK[:45], "tls": ATTACK[:80]})
    make_event(recipient, "clicked", at=message.accepted_at, sequence=9, url=ATTACK, agent=ATTACK)
    for page in (page_of(insider, message), insider.get(reverse("admin:gateway_message_changelist")).content.decode()):
        assert escape(ATTACK) in page
        for sign in ("<script>alert", "<img src=x", '<a href="javascript:'):
            assert sign not in page
