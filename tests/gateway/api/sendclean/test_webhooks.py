"""settings/*Webhook* over HTTP, and what then arrives at a real endpoint; and nobody else's."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any
from urllib.parse import parse_qs

import pytest

from accounts.models import AuditEntry
from gateway.base import clock
from gateway.base.sealing import seal
from tests.gateway.api.sendclean.calls import Answer, Call, refused, said
from tests.support.cast import Tenant
from tests.support.endpoint import Endpoint, running_endpoint, saying
from tests.tracking.webhooks.conftest import World, happen, make_fact, states
from tracking.models import EventType, Webhook, WebhookDelivery
from tracking.webhooks import queries
from tracking.webhooks.actions import add_webhook, disable
from tracking.webhooks.calls import open_key
from tracking.webhooks.fanout import FanOut

pytestmark = pytest.mark.django_db

BLESSED = saying(b"God bless you, SendClean")
ALL = "send,open,click,soft_bounce,hard_bounce,spam"


@pytest.fixture
def endpoint(settings: Any) -> Iterator[Endpoint]:
    """A receiver of the vendor's customers."""
    settings.GATEPOST_WEBHOOK_ALLOW = (ip_network("127.0.0.0/8"),)
    with running_endpoint({"/": BLESSED, "/other": BLESSED, "/mute": 200, "/wrong": saying(b"God bless you, Acme")}) as running:
        yield running


@pytest.fixture
def hook(call: Call, acme: Tenant, endpoint: Endpoint) -> Webhook:
    """acme's webhook, added by the call."""
    assert call("settings/addWebhook", url=endpoint.url + "/", event="open,click", description="shop") == said("Webhook Added")
    added: Webhook = Webhook.objects.for_account(acme.account).get()
    return added


def test_it_works(hook: Webhook, call: Call) -> None:
    assert (hook.format, sorted(hook.events), hook.description, hook.keeps_log, hook.is_active) == (
        "sendclean",
        ["clicked", "opened"],
        "shop",
        True,
        True,
    )
    row = {
        "webhook_id": hook.pk,
        "url": hook.url,
        "event": "open,click",
        "key": open_key(hook),
        "store_log": "Enable",
        "description": "shop",
        "create_date": int(hook.created_at.timestamp()),
    }
    assert call("settings/listWebhook") == (200, {"status": "success", "webhook_list": [row]})
    data = row | {"last_success": None, "total_event": 0}
    assert call("settings/getWebhookInfo", webhook_id=str(hook.pk)) == (200, {"status": "success", "webhook_data": data})
    assert call("settings/deleteWebhook", webhook_id=hook.pk) == said("Webhook Deleted")
    assert call("settings/listWebhook") == (200, {"status": "success", "webhook_list": []})


def test_the_url_is_called_as_later_with_events(hook: Webhook, endpoint: Endpoint) -> None:
    (test,) = endpoint.calls
    assert_signed(hook, test.headers, test.body)


def assert_signed(hook: Webhook, headers: Any, body: bytes) -> list[dict[str, Any]]:
    """Read a body as the vendor's receivers do, and return its events."""
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    fields = {name: values[0] for name, values in parse_qs(body.decode(), strict_parsing=True).items()}
    assert set(fields) == {"SendCleantes_events"}
    signed = hook.url + "".join(name + fields[name] for name in sorted(fields))
    mac = hmac.new(open_key(hook).encode(), signed.encode(), hashlib.sha1).digest()
    assert headers["x-sendcleantes-signature"] == base64.b64encode(mac).decode()
    events: list[dict[str, Any]] = json.loads(fields["SendCleantes_events"])
    return events


def test_what_is_not_given_is_everything(call: Call, endpoint: Endpoint) -> None:
    assert call("settings/addWebhook", url=endpoint.url + "/", store_log="Disable")[0] == 200
    (row,) = call("settings/listWebhook")[1]["webhook_list"]
    assert (row["event"], row["store_log"], row["description"]) == (ALL, "Disable", "")


@pytest.mark.parametrize("events", ["send", "soft_bounce", "hard_bounce", "spam", "soft_bounce,hard_bounce", ALL])
def test_events_come_back_as_they_were_given(events: str, call: Call, endpoint: Endpoint) -> None:
    call("settings/addWebhook", url=endpoint.url + "/", event=events.upper().replace(",", " , "))
    assert call("settings/listWebhook")[1]["webhook_list"][0]["event"] == events


def test_events_chosen_in_the_console_are_said_in_the_vendor_s_words(hook: Webhook, call: Call) -> None:
    Webhook.objects.update(events=["bounced", "accepted"])
    assert call("settings/getWebhookInfo", webhook_id=hook.pk)[1]["webhook_data"]["event"] == "soft_bounce,hard_bounce"


