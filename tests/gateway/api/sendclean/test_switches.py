"""Each X-STes-* header by HTTP, down to the mail that goes out: it acts, and is gone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from domains.keys import add_keys
from domains.models import DKIMKey, SenderDomain
from domains.queries import forget
from gateway.engine.prepare import Ready
from gateway.models import Message
from templates_app.texts import Texts
from tests.gateway.api.mails import make_sendclean
from tests.gateway.api.sendclean.sending import (
    RAW,
    call_raw,
    call_template,
    error,
    make_template,
    outgoing,
    send,
)
from tests.support.cast import Tenant
from tests.support.letters import parse, parts_of

HTML = '<p>Hello, <a href="https://shop.example/">shop</a></p>'
TEXT = "Hello: https://shop.example/"


@pytest.fixture(autouse=True)
def _keys(live_acme: Tenant, acme_keys: list[DKIMKey], settings: Settings) -> None:
    settings.GATEPOST_URL = "https://mail.example"


def send_one(client: Client, tenant: Tenant, headers: dict[str, Any], **message: Any) -> Ready:
    """Send a mail with these headers; return it as it goes out."""
    call = make_sendclean(tenant, **({"html": HTML, "text": TEXT} | message), headers=headers | {"X-Shop": "7"})
    response = send(client, "sendMail", call)
    assert response.status_code == 200, response.json()
    return check_clean(outgoing())


def check_clean(sent: list[Ready]) -> Ready:
    (item,) = sent
    mail = parse(item.parcel.wire)
    assert not [name for name in mail.keys() if name.lower().startswith("x-stes")]  # noqa: SIM118 - a mail is no dict
    assert mail["X-Shop"] == "7"
    return item


def texts_of(item: Ready) -> dict[str, str]:
    return {kind: str(content).strip() for kind, content in parts_of(parse(item.parcel.wire))}


def marks_in(text: str) -> str:
    """Return the purposes of the links of ours in a text: `o` for the pixel, `c` for a click."""
    return "".join(re.findall(r"https?://[^/]+/t/([oc])/", text))


def refuse(client: Client, tenant: Tenant, **headers: str) -> tuple[int, dict[str, Any]]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    response = send(client, "sendMail", make_sendclean(tenant, headers=named))
    assert not Message.objects.exists()
    return response.status_code, response.json()


@pytest.mark.parametrize(
    ("headers", "html", "plain"),
    [
        ({}, "", ""),
        ({"X-STes-TrackOpen": "yes"}, "o", ""),
        ({"X-STes-TrackOpen": "no", "X-STes-TrackClick": "no"}, "", ""),
        ({"x-stes-trackclick": "html"}, "c", ""),
        ({"X-STes-TrackClick": "text"}, "", "c"),
        ({"X-STes-TrackClick": "Both", "X-STes-TrackOpen": "YES"}, "co", "c"),
    ],
)
def test_tracking_is_in_the_parts_that_were_named(
    client: Client, live_acme: Tenant, headers: dict[str, str], html: str, plain: str
) -> None:
    live_acme.account.track_opens = live_acme.account.track_clicks = False
    live_acme.account.save()
    texts = texts_of(send_one(client, live_acme, headers))
    assert (marks_in(texts["text/html"]), marks_in(texts["text/plain"])) == (html, plain)


def test_no_beats_what_the_account_has(client: Client, live_acme: Tenant) -> None:
    live_acme.account.track_opens = live_acme.account.track_clicks = True
    live_acme.account.save()
    item = send_one(client, live_acme, {"X-STes-TrackOpen": "no", "X-STes-TrackClick": "no"})
    assert texts_of(item) == {"text/html": HTML, "text/plain": TEXT}


def test_autotext_makes_the_text(client: Client, live_acme: Tenant) -> None:
    item = send_one(client, live_acme, {"X-STes-Autotext": "yes"}, text="")
    assert texts_of(item)["text/plain"] == "Hello, shop (https://shop.example/)"
    assert "text/plain" not in texts_of(send_one(client, live_acme, {"X-STes-Autotext": "no"}, text=""))


def test_autohtml_makes_the_html(client: Client, live_acme: Tenant) -> None:
    html = texts_of(send_one(client, live_acme, {"X-STes-AutoHtml": "yes"}, html="", text="1 < 2\n" + TEXT))["text/html"]
    assert "1 &lt; 2<br>" in html
    assert '<a href="https://shop.example/">' in html
    assert "text/html" not in texts_of(send_one(client, live_acme, {"X-STes-AutoHtml": "no"}, html=""))


@pytest.mark.parametrize(
    ("header", "texts", "made"),
    [
        (
            "X-STes-Autotext",
            Texts(subject="Hi", html='<p>{{NAME}} <a href="{{URL}}">here</a></p>'),
            "<Ann> here (https://a.example)",
        ),
        ("X-STes-Autotext", Texts(subject="Hi", html="<p>{{NAME}}</p>", text="Its own"), "Its own"),
        ("X-STes-AutoHtml", Texts(subject="Hi", text="{{NAME}}"), "&lt;Ann&gt;"),
    ],
)
def test_the_part_that_a_template_lacks_is_made_too(
    client: Client, live_acme: Tenant, header: str, texts: Texts, made: str
) -> None:
    values = {"NAME": "<Ann>", "URL": "https://a.example"}
    call = call_template(live_acme, make_template(live_acme, texts=texts).pk, dynamic_value=values)
    call["message"]["headers"] = {header: "yes", "X-Shop": "7"}
    assert send(client, "sendTemplate", call).status_code == 200
    found = texts_of(check_clean(outgoing()))
    assert made in found["text/html" if header.endswith("Html") else "text/plain"]


def test_a_template_stays_as_it_is_where_nobody_asks(client: Client, live_acme: Tenant) -> None:
    send(client, "sendTemplate", call_template(live_acme, make_template(live_acme).pk))
    assert list(texts_of(outgoing()[0])) == ["text/html"]


def test_links_name_the_tracking_domain(client: Client, live_acme: Tenant) -> None:
    live_acme.account.tracking_domains.create(name="t.acme.example", verified_at=timezone.now(), is_secure=True)
    headers = {"X-STes-TrackOpen": "yes", "X-STes-TrackClick": "both", "X-STes-TrackingDomain": "T.acme.example"}
    texts = texts_of(send_one(client, live_acme, headers))
    assert re.findall(r"(https?://[^/]+)/t/", "".join(texts.values())) == ["https://t.acme.example"] * 3


def test_the_signing_domain_signs(client: Client, live_acme: Tenant) -> None:
    other = live_acme.account.sender_domains.create(name="acme2.example", verified_at=timezone.now())
    add_keys(other)
    other.dkim_keys.update(published_at=timezone.now())
    item = send_one(client, live_acme, {"X-STes-SigningDomain": "acme2.example"})
    signatures = re.findall(rb"^DKIM-Signature:.*?\sd=([^;]+);", item.parcel.wire, re.MULTILINE | re.DOTALL)
    assert set(signatures) == {b"acme2.example"}
    assert {part.partition("/")[0] for part in item.signed_by.split()} == {"acme2.example"}
    assert parse(item.parcel.wire)["From"] == "Acme <news@acme.example>"


def test_the_return_path_names_its_domain(client: Client, live_acme: Tenant) -> None:
    SenderDomain.objects.filter(pk=live_acme.domain.pk).update(return_path_at=timezone.now())
    live_acme.account.sender_domains.create(
        name="acme2.example", verified_at=timezone.now(), return_path_at=timezone.now(), subdomain="r"
    )
    forget()
    assert send_one(client, live_acme, {}).parcel.mail_from.endswith("@bounce.acme.example")
    item = send_one(client, live_acme, {"X-STes-ReturnPathDomain": "r.acme2.example"})
    assert item.parcel.mail_from.endswith("@r.acme2.example")


@pytest.mark.parametrize(
    ("header", "host"),
    [
        ("X-STes-TrackingDomain", "track.globex.example"),
        ("X-STes-SigningDomain", "globex.example"),
        ("X-STes-ReturnPathDomain", "bounce.globex.example"),
    ],
)
def test_a_stranger_s_host_is_as_good_as_none(
    client: Client, live_acme: Tenant, globex: Tenant, header: str, host: str
) -> None:
    SenderDomain.objects.filter(pk=globex.domain.pk).update(tracking_at=timezone.now(), return_path_at=timezone.now())
    forget()
    status, theirs = refuse(client, live_acme, **{header: host})
    assert (status, theirs["type"]) == (400, "ValidationError")
    _, nobodys = refuse(client, live_acme, **{header: host.replace("globex", "nobody")})
    assert nobodys["message"] == theirs["message"].replace("globex", "nobody")


def test_what_is_not_verified_is_refused(client: Client, live_acme: Tenant) -> None:
    live_acme.account.tracking_domains.create(name="t.acme.example")
    live_acme.account.sender_domains.create(name="acme2.example")
    for header, host in (
        ("X-STes-TrackingDomain", "t.acme.example"),
        ("X-STes-SigningDomain", "acme2.example"),
        ("X-STes-ReturnPathDomain", "bounce.acme.example"),
    ):
        status, answer = refuse(client, live_acme, **{header: host})
        assert (status, "verified" in answer["message"]) == (400, True)


def test_a_value_that_is_none_is_refused(client: Client, live_acme: Tenant) -> None:
    words = {
        "X-STes-TrackOpen": "must be true or false",
        "X-STes-TrackClick": "must be html, text, both or no",
        "X-STes-Autotext": "must be true or false",
        "X-STes-AutoHtml": "must be true or false",
        "X-STes-TrackingDomain": "must be a domain name",
        "X-STes-SigningDomain": "must be a domain name",
        "X-STes-ReturnPathDomain": "must be a domain name",
    }
    for header, sentence in words.items():
        expected = error(f"headers.{header.lower()} {sentence}.")
        assert refuse(client, live_acme, **{header: "per haps"}) == (400, expected)


def test_a_switch_that_is_none_is_taken_out_and_noted(client: Client, live_acme: Tenant) -> None:
    send_one(client, live_acme, {"X-STes-Wings": "yes"})
    assert Message.objects.get().note == "x-stes-wings was not used: there is no such switch."


def test_switches_act_in_raw_mail_too(client: Client, live_acme: Tenant) -> None:
    orders = "X-STes-TrackOpen: yes\r\nX-STes-Autotext: yes\r\n"
    raw = orders + RAW.replace("Cc: carl@example.com\r\nBcc: bea@example.com\r\n", "")
    assert send(client, "sendRaw", call_raw(live_acme, raw)).status_code == 200
    assert marks_in(texts_of(check_clean(outgoing()))["text/html"]) == "o"
    assert Message.objects.get().note == "x-stes-autotext was not used: a whole message stays as it is."
