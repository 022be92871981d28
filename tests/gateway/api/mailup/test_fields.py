"""What the fields of MailUp's DTOs do to the mail: by the API, and those of XSmtpAPIDTO by SMTP as well."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from django.test import Client

from accounts import queries
from accounts.models import Account
from domains import credentials
from domains.credentials import authenticate_smtp_user
from domains.models import SMTPUser
from gateway.base import bulk
from gateway.base.errors import Refused
from gateway.engine.accept import accept
from gateway.engine.compose import Composer
from gateway.engine.load import load_letters
from gateway.engine.submission import Accepted
from gateway.engine.track import Tracker
from gateway.listeners.translate import Login, translate
from gateway.models import Message, Recipient
from gateway.smtp.addresses import parse_address
from templates_app.actions import add_template
from templates_app.models import Template
from templates_app.texts import Texts
from tests.gateway.api.mailup.conftest import PATH, Send, make_message
from tests.support.cast import Tenant
from tests.support.letters import make_copy
from tracking.models import HourlyStatistic

DONE = {"Status": "done", "Code": "0", "Message": "Ok"}
HTML = '<p>Hello [name]</p><a href="https://shop.example/">Shop</a>'
Door = Callable[[Mapping[str, Any]], EmailMessage]


def sent() -> EmailMessage:
    """Return the last mail as its first recipient would get it."""
    message = Message.objects.latest("pk")
    with bulk.transaction() as cursor:
        letter = load_letters(cursor, [message.pk])[message.pk]
    recipient = Recipient.objects.filter(message_id=message.pk).order_by("position").first()
    assert recipient is not None
    copy = make_copy(letter, recipient_id=recipient.pk, email=recipient.email, domain=recipient.domain)
    return message_from_bytes(Composer(Tracker()).compose(copy, ()).wire, policy=default)


def text_of(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


@pytest.fixture
def by_api(send: Send) -> Door:
    def call(asked: Mapping[str, Any]) -> EmailMessage:
        answer = send(Html={"Body": HTML}, Text="Hello [name]", Subject="Hello [name]", XSmtpAPI=asked)
        assert answer == (200, DONE)
        return sent()

    return call


@pytest.fixture
def by_smtp(acme: Tenant, send: Send) -> Door:
    def call(asked: Mapping[str, Any]) -> EmailMessage:
        assert isinstance(submit(acme, x_smtpapi=json.dumps(asked)), Accepted)
        return sent()

    return call


def submit(tenant: Tenant, *, sender: str = "news@acme.example", x_smtpapi: str = "{}") -> Accepted | Refused:
    """Hand in a mail as the SMTP door does."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, "info@mailup.example", "Hello [name]"
    mail.set_content("Hello [name]")
    mail.add_alternative(f"<html><body>{HTML}</body></html>", subtype="html")
    raw = b"X-SMTPAPI: " + x_smtpapi.encode() + b"\r\n" + mail.as_bytes(policy=default.clone(linesep="\r\n"))
    credentials.forget()
    login = Login(credential=authenticate_smtp_user(tenant.smtp_user.name, tenant.smtp_secret))
    recipients = [parse_address("info@mailup.example")]
    (answer,) = accept([translate(login, recipients, raw, client="192.0.2.7", ehlo="client.example")])
    return answer


@pytest.fixture(params=["by_api", "by_smtp"])
def door(request: pytest.FixtureRequest) -> Door:
    found: Door = request.getfixturevalue(request.param)
    return found


# XSmtpAPIDTO, by both doors ----------------------------------------------------------------------------------------------


def test_dynamic_fields_fill_subject_text_and_html(door: Door) -> None:
    mail = door({"DynamicFields": [{"N": "name", "V": "Zoë & <b>"}]})
    assert mail["Subject"] == "Hello Zoë & <b>"
    assert text_of(mail, "plain").strip() == "Hello Zoë & <b>"
    assert "<p>Hello Zoë &amp; &lt;b&gt;</p>" in text_of(mail, "html")
    assert "X-SMTPAPI" not in mail


def test_dynamic_fields_can_be_skipped(door: Door) -> None:
    mail = door({"DynamicFields": [{"N": "name", "V": "Zoë"}], "SkipDynamicFields": True})
    assert mail["Subject"] == "Hello [name]"
    assert "Hello [name]" in text_of(mail, "html")