def test_only_what_is_given_is_edited(hook: Webhook, call: Call, endpoint: Endpoint) -> None:
    edited = said("Webhook Edited")
    assert call("settings/editWebhook", webhook_id=hook.pk, url=endpoint.url + "/other") == edited
    hook.refresh_from_db()
    assert (hook.url, sorted(hook.events), hook.description) == (endpoint.url + "/other", ["clicked", "opened"], "shop")
    fields = {"event": "spam", "description": "", "store_log": "Disable"}
    assert call("settings/editWebhook", webhook_id=str(hook.pk), url=hook.url, **fields) == edited
    hook.refresh_from_db()
    assert (hook.events, hook.description, hook.keeps_log) == (["complained"], "", False)
    assert [one.path for one in endpoint.calls] == ["/", "/other", "/other"]


def test_editing_brings_a_disabled_webhook_back(hook: Webhook, call: Call) -> None:
    disable(hook, "It answered 410.")
    call("settings/editWebhook", webhook_id=hook.pk, url=hook.url)
    hook.refresh_from_db()
    assert (hook.is_active, hook.disabled_reason) == (True, "")


@pytest.mark.parametrize("action", ["keyResetWebhook", "keyRestWebhook"])
def test_a_new_key_signs_at_once(action: str, hook: Webhook, call: Call) -> None:
    old = open_key(hook)
    status, answer = call(f"settings/{action}", webhook_id=hook.pk)
    hook.refresh_from_db()
    new = open_key(hook)
    assert new != old
    assert (status, answer) == (
        200,
        {"status": "success", "message": "Webhook key reseted", "webhook_id": hook.pk, "key": new},
    )


def test_changes_are_in_the_account_s_audit(hook: Webhook, call: Call, acme: Tenant) -> None:
    call("settings/editWebhook", webhook_id=hook.pk, url=hook.url)
    call("settings/keyResetWebhook", webhook_id=hook.pk)
    call("settings/deleteWebhook", webhook_id=hook.pk)
    entries = AuditEntry.objects.for_account(acme.account).order_by("pk")
    assert [entry.action for entry in entries] == [
        f"{past} webhook" for past in ("added", "changed", "reset the key of", "deleted")
    ]
    assert {(entry.actor, entry.target, entry.detail["id"]) for entry in entries} == {
        (f"{acme.api_key.secret_prefix}…", hook.url, hook.pk)
    }


@pytest.mark.parametrize("path", ["/mute", "/wrong"])
def test_a_url_must_answer_the_vendor_s_words(path: str, hook: Webhook, call: Call, endpoint: Endpoint) -> None:
    words = (
        "This URL failed the test that is sent before it is saved. "
        'It must answer the text "God bless you, Gatepost", and nothing else.'
    )
    assert call("settings/addWebhook", url=endpoint.url + path) == refused(words)
    assert call("settings/editWebhook", webhook_id=hook.pk, url=endpoint.url + path) == refused(words)
    assert list(Webhook.objects.values_list("url", flat=True)) == [hook.url]


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "http://10.0.0.1/", "http://localhost/", "http://[::1]/", "ftp://a.com/", "x"]
)
def test_private_addresses_are_refused(url: str, call: Call, settings: Any) -> None:
    settings.GATEPOST_WEBHOOK_ALLOW = ()
    status, answer = call("settings/addWebhook", url=url)
    assert (status, answer["type"]) == (400, "ValidationError")
    assert answer["message"].startswith("This URL cannot be called.")
    assert not Webhook.objects.exists()


@pytest.mark.parametrize(
    ("action", "fields", "words"),
    [
        ("addWebhook", {}, "url is required."),
        (
            "addWebhook",
            {"url": "http://a.com/", "event": "send,delivered"},
            "event must be a list, separated by commas, of send,",
        ),
        ("addWebhook", {"url": "http://a.com/", "event": ["send"]}, "event must be text."),
        ("addWebhook", {"url": "http://a.com/", "store_log": "yes"}, "store_log must be Enable or Disable."),
        ("addWebhook", {"url": "http://a.com/", "description": "x" * 251}, "description must have at most 250 characters."),
        ("editWebhook", {"url": "http://a.com/"}, "webhook_id is required."),
        ("editWebhook", {"webhook_id": 1}, "url is required."),
        ("editWebhook", {"webhook_id": 0, "url": "http://a.com/"}, "This account has no webhook 0."),
        ("getWebhookInfo", {"webhook_id": "one"}, "webhook_id must be a whole number."),
        ("deleteWebhook", {"webhook_id": 2**63}, "This account has no webhook 9223372036854775808."),
        ("listWebhook", {"skip_page": -1}, "skip_page must be the number of a page, from 0 to 9,999."),
    ],
)
def test_what_is_wrong_is_said(call: Call, action: str, fields: dict[str, Any], words: str) -> None:
    status, answer = call(f"settings/{action}", **fields)
    assert (status, answer["type"]) == (400, "ValidationError")
    assert answer["message"].startswith(words)


def test_the_account_has_a_limit(call: Call, acme: Tenant, endpoint: Endpoint) -> None:
    acme.account.max_webhooks = 0
    acme.account.save()
    answer = call("settings/addWebhook", url=endpoint.url + "/")
    assert answer == refused("The account may have 0 webhooks; delete one first.", status=429, kind="GeneralError")
    assert endpoint.calls == []


