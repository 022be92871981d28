"""Octeth's ExportEvents: events as CSV."""

from __future__ import annotations

import csv
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from domains.models import SenderDomain
from gateway.api.octeth.answers import events as answers
from gateway.base import clock
from tests.gateway.api.octeth.reports import fact_of, post, refused
from tests.support.cast import Tenant
from tests.support.factories import make_message
from tests.tracking.facts import NOON, tell
from tracking import queries

pytestmark = pytest.mark.django_db

HEADER = ["Time", "Event", "MessageID", "From", "To", "Subject", "Domain", "SMTPCode"]


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(hours=1))


def rows(response: HttpResponse) -> list[list[str]]:
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.content.startswith(b"\xef\xbb\xbf")
    header, *found = csv.reader(StringIO(response.content.decode("utf-8-sig"), newline=""))
    assert header == HEADER
    return found


def receivers(client: Client, tenant: Tenant, **parameters: Any) -> list[str]:
    return [row[4] for row in rows(post(client, tenant, "ExportEvents", **parameters))]


def test_it_works(client: Client, acme: Tenant) -> None:
    fact = fact_of(
        acme, "bounced", subject='Älter, "neu"', recipient="zoe@example.org", recipient_domain="example.org", code=550, at=NOON
    )
    tell([fact])
    response = post(client, acme, "ExportEvents", DomainID=acme.domain.pk)
    assert rows(response) == [
        [
            "2026-03-10T12:00:00Z",
            "bounced",
            fact.origin.public_id,
            "a@acme.example",
            "zoe@example.org",
            'Älter, "neu"',
            "example.org",
            "550",
        ]
    ]
    assert response.headers["Content-Disposition"] == 'attachment; filename="transactional-events-2026-03-10.csv"'
    assert response.headers["X-Octeth-Export-Total"] == "1"
    assert "X-Octeth-Export-Truncated" not in response.headers
    assert "X-Octeth-Export-Limit" not in response.headers


def test_a_link_in_a_browser_is_enough(client: Client, acme: Tenant) -> None:
    tell([fact_of(acme)])
    call = {"Command": "emailgateway.exportevents", "apikey": acme.api_secret, "domainid": str(acme.domain.pk)}
    assert len(rows(client.get("/api.php", call))) == 1


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(client: Client, acme: Tenant, sign: str) -> None:
    fields = {"subject": f"{sign}1+1", "sender": f"{sign}a@acme.example", "recipient": f"{sign}b@example.net"}
    tell([fact_of(acme, **fields)])
    (row,) = rows(post(client, acme, "ExportEvents"))
    assert [row[3], row[4], row[5]] == [f"'{sign}a@acme.example", f"'{sign}b@example.net", f"'{sign}1+1"]


def test_of_one_domain_or_of_all(client: Client, acme: Tenant, globex: Tenant) -> None:
    other = SenderDomain.objects.create(account=acme.account, name="other.example")
    tell(
        [
            fact_of(acme, recipient="one@x.y"),
            fact_of(acme, domain_id=other.pk, recipient="two@x.y", at=NOON - timedelta(hours=1)),
        ]
    )
    tell([fact_of(globex, recipient="three@x.y")])
    assert receivers(client, acme, DomainID=other.pk) == ["two@x.y"]
    for every in (None, "", 0, "0"):
        assert receivers(client, acme, DomainID=every) == ["one@x.y", "two@x.y"]
    assert receivers(client, globex) == ["three@x.y"]


def test_the_filters(client: Client, acme: Tenant) -> None:
    message = make_message(acme.account, (), domain=acme.domain)
    tell(
        [
            fact_of(acme, "bounced", recipient="ann@x.y", message_id=message.pk, subject="Welcome"),
            fact_of(acme, "opened", recipient="bob@x.y", subject="Invoice"),
            fact_of(acme, "opened", recipient="old@x.y", at=NOON - timedelta(days=32)),
        ]
    )
    assert receivers(client, acme, Event="bounce") == ["ann@x.y"]
    assert receivers(client, acme, Query="subject:invoice") == ["bob@x.y"]
    assert receivers(client, acme, MessageID=str(message.public_id), Query="subject:invoice") == ["ann@x.y"]
    assert receivers(client, acme, MessageID="what") == []
    assert receivers(client, acme, EndDate="2026-03-01") == ["old@x.y"]
    assert receivers(client, acme, StartDate="2026-01-01", EndDate="2026-03-09") == ["old@x.y"]
    assert sorted(receivers(client, acme)) == ["ann@x.y", "bob@x.y"]


@pytest.mark.parametrize("query", [{}, {"Query": "hello"}])
def test_a_long_file_is_cut_and_says_so(
    client: Client, acme: Tenant, query: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "MOST_EXPORTED", 6)
    monkeypatch.setattr("gateway.api.octeth.views.events.MOST_EXPORTED", 6)
    monkeypatch.setattr("gateway.api.octeth.views.events.MOST_ON_A_PAGE", 3)
    monkeypatch.setattr(queries.pages, "MOST_COUNTED", 6)
    tell([fact_of(acme, at=NOON - timedelta(minutes=place), recipient=f"{place}@x.y") for place in range(8)])
    response = post(client, acme, "ExportEvents", **query)
    assert [row[4] for row in rows(response)] == [f"{place}@x.y" for place in range(6)]
    assert response.headers["X-Octeth-Export-Truncated"] == "1"
    assert response.headers["X-Octeth-Export-Limit"] == "6"
    assert response.headers["X-Octeth-Export-Total"] == ("6" if query else "8")  # where events are looked at: so many, and more


def test_what_is_wrong(client: Client, acme: Tenant, globex: Tenant) -> None:
    for key in (globex.domain.pk, 999_999, "x", -1, [1]):
        assert refused(client, acme, "ExportEvents", DomainID=key) == (200, 2, "Failed to retrieve sender domain")
    for change in ({"StartDate": "x"}, {"EndDate": "x"}, {"Event": "x"}):
        assert refused(client, acme, "ExportEvents", **change)[:2] == (400, 400)


def test_a_message_of_another_tenant(client: Client, acme: Tenant, globex: Tenant) -> None:
    message = make_message(acme.account, domain=acme.domain)
    tell([fact_of(globex, message_id=message.pk)])
    assert receivers(client, globex, MessageID=str(message.public_id)) == []
