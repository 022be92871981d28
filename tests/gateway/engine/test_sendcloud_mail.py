"""What SendCloud's customers may write into mail beyond their own values (contracts 2.3), and what is said where that fails."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest

from gateway.base.errors import HeaderInvalid
from gateway.engine import lists, queue
from gateway.engine.accept import accept
from gateway.engine.checks import MAX_ECHOED
from gateway.engine.compose import CannotCompose, Composer
from gateway.engine.letter import Letter
from gateway.engine.prepare import Ready, Stopped, prepare
from gateway.engine.submission import Addressee, Syntax
from gateway.engine.track import Plan, Tracker, plan_for
from tests.gateway.engine.conftest import Make
from tests.support.cast import Tenant
from tests.support.letters import SIGNERS, make_copy, make_letter, parse, parts_of
from tests.support.lists import make_list
from tracking.links import Purpose, read_token

NAME = "%%user_defined_unsubscribe_link%%"
HEADER = b"From: news@acme.example\r\nTo: jane@example.net\r\nSubject: Hello\r\nContent-Type: text/html; charset=utf-8\r\n"
HTML = f'<p>100% sure? <a href="{NAME}">退订</a> %name%</p>\r\n'
IN_BASE64 = HEADER + b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(HTML.encode()).replace(b"\n", b"\r\n")
IN_8BIT = HEADER + b"Content-Transfer-Encoding: 8bit\r\n\r\n" + HTML.encode()
LINK = re.compile(r'<a href="https?://([^/]+)/t/u/([\w-]+)">')


def letter_of(tenant: Tenant, **changes: Any) -> Letter:
    keys = {"account_id": tenant.account.pk, "domain_id": tenant.domain.pk, "smtp_user_id": tenant.smtp_user.pk}
    return make_letter(**keys | {"text": "", "subject": "Hello"} | changes)


def compose(letter: Letter, **copy: Any) -> bytes:
    return Composer(Tracker(plan_for)).compose(make_copy(letter, **copy), SIGNERS).wire


def html_of(wire: bytes) -> str:
    return dict(parts_of(parse(wire)))["text/html"]


def reader_of(html: str) -> int:
    """Return whose link to unsubscribe by stands in a text."""
    found = LINK.search(html)
    assert found is not None, html
    link = read_token(found[2], Purpose.UNSUBSCRIBE, found[1])
    assert link is not None
    return link.recipient_id


# The link to unsubscribe by ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("raw", [IN_BASE64, IN_8BIT])
@pytest.mark.parametrize("unsubscribe_link", [None, True])
def test_raw_mail_with_values_has_each_readers_link(acme: Tenant, raw: bytes, unsubscribe_link: bool | None) -> None:
    wishes = {"unsubscribe_link": unsubscribe_link, "syntax": Syntax.SENDCLOUD, "variables": {"name": NAME}}
    letter = letter_of(acme, raw=raw, one_by_one=True, **wishes)
    for number in (11, 12):
        wire = compose(letter, recipient_id=number)
        html = html_of(wire)
        assert reader_of(html) == number
        assert html.count("/t/u/") == 1  # no footer beside it
        assert NAME in html  # the value's, which is never looked at again
        assert parse(wire)["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert reader_of(f'<a href="{parse(wire)["List-Unsubscribe"][1:-1]}">') == number


@pytest.mark.parametrize("syntax", ["", Syntax.SENDCLOUD, Syntax.LIQUID])
def test_built_mail_of_sendclouds_calls_has_it(acme: Tenant, syntax: Syntax) -> None:
    wire = compose(letter_of(acme, html=HTML, door="sendcloud", syntax=syntax), recipient_id=11)
    assert reader_of(html_of(wire)) == 11
    assert "List-Unsubscribe" in parse(wire)


def test_a_template_of_sendclouds_has_it_by_any_door(acme: Tenant) -> None:
    letter = letter_of(acme, html=HTML, door="console", syntax=Syntax.SENDCLOUD, variables={"name": "Ben"})
    assert reader_of(html_of(compose(letter, recipient_id=11))) == 11


@pytest.mark.parametrize("raw", [IN_BASE64, IN_8BIT])
def test_raw_mail_that_is_followed_up_anyway_has_it(acme: Tenant, raw: bytes) -> None:
    html = html_of(compose(letter_of(acme, raw=raw, unsubscribe_link=True), recipient_id=11))
    assert reader_of(html) == 11
    assert html.count("/t/u/") == 1
    assert "%name%" in html


@pytest.mark.parametrize("raw", [IN_BASE64, IN_8BIT])
def test_raw_mail_without_orders_stays(acme: Tenant, raw: bytes) -> None:
    wire = compose(letter_of(acme, raw=raw))
    assert wire.endswith(raw.partition(b"\r\n\r\n")[2])
    assert "List-Unsubscribe" not in parse(wire)


def test_other_doors_mail_stays(acme: Tenant) -> None:
    for door in ("sendclean", "mailup", "octeth"):
        assert NAME in html_of(compose(letter_of(acme, html=HTML, door=door, unsubscribe_link=True)))


def test_raw_mail_that_cannot_be_read_names_nothing() -> None:
    letter = make_letter(raw=b"no field\r\n\r\n" + HTML.encode(), syntax=Syntax.SENDCLOUD)
    with pytest.raises(CannotCompose, match="neither a field"):
        Composer(Tracker(lambda _: Plan(base="https://t.example"))).compose(make_copy(letter), SIGNERS)


# The address of a list's member -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("acme_keys")
def test_members_of_lists_are_named(make: Make, acme: Tenant) -> None:
    news = make_list(acme.account.pk, ["ann@inbox.example", "bob@inbox.example"])
    wishes = {"door": "sendcloud", "subject": "To %recipient%", "text": "%recipient% %N%", "syntax": Syntax.SENDCLOUD}
    accept([make(**wishes, list_ids=(news.pk,), recipients=(), one_by_one=True, bulk=True)])
    lists.expand(5)
    ready = prepare(queue.claim(10))
    assert len(ready) == 2
    for number, one in enumerate(sorted(ready, key=lambda one: one.copy.position)):
        assert isinstance(one, Ready)
        mail = parse(one.parcel.wire)
        assert mail["Subject"] == f"To {one.copy.email}"
        assert mail.get_content().split() == [one.copy.email, str(number)]


def test_a_value_of_the_lists_own_wins() -> None:
    letter = make_letter(text="%recipient%", syntax=Syntax.SENDCLOUD, one_by_one=True, variables={"recipient": "mine"})
    assert parse(compose_alone(letter)).get_content().strip() == "mine"


def test_without_a_list_the_name_is_nobodys() -> None:
    letter = make_letter(text="%recipient% %a%", syntax=Syntax.SENDCLOUD, variables={"a": "b"})
    assert parse(compose_alone(letter)).get_content().strip() == "%recipient% b"


def compose_alone(letter: Letter) -> bytes:
    return Composer().compose(make_copy(letter), SIGNERS).wire


# Values ------------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("acme_keys")
def test_orders_that_only_the_worker_can_judge_are_told_in_the_vendors_words(make: Make) -> None:
    raw = b"From: ann@acme.example\r\nSubject: " + b"%a%" * 100 + b"\r\n\r\nHello\r\n"
    recipients = (Addressee(email="bob@inbox.example", variables={"a": "x" * 1000}),)
    accept([make(raw=raw, text="", subject="", sender=None, syntax=Syntax.SENDCLOUD, recipients=recipients, one_by_one=True)])
    (stopped,) = prepare(queue.claim(1))
    assert isinstance(stopped, Stopped)
    assert "worker: invalid XSMTP-API: The values fill a subject" in stopped.outcome.reply


def test_a_header_without_values_is_not_touched() -> None:
    odd = b"Subject: =?utf-8?q?a=0Ab?=\r\nX-Odd:  =?utf-8?b?eA==?=  \r\n"
    raw = b"From: a@acme.example\r\n" + odd + b"X-Name: %name%\r\n\r\nHello\r\n"
    wire = compose_alone(make_letter(raw=raw, syntax=Syntax.SENDCLOUD, variables={"name": "Jörg"}))
    assert odd in wire
    assert parse(wire)["X-Name"] == "Jörg"


def test_headers_that_come_back_with_events_have_little_room(make: Make) -> None:
    answers = [accept([make(event_headers={"SC-Custom-A": "x" * size})])[0] for size in (MAX_ECHOED - 11, MAX_ECHOED)]
    assert not isinstance(answers[0], Exception)
    assert isinstance(answers[1], HeaderInvalid)
    assert "come back with events" in answers[1].message