@pytest.mark.parametrize("asked", [True, False])
def test_tracking_can_be_switched(door: Door, asked: bool) -> None:
    html = text_of(door({"ClickTracking": asked, "ViewTracking": asked}), "html")
    assert ('href="https://shop.example/"' in html) is not asked
    assert ("<img src=" in html) is asked


@pytest.mark.parametrize(("wish", "stands"), [(True, True), (False, False), (None, True)])
def test_header_and_footer_are_the_accounts(acme: Tenant, door: Door, wish: bool | None, stands: bool) -> None:
    Account.objects.filter(pk=acme.account.pk).update(
        has_header=True,
        has_footer=True,
        header_html="<p>Above [name]</p>",
        header_text="Above [name]",
        footer_html='<p><a href="[unsubscribe_url]">Below</a></p>',
        footer_text="Below",
    )
    queries.forget()
    mail = door({"Header": wish, "Footer": wish, "DynamicFields": [{"N": "name", "V": "Zoë"}]})
    html, text = text_of(mail, "html"), text_of(mail, "plain")
    assert ("<body><p>Above Zoë</p>" in html) is stands
    assert ("Below</a></p></body>" in html) is stands
    assert (text.startswith("Above Zoë\n\nHello"), "\n\nBelow\n" in text) == (stands, stands)


def test_to_ask_for_the_footer_is_to_ask_for_a_way_out(door: Door) -> None:
    mail = door({"Footer": True})
    assert "List-Unsubscribe" in mail
    assert "/t/" in text_of(mail, "html")


@pytest.mark.parametrize(("priority", "rank"), [(1, 0), (3, 0), (4, 1), (5, 1)])
def test_a_low_priority_waits_for_others(door: Door, priority: int, rank: int) -> None:
    door({"Priority": priority})
    assert Recipient.objects.get().priority == rank


def test_a_schedule_is_kept(door: Door) -> None:
    door({"Schedule": "2030-01-02T03:04:05"})
    assert Message.objects.get().send_at == datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert Recipient.objects.get().state == "deferred"


def test_statistics_are_by_campaign_and_its_names(door: Door) -> None:
    door({"CampaignName": "Spring", "CampaignCode": "1001", "CampaignReport": "Quarter"})
    message = Message.objects.get()
    assert (message.campaign, message.tags) == ("1001", ["Spring", "Quarter"])
    assert set(HourlyStatistic.objects.values_list("campaign", "tag")) >= {("1001", "Spring"), ("1001", "Quarter")}


# A user's domains and senders, by both doors ------------------------------------------------------------------------------

SENDERS = [
    ("acme.example", "news@acme.example", True),
    ("other.example; acme.example", "news@acme.example", True),
    ("news@acme.example", "NEWS@acme.example", True),
    ("@acme.example", "news@acme.example", True),
    ("news@acme.example", "sales@acme.example", False),
    ("other.example", "news@acme.example", False),
    ("cme.example", "news@acme.example", False),
]


@pytest.mark.parametrize(("senders", "sender", "is_allowed"), SENDERS)
def test_a_users_lists_hold_by_both_doors(send: Send, acme: Tenant, senders: str, sender: str, is_allowed: bool) -> None:
    SMTPUser.objects.filter(pk=acme.smtp_user.pk).update(senders=senders)
    credentials.forget()
    assert send(From={"Email": sender})[1]["Code"] == ("0" if is_allowed else "102")
    assert isinstance(submit(acme, sender=sender), Accepted) is is_allowed


def test_answers_may_go_elsewhere(send: Send) -> None:
    send(ReplyTo="help@elsewhere.example")
    assert sent()["Reply-To"] == "help@elsewhere.example"