def test_webhooks_of_other_formats_are_for_the_console(call: Call, acme: Tenant) -> None:
    other, _ = add_webhook(acme.account, "https://hooks.acme.com/")
    assert call("settings/listWebhook")[1]["webhook_list"] == []
    assert call("settings/deleteWebhook", webhook_id=other.pk) == refused(f"This account has no webhook {other.pk}.")


def test_the_list_goes_on(hook: Webhook, call: Call, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "PAGE", 1)
    call("settings/addWebhook", url=endpoint.url + "/other")
    pages = [call("settings/listWebhook", skip_page=page)[1]["webhook_list"] for page in range(3)]
    assert [[row["url"] for row in page] for page in pages] == [[hook.url], [endpoint.url + "/other"], []]


def test_a_key_that_does_not_open_is_shown_as_none_until_it_is_reset(hook: Webhook, call: Call) -> None:
    Webhook.objects.update(sealed_key=seal(b"x", "elsewhere"))
    assert call("settings/listWebhook")[1]["webhook_list"][0]["key"] == ""
    assert call("settings/editWebhook", webhook_id=hook.pk, url=hook.url)[0] == 400
    call("settings/keyResetWebhook", webhook_id=hook.pk)
    assert call("settings/editWebhook", webhook_id=hook.pk, url=hook.url)[0] == 200


@pytest.mark.parametrize("action", ["editWebhook", "keyResetWebhook", "getWebhookInfo", "deleteWebhook"])
def test_a_stranger_s_webhook_is_as_good_as_none(action: str, stranger: Call, hook: Webhook) -> None:
    before, missing = Webhook.objects.values().get(), hook.pk + 1000

    def ask(key: int) -> Answer:
        return stranger(f"settings/{action}", webhook_id=key, url=hook.url)

    assert (ask(hook.pk), ask(missing)) == tuple(refused(f"This account has no webhook {key}.") for key in (hook.pk, missing))
    assert stranger("settings/listWebhook")[1]["webhook_list"] == []
    assert Webhook.objects.values().get() == before


@pytest.fixture
def world(live_acme: Tenant, endpoint: Endpoint) -> Iterator[World]:
    sender = FanOut()
    yield World(live_acme, endpoint, sender)
    sender.close()


@pytest.mark.django_db(transaction=True)
def test_events_arrive_in_one_signed_batch(world: World, call: Call, globex: Tenant) -> None:
    call("settings/addWebhook", url=world.endpoint.url + "/", event="send,hard_bounce,spam")
    hook = Webhook.objects.get()
    tenant = world.tenant
    wanted = [
        make_fact(tenant),
        make_fact(tenant, EventType.BOUNCED, category="recipient", code=550, reply="No such user"),
        make_fact(tenant, EventType.COMPLAINED),
    ]
    unwanted = [make_fact(tenant, EventType.BOUNCED, category="full"), make_fact(tenant, EventType.OPENED), make_fact(globex)]
    happen(*wanted, *unwanted)
    world.run()
    _, arrived = world.endpoint.calls
    events = assert_signed(hook, arrived.headers, arrived.body)
    assert [event["event"] for event in events] == ["send", "hard_bounce", "spam"]
    assert [event["msg"]["email"] for event in events] == [fact.recipient for fact in wanted]
    data = call("settings/getWebhookInfo", webhook_id=hook.pk)[1]["webhook_data"]
    assert data["total_event"] == 3
    assert abs(data["last_success"] - clock.now().timestamp()) < 60


@pytest.mark.django_db(transaction=True)
def test_a_batch_that_is_not_answered_by_200_comes_again(world: World, call: Call) -> None:
    call("settings/addWebhook", url=world.endpoint.url + "/")
    world.endpoint.script["/"] = lambda before: 500 if before < 2 else 200  # the first call was the test
    happen(*(make_fact(world.tenant) for _ in range(2)))
    world.run()
    assert states() == {"waiting": 2}
    happen(make_fact(world.tenant))  # a later event changes nothing in a batch that was sent
    world.later(hours=1)
    world.run()
    bodies = [one.body for one in world.endpoint.calls[1:]]
    assert bodies[0] in bodies[1:]
    assert states() == {"done": 3}
    assert set(WebhookDelivery.objects.values_list("status", flat=True)) == {200}


@pytest.mark.django_db(transaction=True)
def test_a_reset_key_signs_what_is_tried_again(world: World, call: Call) -> None:
    call("settings/addWebhook", url=world.endpoint.url + "/")
    hook = Webhook.objects.get()
    world.endpoint.script["/"] = lambda before: 500 if before == 1 else 200
    happen(make_fact(world.tenant))
    world.run()
    call("settings/keyResetWebhook", webhook_id=hook.pk)
    hook.refresh_from_db()
    world.later(hours=1)
    world.run()
    last = world.endpoint.calls[-1]
    assert len(assert_signed(hook, last.headers, last.body)) == 1
    assert states() == {"done": 1}
