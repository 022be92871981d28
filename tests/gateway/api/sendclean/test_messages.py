"""What messages/* sends by each call, down to the mail; what all of them refuse alike, and in which words."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import Account
from domains.credentials import forget
from domains.models import DKIMKey
from gateway.models import Message
from templates_app.texts import Texts
from tests.gateway.api.sendclean.sending import (
    CALLS,
    RAW,
    call_by_get,
    call_raw,
    call_template,
    credentials,
    error,
    make_template,
    outgoing,
    refuse,
    send,
)
from tests.support.cast import Tenant
from tests.support.letters import parse, parts_of

SAID = {
    "sendMail": "message have been Queued ... ",
    "sendTemplate": "250 Message Queued...",
    "sendTemplateHTTPGet": "250 Message Queued...",
    "sendRaw": "message have been Queued ... ",
}
EVERY = pytest.mark.parametrize("action", CALLS)


@EVERY
def test_it_works(client: Client, live_acme: Tenant, acme_keys: list[DKIMKey], action: str) -> None:
    response = send(client, action, CALLS[action](live_acme))
    assert (response.status_code, response.json()) == (200, {"status": "success", "message": SAID[action]})
    message = Message.objects.get()
    assert (message.door, message.smtp_user, message.is_raw) == ("sendclean", live_acme.smtp_user, action == "sendRaw")
    assert outgoing()[0].parcel.rcpt_to == "rita@example.com"


# Templates --------------------------------------------------------------------------------------------------------------


def test_a_template_is_filled_in_case_by_case(client: Client, live_acme: Tenant, acme_keys: list[DKIMKey]) -> None:
    call = call_template(
        live_acme,
        make_template(live_acme).pk,
        images=[{"type": "image/png", "name": "LOGO", "content": "ZXhhbXBsZSBmaWxl"}],
        attachments=[{"type": "text/plain", "name": "a.txt", "content": "ZXhhbXBsZSBmaWxl"}],
        headers={"X-Unique-Id": "order 7"},
    )
    assert send(client, "sendTemplate", call).status_code == 200
    (item,) = outgoing()
    mail = parse(item.parcel.wire)
    assert (mail["Subject"], mail["X-Unique-Id"]) == ("Hello Bob & Co", "order 7")
    parts = dict(parts_of(mail))
    assert parts["text/html"].strip() == "<p>Bob &amp; Co, bob@b.example: {{name}}</p>"
    assert (parts["image/png"], parts["text/plain"].strip()) == (b"example file", "example file")
    assert [part["Content-ID"] for part in mail.walk() if part["Content-ID"]] == ["<LOGO>"]


def test_a_call_s_own_subject_beats_the_template_s(client: Client, live_acme: Tenant, acme_keys: list[DKIMKey]) -> None:
    send(client, "sendTemplate", call_template(live_acme, make_template(live_acme).pk, subject="For {{NAME}}"))
    assert parse(outgoing()[0].parcel.wire)["Subject"] == "For Bob & Co"


def test_a_template_goes_by_number_or_by_name(client: Client, live_acme: Tenant) -> None:
    template, other = make_template(live_acme), make_template(live_acme, "987654321", Texts(subject="Other", text="Other"))
    for template_id in (template.pk, str(template.pk), " hello ", "987654321", 987654321):
        assert send(client, "sendTemplate", call_template(live_acme, template_id)).status_code == 200
    found = Message.objects.order_by("pk").values_list("template_version__template", flat=True)
    assert list(found) == [template.pk] * 3 + [other.pk] * 2


@pytest.mark.parametrize("action", ["sendTemplate", "sendTemplateHTTPGet"])
def test_a_stranger_s_template_is_as_good_as_none(client: Client, live_acme: Tenant, globex: Tenant, action: str) -> None:
    theirs = make_template(globex, "theirs")
    make = call_template if action == "sendTemplate" else call_by_get
    for template_id in (theirs.pk, "theirs", "nobody's", theirs.pk + 1000, 2**62, 10**30):
        assert refuse(client, action, make(live_acme, template_id)) == (
            400,
            error("This account has no such template; give the id of one that it has."),
        )


def test_php_writes_an_empty_object_as_an_array(client: Client, live_acme: Tenant) -> None:
    call = call_template(live_acme, make_template(live_acme).pk, dynamic_value=[], headers=[], images=[])
    assert send(client, "sendTemplate", call).status_code == 200


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"template_id": None}, "message.template_id is required."),
        ({"dynamic_value": "x"}, "message.dynamic_value must be an object."),
        ({"dynamic_value": {"A": ["x"]}}, "message.dynamic_value must have text as values."),
        ({"dynamic_value": {str(n): "" for n in range(1001)}}, "message.dynamic_value must have at most 1,000 values."),
        ({"dynamic_value": {"A": "x" * 10**6}}, "message.dynamic_value must have at most 1,000,000 characters in all."),
        ({"to": []}, "At least one recipient is required."),
    ],
)
def test_what_is_wrong_with_a_template_s_call_is_said(
    client: Client, live_acme: Tenant, message: dict[str, Any], words: str
) -> None:
    call = call_template(live_acme, **({"template_id": make_template(live_acme).pk} | message))
    assert refuse(client, "sendTemplate", call) == (400, error(words))


def test_all_of_it_may_stand_in_a_query(client: Client, live_acme: Tenant, acme_keys: list[DKIMKey]) -> None:
    send(client, "sendTemplateHTTPGet", call_by_get(live_acme, make_template(live_acme).pk))
    mail = parse(outgoing()[0].parcel.wire)
    assert (mail["Subject"], mail["From"], mail["To"]) == ("Hello", "news@acme.example", "rita@example.com")
    assert dict(parts_of(mail))["text/html"].strip() == "<p>Bob &amp; Co, bob@b.example: {{name}}</p>"


@pytest.mark.parametrize("field", ["template_id", "subject", "from_email", "to", "smtp_user_name", "owner_id", "token"])
def test_a_query_without_a_required_field_is_refused(client: Client, live_acme: Tenant, field: str) -> None:
    call = call_by_get(live_acme, 1)
    for spoiled in (call | {field: ""}, {name: value for name, value in call.items() if name != field}):
        assert refuse(client, "sendTemplateHTTPGet", spoiled) == (400, error(f"{field} is required."))


def test_each_call_has_its_method(client: Client, live_acme: Tenant) -> None:
    wrong = [client.post("/v1.0/messages/sendTemplateHTTPGet"), client.get("/v1.0/messages/sendMail")]
    assert [(response.status_code, response.headers["Allow"]) for response in wrong] == [(405, "GET"), (405, "POST")]
    assert {response.json()["type"] for response in wrong} == {"ValidationError"}


# What all calls refuse alike --------------------------------------------------------------------------------------------


@EVERY
def test_authentication_errors(client: Client, live_acme: Tenant, globex: Tenant, action: str) -> None:
    call = CALLS[action](live_acme)
    for change in (
        {"owner_id": "globex"},
        {"token": "wrong"},
        {"token": globex.api_secret},
        {"token": live_acme.domain_secret},
    ):
        assert refuse(client, action, call | change) == (401, error("Token MissMatch", "AuthenticationError"))


@EVERY
def test_a_stranger_s_smtp_user_is_as_good_as_none(client: Client, live_acme: Tenant, globex: Tenant, action: str) -> None:
    call = CALLS[action](live_acme)
    for name in (globex.smtp_user.name, "nobody"):
        expected = error(f"This account has no SMTP user {name}.")
        assert refuse(client, action, call | {"smtp_user_name": name}) == (400, expected)


@EVERY
def test_a_stranger_sends_from_domains_of_its_own_only(client: Client, live_acme: Tenant, globex: Tenant, action: str) -> None:
    call = CALLS[action](globex) | credentials(globex)
    status, answer = refuse(client, action, call)
    assert (status, answer["type"]) == (400, "ValidationError")
    assert answer["message"].startswith("acme.example is not a sender domain of this account")


@EVERY
def test_general_errors(client: Client, live_acme: Tenant, action: str) -> None:
    call = CALLS[action](live_acme)
    Account.objects.update(quota_total=0)
    status, answer = refuse(client, action, call)
    assert (status, answer["name"], answer["type"]) == (429, "GeneralError", "GeneralError")


@EVERY
def test_an_idempotency_key_sends_once(client: Client, live_acme: Tenant, action: str) -> None:
    call = CALLS[action](live_acme)
    for _ in range(2):
        response = send(client, action, call, **{"Idempotency-Key": "k"})
        assert response.json() == {"status": "success", "message": SAID[action]}
    assert Message.objects.count() == 1
    other = send(client, "sendRaw", call_raw(live_acme, RAW.replace("Hello", "Other")), **{"Idempotency-Key": "k"})
    assert (other.status_code, other.json()["name"]) == (409, "ValidationError")


def test_the_61st_request_of_an_smtp_user_in_a_minute_waits_whatever_the_call(client: Client, live_acme: Tenant) -> None:
    calls = dict.fromkeys(CALLS, credentials(live_acme))  # refused later: requests all the same
    for number in range(60):
        action = list(calls)[number % len(calls)]
        assert send(client, action, calls[action]).status_code == 400
    for action, call in calls.items():
        response = send(client, action, call)
        assert (response.status_code, response.json()["type"]) == (429, "GeneralError")
        assert 0 < int(response.headers["Retry-After"]) <= 60


def test_an_hour_and_a_day_have_limits_of_their_own(client: Client, live_acme: Tenant, settings: Settings) -> None:
    assert settings.GATEPOST_SENDCLEAN_RATES == ((60, 60), (3_600, 3_600), (50_000, 86_400))
    settings.GATEPOST_SENDCLEAN_RATES = ((9, 60), (2, 3_600), (9, 86_400))
    call = CALLS["sendMail"](live_acme)
    *passed, last = [send(client, "sendMail", call) for _ in range(3)]
    assert {response.status_code for response in passed} == {200}
    assert (last.status_code, 60 < int(last.headers["Retry-After"]) <= 3_600) == (429, True)


@pytest.mark.parametrize(("own", "sent"), [(None, 2), (1, 1), (4, 4), (0, 5)])
def test_an_account_s_own_limit_stands_instead(
    client: Client, live_acme: Tenant, settings: Settings, own: int | None, sent: int
) -> None:
    settings.GATEPOST_SENDCLEAN_RATES = ((3, 60), (2, 3_600))
    Account.objects.update(requests_per_minute=own)
    forget()
    call = CALLS["sendMail"](live_acme)
    assert [send(client, "sendMail", call).status_code for _ in range(5)].count(200) == sent
