"""Octeth's statistics: DomainStats, AccountStats, DailySeries, RecipientDomainStats, ListRecipientDomains."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from domains.models import SenderDomain
from gateway.api.octeth.answers.statistics import SLOWEST, SPEEDS
from gateway.api.octeth.views.commands import COMMANDS
from gateway.base import clock
from tests.gateway.api.octeth.reports import ask, fact_of, post, refused, tell_ended
from tests.support.cast import Tenant
from tests.tracking.facts import NOON, tell
from tracking.models import EventType

MARCH = {"StartDate": "2026-03-01", "EndDate": "2026-03-31"}
NOTHING = {
    "Sent": 0,
    "Delivered": 0,
    "Bounced": 0,
    "Opened": 0,
    "Clicked": 0,
    "Unsubscribed": 0,
    "Complained": 0,
    "Rejected": 0,
    "Failed": 0,
}
OF_A_DOMAIN = ("DomainStats", "RecipientDomainStats", "ListRecipientDomains")


def facts_of(tenant: Tenant, counts: dict[str, int], **fields: Any) -> None:
    tell([fact_of(tenant, kind, **fields) for kind, number in counts.items() for _ in range(number)])


# DomainStats --------------------------------------------------------------------------------------------------------------


def test_it_works(client: Client, acme: Tenant) -> None:
    facts_of(acme, {"accepted": 4, "delivered": 3, "bounced": 1, "opened": 2}, at=NOON, tags=["welcome"])
    facts_of(acme, {"accepted": 2, "clicked": 1}, at=NOON - timedelta(days=20), tags=["old"])
    now = NOTHING | {"Sent": 4, "Delivered": 3, "Bounced": 1, "Opened": 2}
    before = NOTHING | {"Sent": 2, "Clicked": 1}
    assert ask(client, acme, "DomainStats", **MARCH) == {
        "Stats": now,
        "ComparisonStats": before | {"PreviousPeriod": before},
        "TagStats": {"welcome": now},
    }


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("accepted", "Sent"),
        ("delivered", "Delivered"),
        ("bounced", "Bounced"),
        ("expired", "Bounced"),
        ("opened", "Opened"),
        ("clicked", "Clicked"),
        ("unsubscribed", "Unsubscribed"),
        ("complained", "Complained"),
        ("suppressed", "Rejected"),
        ("failed", "Failed"),
        ("cancelled", "Failed"),
        ("deferred", None),
    ],
)
def test_what_counts_as_what(client: Client, acme: Tenant, kind: str, name: str | None) -> None:
    facts_of(acme, {kind: 1})
    assert ask(client, acme, "DomainStats", **MARCH)["Stats"] == NOTHING | ({name: 1} if name else {})


def test_who_opens_twice_counts_once(client: Client, acme: Tenant) -> None:
    tell([fact_of(acme, "opened"), fact_of(acme, "opened", is_first=False)])
    assert ask(client, acme, "DomainStats", **MARCH)["Stats"]["Opened"] == 1


def test_every_kind_of_event_stands_in_the_table_of_kinds() -> None:
    assert set(EventType.values) == {mark for mark, _ in test_what_counts_as_what.pytestmark[0].args[1]}


def test_the_span_before_is_as_long(client: Client, acme: Tenant) -> None:
    for day in range(12):
        facts_of(acme, {"accepted": 1}, at=NOON - timedelta(days=day))
    answer = ask(client, acme, "DomainStats", StartDate="2026-03-08", EndDate="2026-03-10")
    assert (answer["Stats"]["Sent"], answer["ComparisonStats"]["Sent"]) == (3, 3)
    one = ask(client, acme, "DomainStats", StartDate="2026-03-10", EndDate="2026-03-09")
    assert (one["Stats"]["Sent"], one["ComparisonStats"]["PreviousPeriod"]["Sent"]) == (1, 1)


@pytest.mark.parametrize(("command", "days"), [("DomainStats", 28), ("AccountStats", 30), ("DailySeries", 30)])
def test_without_dates_it_is_the_last_days(
    client: Client, acme: Tenant, command: str, days: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOON)
    for day in (0, days, days + 1):
        facts_of(acme, {"delivered": 1}, at=NOON - timedelta(days=day))
    answer = ask(client, acme, command)
    counted: dict[str, Callable[[], int]] = {
        "DomainStats": lambda: answer["Stats"]["Delivered"],
        "AccountStats": lambda: answer["Totals"]["Delivered"],
        "DailySeries": lambda: len(answer["Series"]),
    }
    assert counted[command]() == 2


# AccountStats -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def other(acme: Tenant) -> SenderDomain:
    return SenderDomain.objects.create(account=acme.account, name="other.example")


def test_an_account_is_the_sum_of_its_domains(client: Client, acme: Tenant, other: SenderDomain) -> None:
    facts_of(acme, {"accepted": 4, "delivered": 3, "bounced": 1, "opened": 1})
    facts_of(acme, {"accepted": 8, "delivered": 8}, domain_id=other.pk)
    facts_of(acme, {"accepted": 2, "delivered": 1}, domain_id=other.pk, at=NOON - timedelta(days=30))
    answer = ask(client, acme, "AccountStats", **MARCH)
    assert (answer["StartDate"], answer["EndDate"]) == ("2026-03-01 00:00:00", "2026-03-31 23:59:59")
    assert answer["Totals"] == NOTHING | {
        "Sent": 12,
        "Delivered": 11,
        "Bounced": 1,
        "Opened": 1,
        "DeliveryRate": 91.67,
        "BounceRate": 8.33,
        "OpenRate": 8.33,
        "ClickRate": 0.0,
    }
    assert (answer["ComparisonTotals"]["Sent"], answer["ComparisonTotals"]["DeliveryRate"]) == (2, 50.0)
    assert [(row["DomainID"], row["SenderDomain"], row["Sent"]) for row in answer["PerDomain"]] == [
        (other.pk, "other.example", 8),
        (acme.domain.pk, "acme.example", 4),
    ]


@pytest.mark.parametrize("write", [str, lambda key: [key], lambda key: f" {key}, 0,x,999999"])
def test_an_account_may_be_asked_for_some_domains(
    client: Client, acme: Tenant, globex: Tenant, other: SenderDomain, write: Callable[[int], Any]
) -> None:
    facts_of(acme, {"accepted": 4})
    facts_of(acme, {"accepted": 8}, domain_id=other.pk)
    answer = ask(client, acme, "AccountStats", DomainIDs=write(acme.domain.pk), **MARCH)
    assert answer["Totals"]["Sent"] == 4
    assert [row["SenderDomain"] for row in answer["PerDomain"]] == ["acme.example"]


def test_domains_without_mail_have_noughts(client: Client, acme: Tenant) -> None:
    answer = ask(client, acme, "AccountStats", **MARCH)
    (row,) = answer["PerDomain"]
    assert {row["Sent"], row["DeliveryRate"], answer["Totals"]["OpenRate"]} == {0}


def test_another_tenant_s_domains_are_not_there(client: Client, acme: Tenant, globex: Tenant) -> None:
    facts_of(acme, {"accepted": 4})
    theirs, missing = (
        post(client, globex, "AccountStats", DomainIDs=key, **MARCH).content for key in (acme.domain.pk, 999_999)
    )
    assert theirs == missing
    assert ask(client, globex, "AccountStats", DomainIDs=acme.domain.pk, **MARCH)["PerDomain"] == []
    assert ask(client, globex, "AccountStats", **MARCH)["Totals"]["Sent"] == 0


# DailySeries --------------------------------------------------------------------------------------------------------------


def test_a_series_far_into_the_future_has_what_was(client: Client, acme: Tenant) -> None:
    facts_of(acme, {"delivered": 3})
    answer = ask(client, acme, "DailySeries", StartDate="1970-01-01", EndDate="2099-12-31")
    assert [day["Sent"] for day in answer["Series"].values()] == [3]
    assert ask(client, acme, "DailySeries", StartDate="2090-01-01", EndDate="2099-12-31")["Series"] == {}


def test_days_on_which_something_happened(client: Client, acme: Tenant, other: SenderDomain) -> None:
    facts_of(
        acme,
        {"accepted": 9, "delivered": 3, "bounced": 1, "opened": 2, "clicked": 1},
        at=datetime.fromisoformat("2026-03-30T23:59:59Z"),
    )
    facts_of(acme, {"delivered": 5}, at=NOON, domain_id=other.pk)
    facts_of(acme, {"accepted": 5}, at=NOON + timedelta(days=1))
    day = {"Sent": 3, "Bounced": 1, "Opened": 2, "Clicked": 1}
    other_day = {"Sent": 5, "Bounced": 0, "Opened": 0, "Clicked": 0}
    assert ask(client, acme, "DailySeries", **MARCH) == {"Series": {"2026-03-30": day}}
    for every in (None, 0, "0"):
        answer = ask(client, acme, "DailySeries", **MARCH | {"DomainID": every})
        assert answer == {"Series": {"2026-03-10": other_day, "2026-03-30": day}}


def test_a_stranger_s_series_is_empty(client: Client, acme: Tenant, globex: Tenant) -> None:
    facts_of(acme, {"delivered": 3})
    assert ask(client, globex, "DailySeries", **MARCH | {"DomainID": None}) == {"Series": {}}


# By receiving domain ------------------------------------------------------------------------------------------------------


def test_how_fast_a_receiving_domain_is(client: Client, acme: Tenant) -> None:
    for seconds in (0.5, 3, 3.5, 700):
        tell_ended(acme, "delivered", seconds, recipient_domain="big.example")
    tell_ended(acme, "cancelled", 20, recipient_domain="big.example")
    tell_ended(acme, "delivered", 20, recipient_domain="small.example")
    answer = ask(client, acme, "RecipientDomainStats", RecipientToDomain="BIG.example", **MARCH)
    assert answer == {
        "SummaryStats": [
            {
                "Status": "Sent",
                "TotalEmails": 4,
                "AvgDeliverySeconds": 176.75,
                "MinDeliverySeconds": 0.5,
                "MaxDeliverySeconds": 700.0,
            },
            {
                "Status": "Failed",
                "TotalEmails": 1,
                "AvgDeliverySeconds": 20.0,
                "MinDeliverySeconds": 20.0,
                "MaxDeliverySeconds": 20.0,
            },
        ],
        "DeliverySpeedHistogram": {
            "Sent": [
                {"DeliveryBucket": "< 1s", "EmailCount": 1, "Percentage": 25.0},
                {"DeliveryBucket": "1-5s", "EmailCount": 2, "Percentage": 50.0},
                {"DeliveryBucket": "> 10m", "EmailCount": 1, "Percentage": 25.0},
            ],
            "Failed": [{"DeliveryBucket": "10-30s", "EmailCount": 1, "Percentage": 100.0}],
        },
    }


@pytest.mark.parametrize(("name", "bound"), [*SPEEDS.items(), (SLOWEST, 1e5)])
def test_every_span_has_what_took_a_little_less(client: Client, acme: Tenant, name: str, bound: float) -> None:
    tell_ended(acme, "delivered", bound - 0.25)
    answer = ask(client, acme, "RecipientDomainStats", RecipientToDomain="example.net", **MARCH)
    assert [one["DeliveryBucket"] for one in answer["DeliverySpeedHistogram"]["Sent"]] == [name]


def test_a_receiving_domain_without_mail(client: Client, acme: Tenant) -> None:
    answer = ask(client, acme, "RecipientDomainStats", RecipientToDomain="big.example")
    assert answer == {"SummaryStats": [], "DeliverySpeedHistogram": {}}


def test_the_receiving_domains_with_most_mail(client: Client, acme: Tenant, other: SenderDomain) -> None:
    for seconds in (1, 2):
        tell_ended(acme, "delivered", seconds, recipient_domain="big.example")
    tell_ended(acme, "bounced", 2, recipient_domain="small.example")
    facts_of(acme, {"accepted": 1}, recipient_domain="small.example")
    facts_of(acme, {"delivered": 5}, recipient_domain="not.example", domain_id=other.pk)
    answer = ask(client, acme, "ListRecipientDomains", Limit="20", **MARCH)
    assert answer == {
        "StartDate": "2026-03-01 00:00:00",
        "EndDate": "2026-03-31 23:59:59",
        "Limit": 20,
        "RecipientDomains": [
            {
                "Domain": "big.example",
                "Sent": 2,
                "Failed": 0,
                "Sending": 0,
                "AvgDeliverySec": 1.5,
                "MinDeliverySec": 1.0,
                "MaxDeliverySec": 2.0,
            },
            {
                "Domain": "small.example",
                "Sent": 0,
                "Failed": 1,
                "Sending": 1,
                "AvgDeliverySec": None,
                "MinDeliverySec": None,
                "MaxDeliverySec": None,
            },
        ],
    }


@pytest.mark.parametrize(("asked", "limit"), [(None, 50), (0, 1), (-3, 1), (2, 2), (10**6, 1000)])
def test_a_limit_is_brought_into_bounds(client: Client, acme: Tenant, asked: int | None, limit: int) -> None:
    facts_of(acme, {"delivered": 1}, recipient_domain="a.example")
    facts_of(acme, {"delivered": 1}, recipient_domain="b.example")
    answer = ask(client, acme, "ListRecipientDomains", Limit=asked, **MARCH)
    assert (answer["Limit"], len(answer["RecipientDomains"])) == (limit, min(limit, 2))


# What is wrong ------------------------------------------------------------------------------------------------------------


def words_of(command: str, number: int) -> str:
    return COMMANDS[f"emailgateway.{command.lower()}"].errors[number]


@pytest.mark.parametrize("command", OF_A_DOMAIN)
def test_without_a_domain(client: Client, acme: Tenant, command: str) -> None:
    call = {"RecipientToDomain": "a.example"}
    assert refused(client, acme, command, **call) == (200, 1, words_of(command, 1))
    for key in (0, -1, "x", 999_999, 2**70):
        assert refused(client, acme, command, DomainID=key, **call) == (200, 2, words_of(command, 2))


def test_without_a_receiving_domain(client: Client, acme: Tenant) -> None:
    for name in (None, ""):
        answer = refused(client, acme, "RecipientDomainStats", DomainID=acme.domain.pk, RecipientToDomain=name)
        assert answer == (200, 1, words_of("RecipientDomainStats", 1))


@pytest.mark.parametrize("command", [*OF_A_DOMAIN, "DailySeries"])
def test_another_tenant_s_domain_is_like_one_that_is_not_there(
    client: Client, acme: Tenant, globex: Tenant, command: str
) -> None:
    facts_of(acme, {"accepted": 2, "delivered": 1})
    call = {"RecipientToDomain": "example.net", **MARCH}
    answers = [post(client, globex, command, DomainID=key, **call).content for key in (acme.domain.pk, 999_999)]
    assert answers[0] == answers[1]
    assert b'"ErrorCode":2' in answers[0]


@pytest.mark.parametrize("command", [*OF_A_DOMAIN, "DailySeries"])
def test_events_of_another_account_do_not_count(client: Client, acme: Tenant, globex: Tenant, command: str) -> None:
    facts_of(acme, {"accepted": 2, "delivered": 1, "opened": 1}, domain_id=globex.domain.pk, tags=["secret"])
    answer = str(ask(client, globex, command, RecipientToDomain="example.net", **MARCH))
    assert "secret" not in answer
    assert "example.net" not in answer
    assert not set("123456789") & set(
        answer.replace("2026-03-01 00:00:00", "").replace("2026-03-31 23:59:59", "").replace("50", "")
    )


@pytest.mark.parametrize("command", [*OF_A_DOMAIN, "DailySeries", "AccountStats"])
@pytest.mark.parametrize("name", ["StartDate", "EndDate"])
def test_a_date_that_is_none(client: Client, acme: Tenant, command: str, name: str) -> None:
    call = {"DomainID": acme.domain.pk, "RecipientToDomain": "a.example", name: "yesterday"}
    status, code, words = refused(client, acme, command, **call)
    assert (status, code) == (400, 400)
    assert words.startswith(f"{name} must be a date such as 2026-01-31")


def test_the_longest_spans_are_answered(client: Client, acme: Tenant) -> None:
    facts_of(acme, {"delivered": 1})
    for command in (*OF_A_DOMAIN, "AccountStats", "DailySeries"):
        ask(client, acme, command, StartDate="1970-01-01", EndDate="2099-12-31", RecipientToDomain="a.example")


def test_more_domains_than_an_answer_has(client: Client, acme: Tenant) -> None:
    status, code, words = refused(client, acme, "AccountStats", DomainIDs=",".join("7" * 1001))
    assert (status, code, words) == (400, 400, "DomainIDs must be at most 1000 ids.")
