"""Octeth's calls about events: GetEvents and AggrEvents at /api.php, GET /api/v1/events, ClearDomainQueue."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Account, AuditEntry
from domains import credentials
from domains.models import SenderDomain
from gateway.api.octeth.answers.events import WORDS
from gateway.api.octeth.parse.events import COUNTABLE, EVENTS
from gateway.api.octeth.views.commands import COMMANDS
from gateway.api.octeth.views.events import AggrEvents, GetEvents
from gateway.api.octeth.views.queue import ClearDomainQueue
from gateway.models import Recipient
from tests.gateway.api.octeth.reports import ask, fact_of, post, refused, tell_ended
from tests.support.cast import Tenant
from tests.support.factories import make_message
from tests.tracking.facts import NOON, tell
from tracking.models import EventType
from tracking.queries.aggregates import FIELDS

PAGE = {"StartFrom": 0, "RetrieveCount": 50}
WELCOME = {
    "subject": "Welcome to Acme",
    "sender": "shop@acme.example",
    "recipient": "zoe@example.org",
    "recipient_domain": "example.org",
    "tags": ["welcome"],
    "campaign": "spring",
    "headers": {"X-Order": "7"},
    "code": 250,
    "enhanced": "2.0.0",
    "reply": "2.0.0 Ok: queued",
    "host": "mx1.example.org",
    "address": "192.0.2.7",
    "agent": "Mozilla/5.0",
    "url": "https://acme.example/offer",
}


def found(client: Client, tenant: Tenant, **parameters: Any) -> list[str]:
    """Return the recipients of the events that a call finds; TotalRecords counts the same."""
    answer = ask(client, tenant, "GetEvents", **PAGE | parameters)
    assert answer["TotalRecords"] == len(answer["Events"])
    return [event["message"]["headers"]["to"] for event in answer["Events"]]


# GetEvents ----------------------------------------------------------------------------------------------------------------


def test_it_works(client: Client, acme: Tenant) -> None:
    fact = fact_of(acme, "opened", at=NOON, **WELCOME)
    tell([fact])
    answer = ask(client, acme, "GetEvents", **PAGE)
    assert answer == {
        "TotalRecords": 1,
        "Events": [
            {
                "event_type": "open",
                "event": "opened",
                "timestamp": "2026-03-10T12:00:00Z",
                "logged-at": int(NOON.timestamp()),
                "event-id": f"{fact.origin.public_id}-0-1",
                "user-id": acme.account.pk,
                "domain-id": acme.domain.pk,
                "message-id": fact.origin.public_id,
                "campaign": "spring",
                "message": {
                    "headers": {
                        "from": "shop@acme.example",
                        "to": "zoe@example.org",
                        "subject": "Welcome to Acme",
                        "X-Order": "7",
                    },
                    "to-domain": "example.org",
                    "tags": ["welcome"],
                },
                "delivery-status": {
                    "code": 250,
                    "enhanced-code": "2.0.0",
                    "message": "2.0.0 Ok: queued",
                    "mx-host": "mx1.example.org",
                },
                "ip": "192.0.2.7",
                "user-agent": "Mozilla/5.0",
                "url": "https://acme.example/offer",
            }
        ],
    }


def test_every_kind_of_event_is_found_by_both_of_its_words(client: Client, acme: Tenant) -> None:
    tell([fact_of(acme, kind, recipient=f"{kind}@example.net") for kind in EventType.values])
    told = {event["message"]["headers"]["to"]: event for event in ask(client, acme, "GetEvents", **PAGE)["Events"]}
    for kind in EventType.values:
        event = told[f"{kind}@example.net"]
        for word in (event["event"], event["event_type"], event["event"].upper()):
            assert f"{kind}@example.net" in found(client, acme, Event=word)


def test_a_cancelled_recipient_shows_as_failed() -> None:
    assert WORDS[EventType.CANCELLED] == "failed"


@pytest.mark.parametrize("word", EVENTS)
def test_words_of_the_vendor_find_their_kinds_only(client: Client, acme: Tenant, word: str) -> None:
    tell([fact_of(acme, kind, recipient=f"{kind}@example.net") for kind in EventType.values])
    assert set(found(client, acme, Event=word)) == {f"{kind}@example.net" for kind in EVENTS[word]}


@pytest.mark.parametrize(
    "query",
    [
        "subject:welcome",
        "subject:Welcome",
        'subject:"welcome to"',
        "subject: wel*",
        "message.headers.subject:welcome",
        "from:shop@",
        "to:zoe@example.org",
        "message.headers.to:zoe",
        "ip:192.0.2.7",
        "mx:mx1.example.org",
        "mx-host:mx1",
        "response:queued",
        "to:zoe subject:acme queued",
        "welcome TO acme",
        '"welcome to acme"',
        "shop@acme.example",
        "192.0.2.7",
        "mx1.example",
        "Ok: queued",
    ],
)
def test_what_a_query_finds(client: Client, acme: Tenant, query: str) -> None:
    tell([fact_of(acme, **WELCOME), fact_of(acme, subject="Other", recipient="max@example.com")])
    assert found(client, acme, Query=query) == ["zoe@example.org"]


@pytest.mark.parametrize("query", ["subject:zoe", "to:welcome", "from:zoe", "never", "ip:mx1", "subject:acme to:max"])
def test_what_a_query_does_not_find(client: Client, acme: Tenant, query: str) -> None:
    tell([fact_of(acme, **WELCOME), fact_of(acme, subject="Other", recipient="max@example.com")])
    assert found(client, acme, Query=query) == []


@pytest.mark.parametrize(
    ("dates", "hours"),
    [
        ({}, [0, 12, 24, 47]),
        ({"StartDate": "2026-03-11"}, [12, 24, 47]),
        ({"EndDate": "2026-03-11"}, [0, 12, 24]),
        ({"StartDate": "2026-03-11", "EndDate": "2026-03-11"}, [12, 24]),
        ({"StartDate": "2026-03-12", "EndDate": "2026-03-11"}, []),
        ({"StartDate": "2026-03-11 12:00:00"}, [24, 47]),
        ({"StartDate": "2026-03-11T14:00:00+02:00", "EndDate": "2026-03-11T12:00:00Z"}, [24]),
        ({"StartDate": int(NOON.timestamp()), "EndDate": str(int(NOON.timestamp()))}, [0]),
        ({"StartDate": "", "EndDate": None}, [0, 12, 24, 47]),
    ],
)
def test_days_are_whole_and_moments_are_seconds(client: Client, acme: Tenant, dates: dict[str, Any], hours: list[int]) -> None:
    tell([fact_of(acme, at=NOON + timedelta(hours=hour), recipient=f"{hour}@example.net") for hour in (0, 12, 24, 47)])
    assert found(client, acme, **dates) == [f"{hour}@example.net" for hour in reversed(hours)]


def test_pages_are_numbered_and_no_larger_than_a_hundred(client: Client, acme: Tenant) -> None:
    tell([fact_of(acme, at=NOON - timedelta(minutes=place), recipient=f"{place}@example.net") for place in range(103)])
    answer = ask(client, acme, "GetEvents", StartFrom="100", RetrieveCount="2")
    assert [event["message"]["headers"]["to"] for event in answer["Events"]] == ["100@example.net", "101@example.net"]
    assert answer["TotalRecords"] == 103
    assert len(ask(client, acme, "GetEvents", StartFrom=0, RetrieveCount=5000)["Events"]) == 100


def test_another_domain_of_the_account_is_left_out(client: Client, acme: Tenant) -> None:
    other = SenderDomain.objects.create(account=acme.account, name="other.example")
    tell([fact_of(acme, recipient="ours@example.net"), fact_of(acme, domain_id=other.pk, recipient="theirs@example.net")])
    assert found(client, acme) == ["ours@example.net"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"DomainID": None}, 1),
        ({"DomainID": ""}, 1),
        ({"DomainID": 0}, 2),
        ({"DomainID": "x"}, 2),
        ({"DomainID": 2**70}, 2),
        ({"StartFrom": None}, 4),
        ({"StartFrom": "a"}, 4),
        ({"StartFrom": -1}, 4),
        ({"StartFrom": 10_001}, 4),
        ({"StartFrom": [1]}, 4),
        ({"RetrieveCount": None}, 5),
        ({"RetrieveCount": "many"}, 5),
        ({"RetrieveCount": 0}, 5),
        ({"DomainID": None, "StartFrom": None, "RetrieveCount": None}, 1),
    ],
)
def test_what_is_wrong_with_a_call(client: Client, acme: Tenant, change: dict[str, Any], code: int) -> None:
    answer = refused(client, acme, "GetEvents", **{"DomainID": acme.domain.pk} | PAGE | change)
    assert answer == (200, code, GetEvents.errors[code])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"StartDate": "soon"}, "StartDate must be a date such as"),
        ({"EndDate": "1969-12-31"}, "EndDate must be a date such as"),
        ({"EndDate": "9999-12-31"}, "EndDate must be a date such as"),
        ({"StartDate": 10**30}, "StartDate must be a date such as"),
        ({"StartDate": "²"}, "StartDate must be a date such as"),
        ({"Event": "sneezed"}, "Event must be one of delivered,"),
        ({"Query": "x" * 501}, "Query must be at most 500 characters"),
        ({"Query": "to:ann to:bob"}, "Query names to twice"),
        ({"Query": {"subject": "x"}}, "Query must be text"),
    ],
)
def test_what_has_no_number_is_said_in_words(client: Client, acme: Tenant, change: dict[str, Any], words: str) -> None:
    status, code, message = refused(client, acme, "GetEvents", **{"DomainID": acme.domain.pk} | PAGE | change)
    assert (status, code, message[: len(words)]) == (400, 400, words)


def test_it_speaks_xml(client: Client, acme: Tenant) -> None:
    tell([fact_of(acme, **WELCOME)])
    response = post(client, acme, "GetEvents", DomainID=acme.domain.pk, ResponseFormat="XML", **PAGE)
    assert b"<TotalRecords><![CDATA[1]]></TotalRecords>" in response.content
    assert b"<subject><![CDATA[Welcome to Acme]]></subject>" in response.content


# AggrEvents ---------------------------------------------------------------------------------------------------------------


def buckets(client: Client, tenant: Tenant, **parameters: Any) -> list[tuple[Any, int]]:
    listed = ask(client, tenant, "AggrEvents", **parameters)["AggBuckets"]
    assert all(bucket["count"] == bucket["doc_count"] for bucket in listed)
    return [(bucket["key"], bucket["count"]) for bucket in listed]


def test_kinds_of_events_are_counted_in_the_vendor_s_words(client: Client, acme: Tenant) -> None:
    tell([fact_of(acme, kind) for kind in ("opened", "opened", "opened", "bounced", "expired", "cancelled")])
    wanted = [("opened", 3), ("bounced", 2), ("failed", 1)]
    assert buckets(client, acme) == buckets(client, acme, AggregatedField="eventType") == wanted
    assert buckets(client, acme, AggregatedField="event", AggregateSize=1) == wanted[:1]


def test_every_field_of_an_event_is_counted(client: Client, acme: Tenant) -> None:
    fact = fact_of(acme, "delivered", **WELCOME)
    tell([fact, fact_of(acme, "delivered", at=NOON - timedelta(days=1), domain_id=77, **WELCOME)])
    keys: dict[str, Any] = {name: WELCOME.get(name) for name in FIELDS}
    keys |= {
        "type": "delivered",
        "tag": "welcome",
        "day": "2026-03-10",
        "hour": "2026-03-10T12:00:00Z",
        "month": "2026-03-01",
        "account_id": acme.account.pk,
        "domain_id": acme.domain.pk,
        "public_id": fact.origin.public_id,
    }
    for name, field in COUNTABLE.items():
        if field == "seconds":  # of these facts, what tells when they were accepted does not fit
            continue
        assert buckets(client, acme, AggregatedField=name) == [(keys[field], 1)], name


@pytest.mark.parametrize("name", ["message.to-domain", "message.to-domain.keyword", "MESSAGE_TO_DOMAIN"])
def test_names_of_fields_may_be_written_in_several_ways(client: Client, acme: Tenant, name: str) -> None:
    tell([fact_of(acme, **WELCOME)])
    assert buckets(client, acme, AggregatedField=name) == [("example.org", 1)]


def test_seconds_are_those_from_the_acceptance(client: Client, acme: Tenant) -> None:
    for seconds in (1.5, 1.75, 4):
        tell_ended(acme, "delivered", seconds)
    assert buckets(client, acme, AggregatedField="delivery-status.session-seconds") == [(1, 2), (4, 1)]


def test_days_bound_what_is_counted(client: Client, acme: Tenant) -> None:
    tell([fact_of(acme, at=NOON + timedelta(days=day)) for day in range(5)])
    days = {"StartDate": "2026-03-11", "EndDate": "2026-03-13"}
    assert buckets(client, acme, **days) == [("accepted", 3)]
    assert buckets(client, acme, AggregatedField="logged-at", AggregateSize="2", **days) == [
        ("2026-03-12", 1),
        ("2026-03-13", 1),
    ]


def test_what_is_wrong_with_a_count(client: Client, acme: Tenant) -> None:
    assert refused(client, acme, "AggrEvents") == (200, 1, AggrEvents.errors[1])
    assert refused(client, acme, "AggrEvents", DomainID=999_999) == (200, 2, AggrEvents.errors[2])
    for change in ({"AggregatedField": "secret_hash"}, {"AggregateSize": "x"}, {"StartDate": "x"}, {"EndDate": "x"}):
        status, code, words = refused(client, acme, "AggrEvents", DomainID=acme.domain.pk, **change)
        assert (status, code) == (400, 400)
        assert words.startswith(f"{next(iter(change))} must be")


# Strangers ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["GetEvents", "AggrEvents", "ClearDomainQueue", "ExportEvents"])
def test_another_tenant_s_domain_is_like_one_that_is_not_there(
    client: Client, acme: Tenant, globex: Tenant, command: str
) -> None:
    tell([fact_of(acme, **WELCOME)])
    answers = [post(client, globex, command, DomainID=key, **PAGE).content for key in (acme.domain.pk, 999_999)]
    assert answers[0] == answers[1]
    assert b'"ErrorCode":2' in answers[0]


def test_a_stranger_sees_no_event_even_of_a_domain_that_moved(client: Client, acme: Tenant, globex: Tenant) -> None:
    """The account counts, not the domain's number: theirs is as if the events of another account had their domain's."""
    tell([fact_of(acme, domain_id=globex.domain.pk, **WELCOME)])
    assert found(client, globex) == []
    assert buckets(client, globex) == []
    assert listed(client, globex)["TotalRecords"] == 0


# /api/v1/events -----------------------------------------------------------------------------------------------------------


def get(client: Client, key: str, body: bool = False, **parameters: Any) -> Any:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    if body:
        form = "&".join(f"{name}={value}" for name, value in parameters.items())
        return client.generic("GET", "/api/v1/events", form, "application/x-www-form-urlencoded", headers=headers)
    return client.get("/api/v1/events", parameters, headers=headers)


def listed(client: Client, tenant: Tenant, **parameters: Any) -> dict[str, Any]:
    response = get(client, tenant.domain_secret, **parameters)
    assert response.status_code == 200
    assert "Errors" not in response.json()
    return response.json()


def test_the_public_call_works(client: Client, acme: Tenant) -> None:
    fact = fact_of(acme, "clicked", at=NOON, **WELCOME)
    tell([fact])
    assert listed(client, acme) == {
        "TotalRecords": 1,
        "Events": [
            {
                "EventId": f"{fact.origin.public_id}-0-1",
                "EventType": "click",
                "EventTimestamp": "2026-03-10T12:00:00Z",
                "Recipient": "zoe@example.org",
                "MessageId": fact.origin.public_id,
                "CampaignId": "spring",
                "Details": {"UserAgent": "Mozilla/5.0", "IpAddress": "192.0.2.7"},
                "Event": "clicked",
                "LoggedAt": int(NOON.timestamp()),
                "Message": {
                    "Headers": {"From": "shop@acme.example", "To": "zoe@example.org", "Subject": "Welcome to Acme"},
                },
            }
        ],
    }


def test_parameters_may_stand_in_the_body_of_a_get(client: Client, acme: Tenant) -> None:
    tell([fact_of(acme, at=NOON + timedelta(minutes=minute)) for minute in range(7)])
    answer = get(client, acme.domain_secret, body=True, StartFrom=2, RetrieveCount=10, StartDate="2026-03-10%2012:00:00").json()
    assert (answer["TotalRecords"], len(answer["Events"])) == (7, 5)


def test_the_public_call_is_a_command_too(client: Client, acme: Tenant) -> None:
    tell([fact_of(acme)])
    call = {"Command": "EmailGateway.GetEvents.Public", "SenderAPIKey": acme.domain_secret}
    assert client.post("/api.php", call, "application/json").json() == listed(client, acme)


def test_five_events_are_the_usual_page(client: Client, acme: Tenant) -> None:
    tell([fact_of(acme, at=NOON + timedelta(minutes=minute)) for minute in range(7)])
    answer = listed(client, acme)
    assert (answer["TotalRecords"], len(answer["Events"])) == (7, 5)


def test_the_filters_of_the_public_call(client: Client, acme: Tenant) -> None:
    ours, other = make_message(acme.account, domain=acme.domain), make_message(acme.account, domain=acme.domain)
    tell([fact_of(acme, "opened", message_id=ours.pk, at=NOON), fact_of(acme, "opened", message_id=other.pk, at=NOON)])
    assert listed(client, acme, MessageID=str(ours.public_id), Event="open")["TotalRecords"] == 1
    assert listed(client, acme, Event="open", StartDate=int(NOON.timestamp()))["TotalRecords"] == 2
    assert listed(client, acme, Event="open", EndDate=int(NOON.timestamp()) - 1)["TotalRecords"] == 0
    assert listed(client, acme, MessageID="12345")["TotalRecords"] == 0


def test_a_message_of_another_tenant_has_no_events(client: Client, acme: Tenant, globex: Tenant) -> None:
    message = make_message(acme.account, domain=acme.domain)
    tell([fact_of(globex, message_id=message.pk)])  # of the stranger's own, with a number that is not theirs
    assert listed(client, globex, MessageID=str(message.public_id)) == {"TotalRecords": 0, "Events": []}


def _codes(answer: Any) -> list[int]:
    return [entry["Code"] for entry in answer.json()["Errors"]]


def test_what_is_wrong_with_the_public_call(client: Client, acme: Tenant) -> None:
    assert _codes(get(client, "")) == [1]
    assert _codes(get(client, "", StartFrom="a", RetrieveCount="b")) == [1, 4, 5]
    assert _codes(get(client, acme.domain_secret, StartFrom="a", RetrieveCount="b")) == [4, 5]
    assert _codes(get(client, "wrong")) == [13]
    assert _codes(get(client, acme.api_secret)) == [2]
    assert _codes(get(client, acme.domain_secret, StartDate="x")) == [400]
    Account.objects.filter(pk=acme.account.pk).update(status=Account.Status.SUSPENDED)
    credentials.forget()
    assert _codes(get(client, acme.domain_secret)) == [2]


def test_the_words_of_the_public_call(client: Client) -> None:
    answer = get(client, "", StartFrom="a", RetrieveCount="b").json()
    assert answer == {
        "Errors": [
            {"Code": 1, "Message": "Missing SenderAPIKey"},
            {"Code": 4, "Message": "Missing StartFrom"},
            {"Code": 5, "Message": "Missing RetrieveCount"},
        ]
    }


def test_the_101st_request_in_a_minute_waits(client: Client, acme: Tenant) -> None:
    Account.objects.filter(pk=acme.account.pk).update(requests_per_minute=1)
    listed(client, acme)
    response = get(client, acme.domain_secret)
    seconds = response.headers["Retry-After"]
    words = f"Too many requests. Please wait for {seconds} seconds before trying again."
    assert (response.status_code, response.json()) == (429, {"Errors": [{"Code": 429, "Message": words}]})


# ClearDomainQueue ---------------------------------------------------------------------------------------------------------


def test_a_queue_is_cleared_of_what_is_not_being_sent(client: Client, live_acme: Tenant, globex: Tenant) -> None:
    other = SenderDomain.objects.create(account=live_acme.account, name="other.example")
    waiting = [
        make_message(live_acme.account, domain=live_acme.domain, state=state) for state in ("queued", "deferred", "held")
    ]
    left = [
        make_message(live_acme.account, domain=live_acme.domain, state="sending"),
        make_message(live_acme.account, domain=other),
        make_message(globex.account, domain=globex.domain),
    ]
    assert ask(client, live_acme, "ClearDomainQueue") == {}
    states = dict(Recipient.objects.values_list("message_id", "state"))
    assert [states[message.pk] for message in waiting] == ["cancelled"] * 3
    assert [states[message.pk] for message in left] == ["sending", "queued", "queued"]
    told = ask(client, live_acme, "GetEvents", Event="failed", **PAGE)
    assert [event["event"] for event in told["Events"]] == ["failed"] * 3
    entry = AuditEntry.objects.get(account=live_acme.account)
    assert entry.action == "cleared the queue of sender domain"
    assert (entry.actor, entry.detail["recipients"]) == (str(live_acme.api_key), 3)


def test_what_comes_in_later_is_not_cleared(client: Client, live_acme: Tenant) -> None:
    later = make_message(live_acme.account, domain=live_acme.domain, accepted_at=datetime(2099, 1, 1, tzinfo=UTC))
    ask(client, live_acme, "ClearDomainQueue")
    assert Recipient.objects.get(message=later).state == "queued"


def test_what_is_wrong_with_clearing(client: Client, acme: Tenant) -> None:
    assert refused(client, acme, "ClearDomainQueue") == (200, 1, ClearDomainQueue.errors[1])
    assert refused(client, acme, "ClearDomainQueue", DomainID="x") == (200, 2, ClearDomainQueue.errors[2])


@pytest.mark.parametrize("command", [GetEvents, AggrEvents, ClearDomainQueue])
def test_commands_are_found_in_any_case(command: type) -> None:
    assert COMMANDS[command.name.lower()] is command
