"""X-SMTPAPI and SC-Custom-* by SMTP, as seeds/002 says, from a client's socket to the socket of a receiving server."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import smtplib
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import pytest

from domains.models import DKIMKey
from gateway.engine import queue
from gateway.engine.outcome import Result
from gateway.engine.prepare import Later, Ready, prepare
from gateway.engine.rawmail import MAX_X_SMTPAPI
from gateway.models import Message
from templates_app.models import UnsubscribePage
from tests.gateway.engine.courier import PATIENT, make_courier, run
from tests.support.cast import Tenant
from tests.support.letters import parse
from tests.support.sink import running_sink
from tracking.links import Link, Purpose, read_token
from tracking.models import Event

pytestmark = pytest.mark.django_db(transaction=True)

TO = ["ben@ifaxin.example", "joe@ifaxin.example"]
FIELDS = ["From: Shop <shop@acme.example>", "To: everybody@ifaxin.example", "Subject: %name% =?utf-8?b?5L2g5aW9?="]
BODY = (
    "MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    '<p>亲爱的%name%: <a href="https://shop.example/">%money% 元</a> 100%</p>\r\n'
)

Submit = Callable[..., str]
Got = dict[str, EmailMessage]


def encode(asked: Any) -> str:
    text = asked if isinstance(asked, str) else json.dumps(asked, ensure_ascii=False)
    return base64.b64encode(text.encode()).decode()


@pytest.fixture
def submit(door: int, acme: Tenant) -> Submit:
    """Hand in a mail with an X-SMTPAPI for two recipients of the envelope; return the reply to its end."""

    def hand_in(asked: Any = None, *, place: int = 3, extra: tuple[str, ...] = (), value: str = "") -> str:
        fields = [*FIELDS, *extra]
        if asked is not None or value:
            fields.insert(place, f"X-SMTPAPI: {value or encode(asked)}")
        mail = "\r\n".join([*fields, BODY]).encode()
        with smtplib.SMTP("127.0.0.1", door, local_hostname="shop.example", timeout=20) as client:
            client.login(acme.smtp_user.name, acme.smtp_secret)
            client.mail("shop@acme.example")
            for address in ("rita@inbox.example", "bea@inbox.example"):
                client.rcpt(address)
            code, reply = client.data(mail)
        return f"{code} {reply.decode()}"

    return hand_in


@pytest.fixture
def send(submit: Submit, acme_keys: list[DKIMKey]) -> Submit:
    """Hand in what is to be delivered."""
    assert acme_keys
    return submit


def deliver() -> Got:
    """Bring all that waits to a receiving server; return what came, by recipient."""
    ready: list[Ready] = []
    copies = queue.claim(200)
    while copies:  # one batch has little time on a busy machine
        made = prepare(copies)
        ready += [one for one in made if isinstance(one, Ready)]
        copies = [one.copy for one in made if isinstance(one, Later)]

    async def bring(port: int) -> None:
        courier = make_courier(("127.0.0.1", port), deadlines=PATIENT)
        outcomes = await asyncio.gather(*(courier.deliver(one.parcel) for one in ready))
        assert {outcome.result for outcome in outcomes} == {Result.DELIVERED}
        await courier.close()

    with running_sink() as sink:
        run(bring(sink.port))
        taken = sink.wait(len(ready))
    got = {each.rcpt_to[0][0]: parse(each.content) for each in taken}
    assert len(got) == len(ready)
    return got


def html_of(mail: EmailMessage) -> str:
    return str(mail.get_content()).strip()


@pytest.mark.parametrize("place", [0, 1, 3])
def test_it_works_wherever_the_field_stands(send: Submit, place: int) -> None:
    reply = send({"to": TO, "sub": {"%name%": ["Ben", "乔"], "%money%": [288, 497.50]}}, place=place)
    got = deliver()
    message = Message.objects.get()
    assert reply == f"250 #{message.inbound_id}#Queued"
    assert set(got) == set(TO)  # nobody of the envelope
    for email, name, money in zip(TO, ["Ben", "乔"], ["288", "497.5"], strict=True):
        assert got[email]["To"] == email
        assert got[email]["Subject"] == f"{name} 你好"
        assert html_of(got[email]) == f'<p>亲爱的{name}: <a href="https://shop.example/">{money} 元</a> 100%</p>'
        assert "X-SMTPAPI" not in got[email]
    told = Event.objects.filter(type="accepted").order_by("position").values_list("message_id", "position", "recipient")
    assert list(told) == [(message.pk, position, email) for position, email in enumerate(TO)]


def test_a_library_may_fold_it_and_write_it_in_encoded_words(submit: Submit) -> None:
    value = encode({"to": TO, "sub": {"%name%": ["Ben" * 40, "Joe" * 40]}})
    submit(value="\r\n\t".join(value[place : place + 70] for place in range(0, len(value), 70)))
    mail = EmailMessage()
    mail["X-SMTPAPI"] = value
    submit(value=mail.as_bytes().decode().removeprefix("X-SMTPAPI: ").strip().replace("\n", "\r\n"))
    assert sorted(Message.objects.values_list("recipients__email", flat=True)) == sorted(TO * 2)


def test_pubsub_is_for_everybody_and_beats_sub(send: Submit) -> None:
    send({"to": TO, "sub": {"%name%": ["Ben", "Joe"]}, "pubsub": {"%name%": "华为 & <b>", "%money%": 1989.0}})
    for mail in deliver().values():
        assert mail["Subject"] == "华为 & <b> 你好"
        assert "亲爱的华为 &amp; &lt;b&gt;" in html_of(mail)
        assert "1989.0 元" in html_of(mail)


def test_pubsub_without_to_goes_to_the_envelope(send: Submit) -> None:
    send({"pubsub": {"%name%": "you"}})
    got = deliver()
    assert set(got) == {"rita@inbox.example", "bea@inbox.example"}
    assert {mail["To"] for mail in got.values()} == {"everybody@ifaxin.example"}
    assert {mail["Subject"] for mail in got.values()} == {"you 你好"}
    assert all("%money% 元" in html_of(mail) for mail in got.values())  # nobody gave it a value


def test_a_section_stands_in_values_of_sub(send: Submit) -> None:
    send({"to": TO, "sub": {"%name%": ["Ben", "Joe"], "%money%": ["%vip%", "5"]}, "section": {"vip": "as %name% likes"}})
    got = deliver()
    assert "as Ben likes 元" in html_of(got[TO[0]])
    assert "5 元" in html_of(got[TO[1]])


def test_values_of_every_kind(send: Submit) -> None:
    text = '{"to": ["a@b.example"], "sub": {"%name%": [VALUE]}}'
    spelled = {
        '"%money%"': "%money%",
        "1e3": "1e3",
        "-0.10": "-0.10",
        "12345678901234567890123": "12345678901234567890123",
        "true": "true",
        "false": "false",
        "null": "",
        '""': "",
        '"a\\r\\nBcc: x@y.example"': "a Bcc: x@y.example",
        '"\\ud83d\\ude00"': "😀",
    }
    for value, said in spelled.items():
        send(text.replace("VALUE", value))
        (mail,) = deliver().values()
        assert mail["Subject"] == f"{said} 你好".strip()
        assert "Bcc" not in mail


@pytest.mark.parametrize("enable", ["1", "0"])
def test_filters_beat_the_accounts_switches(send: Submit, acme: Tenant, enable: str) -> None:
    type(acme.account).objects.update(track_opens=enable == "0", track_clicks=enable == "0")
    type(acme.domain).objects.update(unsubscribe_link=enable == "0")
    names = ("subscription_tracking", "open_tracking", "click_tracking")
    send({"to": TO, "filters": {name: {"settings": {"enable": enable}} for name in names}})
    for mail in deliver().values():
        seen = [f"/t/{purpose}/" in html_of(mail) for purpose in "uoc"]
        assert seen == [enable == "1"] * 3
        assert ("List-Unsubscribe" in mail) == (enable == "1")
        if enable == "1":
            assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
            assert {"list-unsubscribe", "list-unsubscribe-post"} <= set(re.split("[: ]+", signed_names(mail)))


def signed_names(mail: EmailMessage) -> str:
    found = re.search(r"\bh=([^;]+);", re.sub(r"\s+", " ", str(mail["DKIM-Signature"])))
    assert found is not None
    return found[1].lower().strip()


@pytest.mark.parametrize("in_list", [False, True])
def test_a_page_is_chosen_by_its_number(send: Submit, acme: Tenant, in_list: bool) -> None:
    page = UnsubscribePage.objects.create(account=acme.account, name="Chinese", language="zh", title="退订", html="<p>x</p>")
    on = {"subscription_tracking": {"settings": {"enable": 1}}}
    send({"to": TO[:1], "settings": {"unsubscribe": {"page_id": [page.pk] if in_list else page.pk}}, "filters": on})
    (mail,) = deliver().values()
    found = re.search(r"<https?://([^/]+)/t/u/([\w-]+)>", str(mail["List-Unsubscribe"]))
    assert found is not None
    link = read_token(found[2], Purpose.UNSUBSCRIBE, found[1])
    assert isinstance(link, Link)
    assert (link.account_id, link.page_id) == (acme.account.pk, page.pk)
    assert ">退订</a>" in html_of(mail)  # the link below the mail is in the page's language


def test_custom_fields_come_back_with_every_event(send: Submit) -> None:
    send({"to": TO}, extra=("SC-Custom-key1: value1", "sc-custom-Key2: =?utf-8?b?5L2g5aW9?="))
    assert all(mail["SC-Custom-key1"] == "value1" for mail in deliver().values())
    assert [event.headers for event in Event.objects.all()] == [{"SC-Custom-key1": "value1", "sc-custom-Key2": "你好"}] * 2


def test_a_thousand_values_for_each(send: Submit) -> None:
    to = [f"u{number}@b.example" for number in range(20)]
    columns = {f"%{number:x}%": list(range(20)) for number in range(999)} | {"%name%": [f"N{n}" for n in range(20)]}
    assert send(json.dumps({"to": to, "sub": columns}, separators=(",", ":"))).startswith("250 ")
    got = {email: str(mail["Subject"]) for email, mail in deliver().items()}
    assert got == {email: f"N{number} 你好" for number, email in enumerate(to)}


# What is refused ---------------------------------------------------------------------------------------------------------


WRONG = {
    "no base64": "not base64!",
    "plain JSON, as the API has it": '{"to": ["d@163.example"]}',
    "no JSON": encode("not json"),
    "no object": encode([1]),
    "broken": encode("{"),
    "empty": encode({}),
    "to nobody": encode({"to": []}),
    "to is no array": encode({"to": "d@163.example"}),
    "to no address": encode({"to": ["nobody"]}),
    "to a command": encode({"to": ["a@b.example>\r\nRCPT TO:<c@d.example"]}),
    "too many": encode({"to": [f"u{number}@b.example" for number in range(101)]}),
    "sub without to": encode({"sub": {"%a%": ["1"]}}),
    "a value missing": encode({"to": TO, "sub": {"%a%": ["fewer"]}}),
    "a value too many": encode({"to": TO, "sub": {"%a%": ["and", "one", "more"]}}),
    "values that are no text": encode({"to": TO, "sub": {"%a%": [{}, []]}}),
    "an array for all": encode({"to": TO, "pubsub": {"%a%": ["1", "2"]}}),
    "neither on nor off": encode({"to": TO, "filters": {"open_tracking": {"settings": {"enable": "perhaps"}}}}),
    "an unknown page": encode({"settings": {"unsubscribe": {"page_id": 99}}}),
    "too long": encode({"pubsub": {"%a%": "x" * MAX_X_SMTPAPI}}),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_followed_is_an_xsmtpapi_error(submit: Submit, name: str) -> None:
    assert re.match(r"550 5\.\d\.\d xsmtpapi error: .{10}", submit(value=WRONG[name]))
    assert not Message.objects.exists()


def test_a_second_one_is_an_xsmtpapi_error(submit: Submit) -> None:
    assert "xsmtpapi error: The mail has 2 X-SMTPAPI fields" in submit({"to": TO}, extra=(f"x-smtpapi: {encode({'to': TO})}",))
    assert not Message.objects.exists()


def test_anothers_page_is_an_xsmtpapi_error(submit: Submit, globex: Tenant) -> None:
    page = UnsubscribePage.objects.create(account=globex.account, name="Theirs", language="en", title="T", html="<p>x</p>")
    assert "xsmtpapi error: " in submit({"settings": {"unsubscribe": {"page_id": page.pk}}})
    assert not Message.objects.exists()
