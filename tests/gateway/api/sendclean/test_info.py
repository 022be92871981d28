"""messages/getMessageInfo: what became of the mail with an X-Unique-Id, a hundred copies on a page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from domains.models import DKIMKey
from gateway.engine import queue
from gateway.engine.reports import MOST_PAGES
from gateway.models import Message, Recipient
from tests.gateway.api.mails import make_sendclean
from tests.gateway.api.sendclean.sending import RAW, call_raw, error, send
from tests.support.cast import Tenant
from tests.support.factories import make_attempt, make_event, make_message, make_recipient
from tracking.models import EventType

AT = datetime(2016, 3, 15, 9, 27, 2, 169_000, tzinfo=UTC)
MILLISECONDS = 1458034022169
NO_HITS: dict[str, list[Any]] = {"ip": [], "ua": [], "time": []}
State = Recipient.State


def ask(client: Client, tenant: Tenant, unique_id: Any = "test", **fields: Any) -> tuple[int, dict[str, Any]]:
    call = {"owner_id": tenant.account.owner_id, "token": tenant.api_secret, "x_unique_id": unique_id, **fields}
    response = client.post("/v1.0/messages/getMessageInfo", call, "application/json")
    return response.status_code, response.json()


def found(client: Client, tenant: Tenant, unique_id: Any = "test", **fields: Any) -> list[dict[str, Any]]:
    status, answer = ask(client, tenant, unique_id, **fields)
    assert (status, answer["status"], len(answer)) == (200, "success", 2)
    return list(answer["message_data"])


def test_it_works(client: Client, acme: Tenant) -> None:
    message = make_message(acme.account, (), unique_id="test", accepted_at=AT, subject="this is subject ..", files_size=5)
    recipient = make_recipient(message, "abc@inbox.example", state=State.DELIVERED)
    make_attempt(recipient, "deferred", source="192.0.2.8", size=1900)
    make_attempt(recipient, source="192.0.2.9", size=1919)
    for number, kind in enumerate((EventType.OPENED, EventType.CLICKED, EventType.OPENED), 10):
        at = AT + timedelta(seconds=number, milliseconds=1)
        make_event(recipient, kind, at=at, sequence=number, address=f"192.0.2.{number}", agent=f"Reader/{number}")
    assert found(client, acme) == [
        {
            "subject": "this is subject ..",
            "sender": "a@acme.example",
            "email": "abc@inbox.example",
            "sendFrom": "192.0.2.9",
            "mailSize": 1919,
            "attchSize": 5,
            "status": "delivered",
            "time": MILLISECONDS,
            "open": 1,
            "openData": {
                "ip": ["192.0.2.10", "192.0.2.12"],
                "ua": ["Reader/10", "Reader/12"],
                "time": [MILLISECONDS + 10_001, MILLISECONDS + 12_001],
            },
            "clickData": {"ip": ["192.0.2.11"], "ua": ["Reader/11"], "time": [MILLISECONDS + 11_001]},
            "click": 1,
        }
    ]


def test_mail_that_waits_has_its_size_and_nothing_more(client: Client, acme: Tenant) -> None:
    message = make_message(acme.account, ["abc@inbox.example"], unique_id="test", text="Hello")
    (data,) = found(client, acme)
    said = {name: data[name] for name in ("sendFrom", "mailSize", "attchSize", "open", "click", "openData", "clickData")}
    assert said == {
        "sendFrom": "",
        "mailSize": 5,
        "attchSize": 0,
        "open": 0,
        "click": 0,
        "openData": NO_HITS,
        "clickData": NO_HITS,
    }
    assert data["time"] == int(message.accepted_at.timestamp() * 1000)


@pytest.mark.parametrize("action", ["sendMail", "sendRaw"])
def test_what_was_sent_is_found_by_the_id_in_its_header(client: Client, live_acme: Tenant, action: str) -> None:
    raw = RAW.replace("Cc: carl@example.com\r\nBcc: bea@example.com\r\n", "")
    parts = "--b\r\n\r\nHello\r\n--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\naGk=\r\n--b--\r\n"
    raw = raw.replace("text/html", "multipart/mixed; boundary=b").replace("<p>Hello</p>\r\n", parts)
    calls = {
        "sendMail": make_sendclean(
            live_acme, headers={"X-Unique-Id": "order 7 "}, attachments=[{"name": "a", "content": "aGk="}]
        ),
        "sendRaw": call_raw(live_acme, raw),
    }
    send(client, action, calls[action])
    (data,) = found(client, live_acme, " order 7")
    assert (data["email"], data["sender"], data["subject"], data["status"]) == (
        "rita@example.com",
        "news@acme.example",
        "Hello",
        "queued",
    )
    assert data["attchSize"] == 2


@pytest.mark.parametrize(
    ("state", "tries", "word"),
    [
        (State.QUEUED, 0, "queued"),
        (State.HELD, 1, "queued"),
        (State.SENDING, 0, "sending"),
        (State.DEFERRED, 1, "deferred"),
        (State.DEFERRED, 0, "queued"),  # its time has not come
        (State.DELIVERED, 1, "delivered"),
        (State.BOUNCED, 1, "bounced"),
        (State.EXPIRED, 1, "bounced"),
        (State.SUPPRESSED, 0, "dropped"),
        (State.CANCELLED, 1, "dropped"),
        (State.FAILED, 0, "dropped"),
    ],
)
def test_each_state_has_a_word(client: Client, acme: Tenant, state: State, tries: int, word: str) -> None:
    recipient = make_recipient(make_message(acme.account, (), unique_id="test"), "abc@inbox.example", state=state)
    for _ in range(tries):
        make_attempt(recipient, "deferred")
    assert found(client, acme)[0]["status"] == word


def test_a_copy_under_way_was_tried_before(client: Client, live_acme: Tenant, acme_keys: list[DKIMKey]) -> None:
    send(client, "sendMail", make_sendclean(live_acme, headers={"X-Unique-Id": "test"}))
    queue.claim(1)  # counts as a try, of which nothing is known yet
    (data,) = found(client, live_acme)
    assert (data["status"], data["sendFrom"]) == ("sending", "")


def test_pages_have_a_hundred_each(client: Client, acme: Tenant) -> None:
    first = make_message(acme.account, [f"a{number}@inbox.example" for number in range(150)], unique_id="test")
    make_message(acme.account, [f"b{number}@inbox.example" for number in range(60)], unique_id="test")
    make_message(acme.account, ["c@inbox.example"], unique_id="other")
    expected = [f"a{number}@inbox.example" for number in range(150)] + [f"b{number}@inbox.example" for number in range(60)]
    pages = [found(client, acme, skip_page=page) for page in (0, 1, "2", 3)]
    assert [len(page) for page in pages] == [100, 100, 10, 0]
    assert [data["email"] for page in pages for data in page] == expected
    assert found(client, acme) == found(client, acme, skip_page="") == found(client, acme, skip_page=None) == pages[0]
    make_attempt(first.recipients.get(position=120))
    assert [data["email"] for data in found(client, acme, skip_page=1)] == expected[100:200]


def test_the_last_page_that_may_be_asked_for_is_far(client: Client, acme: Tenant) -> None:
    assert found(client, acme, skip_page=MOST_PAGES - 1) == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"x_unique_id": None}, "x_unique_id is required."),
        ({"x_unique_id": ""}, "x_unique_id is required."),
        ({"x_unique_id": ["test"]}, "x_unique_id must be text."),
        ({"skip_page": -1}, "skip_page must be the number of a page, from 0 to 9,999."),
        ({"skip_page": MOST_PAGES}, "skip_page must be the number of a page, from 0 to 9,999."),
        ({"skip_page": "one"}, "skip_page must be a whole number."),
    ],
)
def test_what_is_wrong_is_said(client: Client, acme: Tenant, fields: dict[str, Any], words: str) -> None:
    assert ask(client, acme, **{"unique_id": fields.get("x_unique_id", "test"), **fields}) == (400, error(words))


def test_authentication_errors(client: Client, acme: Tenant, globex: Tenant) -> None:
    for change in ({"owner_id": "globex"}, {"token": globex.api_secret}, {"token": acme.domain_secret}):
        assert ask(client, acme, **change) == (401, error("Token MissMatch", "AuthenticationError"))


def test_a_stranger_finds_nothing(client: Client, acme: Tenant, globex: Tenant) -> None:
    message = make_message(acme.account, ["abc@inbox.example"], unique_id="test")
    assert len(found(client, acme)) == 1
    for unique_id in ("test", "nothing", str(message.public_id), " ", "x" * 10_000):
        assert ask(client, globex, unique_id) == (200, {"status": "success", "message_data": []})


def test_mail_without_an_id_is_not_found_by_an_empty_one(client: Client, acme: Tenant) -> None:
    make_message(acme.account, ["abc@inbox.example"])
    assert Message.objects.get().unique_id == ""
    assert found(client, acme, " ") == []
