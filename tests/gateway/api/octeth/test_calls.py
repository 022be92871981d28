"""Octeth's /api/v1/email over HTTP; each of its codes is in test_conformance.py."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from gateway.api.octeth.errors import WORDS
from gateway.models import Message, Recipient
from tests.gateway.api.mails import make_full_octeth, make_octeth
from tests.support.cast import Tenant

PATH = "/api/v1/email"
RITA = {"email": "rita@example.com", "name": "Rita"}
NAMELESS = {"email": "rita@example.com"}
BROKEN = {"email": "rita", "name": "Rita"}


def send(client: Client, call: dict[str, Any], key: str, **headers: str) -> HttpResponse:
    return client.post(PATH, call, "application/json", headers={"Authorization": f"Bearer {key}"} | headers)


def error(code: int, message: str = "") -> dict[str, Any]:
    return {"Errors": [{"Code": code, "Message": message or WORDS[code]}]}


def test_it_works(client: Client, live_acme: Tenant) -> None:
    response = send(client, make_full_octeth(), live_acme.domain_secret)
    message = Message.objects.get()
    assert (response.status_code, response.json()) == (200, {"MessageID": str(message.public_id)})
    assert (message.door, message.subject, message.tags, message.domain) == ("octeth", "Hello", ["welcome"], live_acme.domain)
    assert Recipient.objects.count() == 3


def test_the_key_may_stand_in_the_body(client: Client, live_acme: Tenant) -> None:
    call = make_octeth(SenderAPIKey=live_acme.domain_secret)
    assert "MessageID" in client.post(PATH, call, "application/json").json()
    assert "MessageID" in client.post(PATH, json.dumps(call), "application/x-www-form-urlencoded").json()


def test_the_bearer_key_beats_the_one_in_the_body(client: Client, live_acme: Tenant) -> None:
    call = make_octeth(SenderAPIKey="example-sender-api-key")
    assert "MessageID" in send(client, call, live_acme.domain_secret).json()


@pytest.mark.parametrize(
    ("code", "change"),
    [
        (3, {"From": None}),
        (3, {"From": "news@acme.example"}),
        (8, {"Subject": ""}),
        (9, {"ContentType": None}),
        (10, {"HtmlContent": ""}),
        (18, {"To": "rita@example.com"}),
        (18, {"To": [{"name": "Rita"}]}),
        (20, {"To": None}),
        (28, {"ReplyTo": "help@acme.example"}),
        (15, {"TemplateID": "hello"}),
        (15, {"TemplateID": 2**63}),
        (16, {"TargetListID": "news", "To": None}),
        (16, {"TargetListID": 987654, "To": None}),
        (35, {"ListID": "news"}),
        (36, {"SubscriberID": 1.5}),
        (37, {"JourneyID": -3}),
        (38, {"ActionID": {}}),
    ],
)
def test_more_ways_to_be_wrong(client: Client, live_acme: Tenant, code: int, change: dict[str, Any]) -> None:
    response = send(client, make_octeth(**change), live_acme.domain_secret)
    assert (response.status_code, response.json()) == (200, error(code))


def test_without_a_key_all_else_is_said_too(client: Client) -> None:
    answer = client.post(PATH, {"ContentType": "html"}, "application/json").json()
    assert [entry["Code"] for entry in answer["Errors"]] == [1, 3, 8, 10, 20]


def test_the_101st_request_in_a_minute_waits(client: Client, live_acme: Tenant) -> None:
    statuses = {send(client, {}, live_acme.domain_secret).status_code for _ in range(100)}
    response = send(client, {}, live_acme.domain_secret)
    assert (statuses, response.status_code) == ({200}, 429)
    [entry] = response.json()["Errors"]
    assert entry["Code"] == 429
    found = re.fullmatch(r"Too many requests\. Wait for (\d+) seconds for another 100 attempts\.", entry["Message"])
    assert found is not None
    assert found[1] == response.headers["Retry-After"]


def test_an_idempotency_key_sends_once(client: Client, live_acme: Tenant) -> None:
    first, second = (send(client, make_octeth(), live_acme.domain_secret, **{"Idempotency-Key": "k"}).json() for _ in range(2))
    assert first == second
    other = send(client, make_octeth(Subject="Other"), live_acme.domain_secret, **{"Idempotency-Key": "k"})
    assert other.status_code == 409
    assert other.json()["Errors"][0]["Code"] == 409


def test_what_the_vendor_has_no_code_for(client: Client, live_acme: Tenant) -> None:
    cases: list[dict[str, Any]] = [
        {"Subject": "a\nb"},
        {"Headers": {"X-A": "a\r\nBcc: eve@evil.example"}},
        {"Headers": {"Received": "x"}},
        {"Attachments": [{"filename": "a", "content": "?"}]},
        {"SendAt": "soon"},
        {"SendAt": "2199-01-01"},
        {"TargetListID": 7},
    ]
    for change in cases:
        response = send(client, make_octeth(**change), live_acme.domain_secret)
        assert response.status_code == 400
        assert [entry["Code"] for entry in response.json()["Errors"]] == [400]
        assert response.json()["Errors"][0]["Message"].endswith(".")


def test_a_key_of_one_tenant_does_not_reach_the_other(client: Client, live_acme: Tenant, globex: Tenant) -> None:
    (entry,) = send(client, make_octeth(), globex.domain_secret).json()["Errors"]
    detail = "acme.example is not a sender domain of this account; add it and publish its DNS records first."
    assert entry == {"Code": 3, "Message": WORDS[3], "Detail": detail}
    assert not Message.objects.exists()


def test_the_secret_is_in_no_answer(client: Client, live_acme: Tenant) -> None:
    assert live_acme.domain_secret.encode() not in send(client, {}, live_acme.domain_secret).content
