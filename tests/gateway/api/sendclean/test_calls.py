"""SendClean over HTTP: every documented answer, word for word."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.models import Account
from domains.credentials import forget
from gateway.api.sendclean.errors import ERRORS, NEVER
from gateway.models import Message, Recipient
from tests.gateway.api.mails import make_full_sendclean, make_sendclean
from tests.support.cast import Tenant

PATH = "/v1.0/messages/sendMail"
QUEUED = {"status": "success", "message": "message have been Queued ... "}


def send(client: Client, call: dict[str, Any], **headers: str) -> HttpResponse:
    return client.post(PATH, call, "application/json", headers=headers)


def error(name: str, message: str) -> dict[str, Any]:
    return {"status": "error", "code": -1, "name": name, "type": name, "message": message}


def refused(client: Client, call: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    response = send(client, call)
    return response.status_code, response.json()


def test_it_works(client: Client, live_acme: Tenant) -> None:
    response = send(client, make_full_sendclean(live_acme))
    assert (response.status_code, response.json()) == (200, QUEUED)
    message = Message.objects.get()
    assert (message.door, message.subject, message.unique_id, message.smtp_user) == (
        "sendclean",
        "Hello",
        "order 7",
        live_acme.smtp_user,
    )
    assert list(Recipient.objects.order_by("position").values_list("email", flat=True)) == [
        "rita@example.com",
        "carl@example.com",
        "bea@example.com",
    ]


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-8"])
def test_json_is_taken_under_any_name(client: Client, live_acme: Tenant, content_type: str) -> None:
    body = str(make_sendclean(live_acme)).replace("'", '"')
    assert client.post(PATH, body, content_type).json() == QUEUED


def test_an_idempotency_key_sends_once(client: Client, live_acme: Tenant) -> None:
    for _ in range(2):
        assert send(client, make_sendclean(live_acme), **{"Idempotency-Key": "k"}).json() == QUEUED
    assert Message.objects.count() == 1
    other = send(client, make_sendclean(live_acme, subject="Other"), **{"Idempotency-Key": "k"})
    assert (other.status_code, other.json()["name"]) == (409, "ValidationError")


def test_validation_errors(client: Client, live_acme: Tenant) -> None:
    call = make_sendclean(live_acme)
    cases = {
        "owner_id is required.": {**call, "owner_id": None},
        "token is required.": {**call, "token": ""},
        "smtp_user_name is required.": {**call, "smtp_user_name": None},
        "This account has no SMTP user nobody.": {**call, "smtp_user_name": "nobody"},
        "message is required.": {**call, "message": None},
        "The message has neither HTML nor text.": make_sendclean(live_acme, html=""),
        "At least one recipient is required.": make_sendclean(live_acme, to=[]),
        "message.from_email is required.": make_sendclean(live_acme, from_email=None),
    }
    for words, spoiled in cases.items():
        assert refused(client, spoiled) == (400, error("ValidationError", words))


def test_authentication_errors(client: Client, live_acme: Tenant, globex: Tenant) -> None:
    call = make_sendclean(live_acme)
    for change in (
        {"owner_id": "globex"},
        {"owner_id": "nobody"},
        {"token": "wrong"},
        {"token": globex.api_secret},
        {"token": live_acme.domain_secret},  # of one domain only
    ):
        assert refused(client, call | change) == (401, error("AuthenticationError", "Token MissMatch"))


def test_a_stranger_s_smtp_user_is_as_good_as_none(client: Client, live_acme: Tenant, globex: Tenant) -> None:
    call = make_sendclean(live_acme) | {"smtp_user_name": globex.smtp_user.name}
    assert refused(client, call) == (400, error("ValidationError", "This account has no SMTP user smtp_globex."))


def test_general_errors(client: Client, live_acme: Tenant) -> None:
    Account.objects.update(quota_total=0)
    status, answer = refused(client, make_sendclean(live_acme))
    assert (status, answer["name"]) == (429, "GeneralError")


def test_who_may_not_send_is_told(client: Client, live_acme: Tenant) -> None:
    live_acme.smtp_user.is_enabled = False
    live_acme.smtp_user.save()
    assert refused(client, make_sendclean(live_acme))[0] == 403
    Account.objects.update(status=Account.Status.SUSPENDED)
    forget()
    assert refused(client, make_sendclean(live_acme)) == (403, error("AuthenticationError", "The account is suspended."))


def test_another_s_domain_is_refused(client: Client, live_acme: Tenant, globex: Tenant) -> None:
    status, answer = refused(client, make_sendclean(live_acme, from_email="news@globex.example"))
    assert (status, answer["name"]) == (400, "ValidationError")
    assert "globex.example is not a sender domain of this account" in answer["message"]


def test_the_61st_request_in_a_minute_waits(client: Client, live_acme: Tenant) -> None:
    call = make_sendclean(live_acme, html="")  # refused later: a request all the same
    assert {send(client, call).status_code for _ in range(60)} == {400}
    response = send(client, call)
    assert (response.status_code, response.json()["name"]) == (429, "GeneralError")
    assert 0 < int(response.headers["Retry-After"]) <= 60


def test_an_unknown_path_is_answered_as_the_live_service_does(client: Client) -> None:
    response = client.post("/v1.0/messages/nothing", {}, "application/json")
    assert (response.status_code, response.json()) == (200, error("GeneralError", "Page not found"))


def test_the_secret_is_in_no_answer(client: Client, live_acme: Tenant) -> None:
    call = make_sendclean(live_acme, html="")
    assert live_acme.api_secret.encode() not in send(client, call).content


def test_a_revoked_token_stops_working(client: Client, live_acme: Tenant) -> None:
    live_acme.api_key.revoked_at = timezone.now()
    live_acme.api_key.save()
    assert refused(client, make_sendclean(live_acme))[0] == 401


def test_every_documented_type_is_in_the_table() -> None:
    assert {row.type for row in ERRORS.values()} == {"ValidationError", "GeneralError", "AuthenticationError"}
    assert not NEVER