# CharSet ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "written", "text"),
    [
        ("iso-8859-1", "iso-8859-1", "Grüße [name]"),
        ("Windows-1252", "windows-1252", "5 € [name]"),
        ("GB2312", "gb2312", "你好 [name]"),
        ("iso-2022-jp", "iso-2022-jp", "こんにちは [name]"),
        ("UTF-8", "utf-8", "Grüße [name]"),
        ("utf-8", "utf-8", "Hello [name]"),
        ("iso-8859-1", "utf-8", "你好 [name]"),
        ("", "us-ascii", "Hello [name]"),
        (None, "utf-8", "Grüße [name]"),
    ],
)
def test_a_message_is_in_its_charset(send: Send, asked: str | None, written: str, text: str) -> None:
    fields = {"DynamicFields": [{"N": "name", "V": "Rita"}]}
    assert send(CharSet=asked, Text=text, Html={"Body": f"<p>{text}</p>"}, XSmtpAPI=fields)[1]["Code"] == "0"
    mail = sent()
    for kind in ("plain", "html"):
        part = mail.get_body((kind,))
        assert part is not None
        assert part.get_content_charset() == written
        octets = part.get_payload(decode=True)
        assert isinstance(octets, bytes)
        assert text.replace("[name]", "Rita") in octets.decode(written)
    assert bool(Message.objects.get().note) is (asked == "iso-8859-1" and written == "utf-8")


@pytest.mark.parametrize("charset", ["nothing", "utf-7", "utf-16", "rot13", 7])
def test_a_charset_that_no_mail_has_is_refused(send: Send, charset: object) -> None:
    status, answer = send(CharSet=charset)
    assert (status, answer["Code"]) == (400, "1")
    assert answer["Detail"].startswith("CharSet must be a charset that mail can be in")


# SendTemplate -----------------------------------------------------------------------------------------------------------


def test_it_sends_a_template(send: Send, acme: Tenant) -> None:
    made = add_template(
        acme.account.pk,
        invoke_name="t",
        name="T",
        texts=Texts(subject="For [name]", html="<p>Dear [name]</p>", text="Dear [name]"),
        syntax=Template.Syntax.MAILUP,
    )
    call = make_message(acme) | {"TemplateId": made.pk, "Subject": "", "CharSet": "iso-8859-1"}
    call |= {"XSmtpAPI": {"DynamicFields": [{"N": "[name]", "V": "Zoë"}]}, "Text": "not this", "Html": {"Body": "nor this"}}
    assert Client().post(TEMPLATE_PATH, call, "application/json").json() == DONE
    mail = sent()
    assert (mail["Subject"], text_of(mail, "plain").strip()) == ("For Zoë", "Dear Zoë")
    assert Message.objects.get().template_version_id is not None


@pytest.mark.parametrize(
    ("syntax", "text"), [(Template.Syntax.MAILUP, "Dear [name]"), (Template.Syntax.LIQUID, "Dear {{ name }}")]
)
def test_the_fields_of_a_template_can_be_skipped(send: Send, acme: Tenant, syntax: str, text: str) -> None:
    texts = Texts(subject="S", html=f"<p>{text}</p>", text=text)
    made = add_template(acme.account.pk, invoke_name="t", name="T", texts=texts, syntax=syntax)
    asked = {"DynamicFields": [{"N": "name", "V": "Zoë"}], "SkipDynamicFields": True}
    call = make_message(acme) | {"TemplateId": str(made.pk), "XSmtpAPI": asked}
    assert Client().post(TEMPLATE_PATH, call, "application/json").json() == DONE
    assert text_of(sent(), "plain").strip() == text


@pytest.mark.parametrize("template_id", [None, 0, -1, 999_999, "999999", 10**18, 10**30])
def test_a_template_that_is_not_there(send: Send, acme: Tenant, template_id: object) -> None:
    call = make_message(acme) | {"TemplateId": template_id}
    response = Client().post(TEMPLATE_PATH, call, "application/json")
    said = {"Status": "error", "Code": "111", "Message": "The template is not found."}
    assert (response.status_code, response.json()) == (403, said)


@pytest.mark.parametrize("template_id", ["hello", [], 1.5, True])
def test_a_template_goes_by_a_number(send: Send, acme: Tenant, template_id: object) -> None:
    response = Client().post(TEMPLATE_PATH, make_message(acme) | {"TemplateId": template_id}, "application/json")
    assert (response.status_code, response.json()["Code"]) == (400, "1")


TEMPLATE_PATH = PATH.replace("sendmessage", "sendtemplate")
