"""The page of statistics and the chart on the first page: right numbers, of one account, safe to show."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from gateway.console.statistics import SPANS
from tests.support.browsers import log_in
from tests.support.cast import Tenant
from tests.support.factories import make_operator
from tests.tracking.facts import make_fact, tell, tell_one

PAGE = reverse("admin:statistics")
HOME = reverse("admin:index")


def tell_of(tenant: Tenant, *, days_ago: float = 0, **fields: object) -> None:
    """Tell of five mails: four delivered, one of them opened, and one bounced."""
    at = timezone.now() - timedelta(days=days_ago)
    about = {"domain_id": tenant.domain.pk, "smtp_user_id": tenant.smtp_user.pk, "tags": ["welcome"], "campaign": "spring"}
    kinds = ["accepted"] * 5 + ["delivered"] * 4 + ["opened"]
    tell([make_fact(tenant.account.pk, kind, at=at, **about | fields) for kind in kinds])
    tell_one(tenant.account.pk, "bounced", at=at, category="recipient", **about | fields)


def test_it_works(insider: Client, acme: Tenant) -> None:
    tell_of(acme)
    answer = insider.get(PAGE)
    tiles = {str(tile.label): tile for tile in answer.context["tiles"]}
    assert (tiles["Sent"].value, tiles["Delivered"].value, tiles["Bounced"].value) == ("5", "80.0%", "20.0%")
    assert tiles["Bounced"].detail == "1 hard, 0 soft, 0 blocked"
    assert (tiles["Opened"].value, tiles["Opened"].detail) == ("25.0%", "1 recipient")
    page = answer.content.decode()
    for name in (acme.domain.name, acme.smtp_user.name, "welcome", "spring"):
        assert f">{name}</a>" in page


@pytest.mark.parametrize("span", SPANS, ids=lambda span: span.name)
def test_the_chart_has_a_bar_for_each_part_of_the_span(span, insider: Client, acme: Tenant) -> None:
    tell_of(acme)
    chart = insider.get(f"{PAGE}?span={span.name}").context["chart"]
    drawn = json.loads(chart.data)
    parts = {"24h": 24, "7d": 7, "30d": 30, "90d": 90}[span.name]
    assert len(drawn["labels"]) == parts == len(chart.rows)
    assert {one["label"]: sum(one["data"]) for one in drawn["datasets"]} == {"Delivered": 4, "Deferred": 0, "Bounced": 1}


def test_it_is_compared_with_the_span_before(insider: Client, acme: Tenant) -> None:
    tell_of(acme)
    tell_of(acme)
    tell_of(acme, days_ago=8)
    tell_one(acme.account.pk, "complained", at=timezone.now())
    tiles = {str(tile.label): tile for tile in insider.get(PAGE).context["tiles"]}
    assert (tiles["Sent"].change, tiles["Sent"].tone) == ("+100%", "idle")
    assert (tiles["Delivered"].change, tiles["Delivered"].tone) == ("+0.0 points", "idle")
    assert (tiles["Complained"].value, tiles["Complained"].tone) == ("1", "bad")


def test_empty_pages_help(insider: Client, acme: Tenant) -> None:
    assert "Send the first message" in insider.get(PAGE).content.decode()
    tell_of(acme, days_ago=10)
    assert "choose a longer span" in insider.get(PAGE).content.decode()
    assert "Nothing happened" not in insider.get(f"{PAGE}?span=30d").content.decode()


def test_the_first_page_has_the_week(insider: Client, acme: Tenant) -> None:
    assert insider.get(HOME).context["chart"] is None
    tell_of(acme)
    assert "The last 7 days" in insider.get(HOME).content.decode()


def test_nothing_that_customers_name_is_run(insider: Client, acme: Tenant) -> None:
    tell_of(acme, tags=["<script>alert(1)</script>&x=1#"], campaign='"><img src=x>')
    page = insider.get(PAGE).content.decode()
    assert "<script>alert" not in page
    assert "<img src=x>" not in page
    assert "tag=%3Cscript%3Ealert%281%29%3C%2Fscript%3E%26x%3D1%23" in page


@pytest.mark.parametrize("query", ["span=x", "span=%00", "span="])
def test_rubbish_breaks_nothing(query: str, insider: Client) -> None:
    assert insider.get(f"{PAGE}?{query}").status_code == 200


def test_a_stranger_sees_nothing(outsider: Client, acme: Tenant) -> None:
    tell_of(acme)
    assert "Send the first message" in outsider.get(PAGE).content.decode()
    assert outsider.get(HOME).context["chart"] is None
    assert outsider.get(f"{PAGE}?account={acme.account.pk}").status_code == 404


def test_names_are_looked_up_in_the_account_alone(outsider: Client, acme: Tenant, globex: Tenant) -> None:
    tell_of(globex, domain_id=acme.domain.pk, smtp_user_id=acme.smtp_user.pk)
    page = outsider.get(PAGE).content.decode()
    assert acme.domain.name not in page
    assert acme.smtp_user.name not in page
    assert "(gone)" in page


def test_an_operator_chooses_the_account(acme: Tenant, globex: Tenant) -> None:
    tell_of(globex)
    operator = log_in(make_operator())
    assert operator.get(f"{PAGE}?account={globex.account.pk}").context["tiles"]
    assert "tiles" not in operator.get(f"{PAGE}?account={acme.account.pk}").context
    assert operator.get(HOME).context["chart"] is None
