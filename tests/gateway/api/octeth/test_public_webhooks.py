"""/api/v1/webhooks: both families of names, every code word for word, and nobody reaches another domain's."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.models import Account
from domains.credentials import forget
from domains.models import SenderDomain
from gateway.api.octeth.errors import Table
from gateway.api.octeth.errors.public import ADD_WEBHOOK, DELETE_WEBHOOK, LIST_WEBHOOKS
from tests.support.cast import Tenant
from tracking.formats.octeth import CHOICES, PRIVATE_WORDS, PUBLIC_CHOICES
from tracking.models import Webhook
from tracking.webhooks.of_domain import add_webhook

PATH = "/api/v1/webhooks"
URL = "https://hooks.example.com/octeth"
GOOD = {"Event": "delivered", "WebhookURL": URL}


def call(client: Client, method: str, body: dict[str, Any], key: str) -> HttpResponse:
    return client.generic(method, PATH, json.dumps(body), "application/json", headers={"Authorization": f"Bearer {key}"})


def error(table: Table, code: int) -> dict[str, Any]:
    return {"Errors": [{"Code": code, "Message": table.words[code]}]}


def test_it_works(client: Client, acme: Tenant) -> None:
    answer = call(client, "POST", GOOD, acme.domain_secret)
    webhook = Webhook.objects.get()
    assert (answer.status_code, answer.json()) == (200, {"NewWebhookID": str(webhook.pk)})
    assert (webhook.account, webhook.domain, webhook.format, webhook.events) == (
        acme.account,
        acme.domain,
        "octeth",
        ["delivered"],
    )
    row = {"WebhookID": webhook.pk, "Event": "delivered", "URL": URL, "WebhookURL": URL, "Status": "Active"}
    assert call(client, "GET", {}, acme.domain_secret).json() == {"Webhooks": [row], "TotalRecords": 1}
    answer = call(client, "DELETE", {"WebhookID": str(webhook.pk)}, acme.domain_secret)
    assert (answer.status_code, answer.json()) == (200, {"Message": "Webhook successfully deleted."})
    assert not Webhook.objects.exists()


@pytest.mark.parametrize("word", CHOICES)
def test_every_name_of_both_families_is_taken_and_told_in_one(client: Client, acme: Tenant, word: str) -> None:
    call(client, "POST", GOOD | {"Event": word.title()}, acme.domain_secret)
    assert Webhook.objects.get().events == sorted(CHOICES[word])
    (row,) = call(client, "GET", {}, acme.domain_secret).json()["Webhooks"]
    assert row["Event"] == PRIVATE_WORDS.get(word, word)


def test_a_webhook_of_all_events_has_a_row_for_each(client: Client, acme: Tenant) -> None:
    add_webhook(acme.domain, URL, ())
    Webhook.objects.update(is_active=False)
    answer = call(client, "GET", {}, acme.domain_secret).json()
    assert [row["Event"] for row in answer["Webhooks"]] == list(PUBLIC_CHOICES)
    assert {row["Status"] for row in answer["Webhooks"]} == {"Disabled"}
    assert answer["TotalRecords"] == 1


def test_the_list_has_pages(client: Client, acme: Tenant) -> None:
    for word in PUBLIC_CHOICES:
        add_webhook(acme.domain, URL, PUBLIC_CHOICES[word])
    answer = call(client, "GET", {"StartFrom": 1, "RetrieveCount": "2"}, acme.domain_secret).json()
    assert [row["Event"] for row in answer["Webhooks"]] == ["bounced", "opened"]
    assert answer["TotalRecords"] == 6
    for change in ({"StartFrom": -1}, {"RetrieveCount": 0}, {"RetrieveCount": 1001}, {"StartFrom": "x"}):
        answer = call(client, "GET", change, acme.domain_secret)
        assert (answer.status_code, answer.json()["Errors"][0]["Code"]) == (400, 400)


ADD_FAULTS: dict[int, list[dict[str, Any]]] = {
    2: [{"Event": None}, {"Event": ""}],
    3: [{"Event": "send"}, {"Event": ["delivered"]}],
    5: [{"WebhookURL": None}, {"WebhookURL": ""}],
    6: [{"WebhookURL": url} for url in ("ftp://hooks.example.com/", "hooks.example.com", "https://a b.example/", 7)],
    7: [{"WebhookURL": f"http://{host}/"} for host in ("localhost", "127.0.0.1", "[::1]", "printer.local", "10.1.2.3")],
}


@pytest.mark.parametrize(("code", "change"), [(code, change) for code, changes in ADD_FAULTS.items() for change in changes])
def test_what_is_wrong_with_a_new_one(client: Client, acme: Tenant, code: int, change: dict[str, Any]) -> None:
    answer = call(client, "POST", GOOD | change, acme.domain_secret)
    assert (answer.status_code, answer.json()) == (200, error(ADD_WEBHOOK, code))
    assert not Webhook.objects.exists()


def test_all_that_is_wrong_is_said(client: Client, acme: Tenant) -> None:
    assert [entry["Code"] for entry in call(client, "POST", {}, acme.domain_secret).json()["Errors"]] == [2, 5]


def test_an_account_has_so_many_and_no_more(client: Client, acme: Tenant) -> None:
    acme.account.max_webhooks = 1
    acme.account.save()
    add_webhook(acme.domain, URL, ())
    answer = call(client, "POST", GOOD, acme.domain_secret)
    assert (answer.status_code, answer.json()["Errors"][0]["Code"]) == (403, 403)
    assert answer.json()["Errors"][0]["Message"].startswith("The account may have 1 webhooks")


@pytest.mark.parametrize("webhook_id", [None, ""])
def test_which_one_to_delete_must_be_said(client: Client, acme: Tenant, webhook_id: Any) -> None:
    assert call(client, "DELETE", {"WebhookID": webhook_id}, acme.domain_secret).json() == error(DELETE_WEBHOOK, 1)


def test_anothers_webhook_is_like_one_that_is_not_there(client: Client, acme: Tenant, globex: Tenant) -> None:
    second = SenderDomain.objects.create(account=acme.account, name="second.example", verification_token="t")
    own_other = Webhook.objects.create(account=acme.account, domain=second, url=URL, format="octeth", sealed_key=b"")
    other_format = Webhook.objects.create(account=acme.account, domain=acme.domain, url=URL, sealed_key=b"")
    theirs = add_webhook(globex.domain, URL, ())
    for key in (theirs.pk, own_other.pk, other_format.pk, 987654, "x", 2**70, -1):
        answer = call(client, "DELETE", {"WebhookID": key}, acme.domain_secret)
        assert (answer.status_code, answer.json()) == (200, error(DELETE_WEBHOOK, 4))
    assert Webhook.objects.count() == 3
    assert call(client, "GET", {}, acme.domain_secret).json()["Webhooks"] == []


CALLS: dict[str, tuple[Table, dict[str, Any]]] = {
    "POST": (ADD_WEBHOOK, GOOD),
    "GET": (LIST_WEBHOOKS, {}),
    "DELETE": (DELETE_WEBHOOK, {"WebhookID": 1}),
}


@pytest.mark.parametrize("method", CALLS)
def test_who_may_not_call(client: Client, acme: Tenant, method: str) -> None:
    table, body = CALLS[method]
    for key in ("", "wrong", acme.api_secret, acme.smtp_secret):
        assert call(client, method, body, key).json() == error(table, 13)
    Account.objects.update(status=Account.Status.SUSPENDED)
    forget()
    assert call(client, method, body, acme.domain_secret).json() == error(table, 13 if method == "POST" else 2)


@pytest.mark.parametrize("method", CALLS)
def test_who_calls_too_often_waits(client: Client, acme: Tenant, method: str) -> None:
    acme.account.requests_per_minute = 1
    acme.account.save()
    table, body = CALLS[method]
    call(client, method, body, acme.domain_secret)
    answer = call(client, method, body, acme.domain_secret)
    wait = answer.headers["Retry-After"]
    assert answer.status_code == 429
    assert answer.json()["Errors"] == [{"Code": 429, "Message": table.words[429].format(seconds=wait, attempts=1)}]


def test_every_code_of_the_vendor_is_reached() -> None:
    assert ADD_WEBHOOK.words.keys() == ADD_FAULTS.keys() | {13, 429}
    assert LIST_WEBHOOKS.words.keys() == {2, 13, 429}
    assert DELETE_WEBHOOK.words.keys() == {1, 2, 4, 13, 429}


def test_other_methods(client: Client, acme: Tenant) -> None:
    answer = call(client, "PUT", GOOD, acme.domain_secret)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST, DELETE")


def test_the_same_calls_at_api_php(client: Client, acme: Tenant) -> None:
    def command(name: str, **fields: Any) -> Any:
        body = {"Command": f"EmailGateway.{name}.Public", "SenderAPIKey": acme.domain_secret} | fields
        return client.post("/api.php", body, "application/json").json()

    number = command("AddWebhook", **GOOD)["NewWebhookID"]
    assert [str(row["WebhookID"]) for row in command("GetWebhooks")["Webhooks"]] == [number]
    assert command("AddWebhook", Event="delivered") == error(ADD_WEBHOOK, 5)
    assert command("DeleteWebhook", WebhookID=number) == {"Message": "Webhook successfully deleted."}
    assert command("DeleteWebhook", WebhookID=number) == error(DELETE_WEBHOOK, 4)
