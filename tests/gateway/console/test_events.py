"""The page of events: what it shows, finds and pages through, and that it is one account's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership
from tests.support.browsers import log_in
from tests.support.cast import Tenant
from tests.support.factories import make_operator
from tests.tracking.facts import make_fact, tell, tell_one

PAGE = reverse("admin:events")
NOW = timezone.now()


def shown(client: Client, query: str = "") -> list[str]:
    return [line.event.recipient for line in client.get(PAGE + query).context.get("lines", [])]


def test_it_works(insider: Client, acme: Tenant) -> None:
    fact = tell_one(
        acme.account.pk, "bounced", at=NOW, subject="Receipt", recipient="ann@example.net", code=550, enhanced="5.1.1",
        reply="<ann@example.net> User unknown",
    )  # fmt: skip
    page = insider.get(PAGE).content.decode()
    assert reverse("admin:gateway_message_change", args=(fact.origin.public_id,)) in page
    for words in ("ann@example.net", "Receipt", "Bounced", "550 5.1.1 &lt;ann@example.net&gt; User unknown", "1 event"):
        assert words in page


@pytest.mark.parametrize("reply", ["550 5.1.1 Unknown", "5.1.1 Unknown", "Unknown"])
def test_codes_stand_in_front_once(reply: str, insider: Client, acme: Tenant) -> None:
    tell_one(acme.account.pk, "bounced", at=NOW, code=550, enhanced="5.1.1", reply=reply)
    assert [line.said for line in insider.get(PAGE).context["lines"]] == ["550 5.1.1 Unknown"]


def test_an_empty_page_says_what_will_stand_there(insider: Client) -> None:
    page = insider.get(PAGE).content.decode()
    assert "Nothing happened yet" in page
    assert 'name="q"' not in page


def test_a_filter_without_result_can_be_cleared(insider: Client) -> None:
    page = insider.get(PAGE + "?q=zzz").content.decode()
    assert "No event is like that" in page
    assert "Nothing happened yet" not in page
    assert f'href="{PAGE}"' in page


@pytest.mark.parametrize(
    "query",
    [
        "q=ZOE@",
        "type=opened",
        "tag=welcome",
        "campaign=spring",
        "domain={domain}",
        "user={user}",
        "from={today}",
        "to={today}&q=zoe",
    ],
)
def test_each_filter_narrows_the_list(query: str, insider: Client, acme: Tenant) -> None:
    about = {"domain_id": acme.domain.pk, "smtp_user_id": acme.smtp_user.pk, "tags": ["welcome"], "campaign": "spring"}
    tell_one(acme.account.pk, "opened", at=NOW, recipient="zoe@example.net", **about)
    tell_one(acme.account.pk, "accepted", at=NOW - timedelta(days=2), recipient="ann@example.net")
    asked = query.format(domain=acme.domain.pk, user=acme.smtp_user.pk, today=f"{NOW:%Y-%m-%d}")
    assert shown(insider, f"?{asked}") == ["zoe@example.net"]


def test_pages_keep_the_filter(insider: Client, acme: Tenant) -> None:
    tell(
        [
            make_fact(acme.account.pk, "opened", at=NOW - timedelta(minutes=place), recipient=f"a{place}@x.example")
            for place in range(60)
        ]
    )
    first = insider.get(PAGE + "?type=opened").context
    assert "type=opened" in first["older"]
    assert not first["newer"]
    second = insider.get(PAGE + first["older"]).context
    assert [line.event.recipient for line in second["lines"]] == [f"a{place}@x.example" for place in range(50, 60)]
    assert not second["older"]
    assert shown(insider, second["newer"]) == [f"a{place}@x.example" for place in range(50)]


@pytest.mark.parametrize(
    "query",
    ["before=x", "after=9.9", "type=x", "domain=x", "user=9999999999999999999", "from=x", "to=9999-12-31", "q=%00", "tag=%00"],
)
def test_rubbish_breaks_nothing(query: str, insider: Client, acme: Tenant) -> None:
    tell_one(acme.account.pk, at=NOW)
    assert insider.get(f"{PAGE}?{query}").status_code == 200


def test_a_long_list_takes_as_many_queries_as_a_short_one(insider: Client, acme: Tenant) -> None:
    def count_queries() -> int:
        with CaptureQueriesContext(connection) as queries:
            insider.get(PAGE)
        return len(queries)

    tell_one(acme.account.pk, at=NOW)
    insider.get(PAGE)
    short = count_queries()
    tell([make_fact(acme.account.pk, at=NOW) for _ in range(30)])
    assert count_queries() == short


# Strangers ----------------------------------------------------------------------------------------------------------------


def secrets_of(tenant: Tenant) -> dict[str, Any]:
    return {"subject": "canary-of-acme", "recipient": "canary-of-acme@x.example", "tags": ["canary-of-acme"]}


@pytest.mark.parametrize(
    "query", ["", "?q=canary", "?tag=canary-of-acme", "?domain={domain}", "?user={user}", "?type=accepted"]
)
def test_a_stranger_sees_nothing(query: str, outsider: Client, acme: Tenant, globex: Tenant) -> None:
    tell_one(acme.account.pk, at=NOW, domain_id=acme.domain.pk, smtp_user_id=acme.smtp_user.pk, **secrets_of(acme))
    tell_one(globex.account.pk, at=NOW, recipient="own@globex.example")
    page = outsider.get(PAGE + query.format(domain=acme.domain.pk, user=acme.smtp_user.pk)).content.decode()
    page = page.replace('value="canary', "")
    assert "canary-of-acme@" not in page
    assert ">canary" not in page
    assert acme.domain.name not in page
    assert acme.smtp_user.name not in page


def test_a_foreign_account_is_not_there(outsider: Client, acme: Tenant) -> None:
    assert outsider.get(f"{PAGE}?account={acme.account.pk}").status_code == 404
    assert outsider.get(f"{PAGE}?account=987654").status_code == 404
    assert outsider.get(f"{PAGE}?account=x").status_code == 404


def test_whoever_is_not_logged_in_is_sent_to_the_door(client: Client, acme: Tenant) -> None:
    assert client.get(PAGE).status_code == 302


def test_who_is_in_two_accounts_chooses(acme: Tenant, globex: Tenant) -> None:
    Membership.objects.create(account=globex.account, user=acme.user, role=Membership.Role.VIEWER)
    for tenant in (acme, globex):
        tell_one(tenant.account.pk, at=NOW, recipient=f"x@{tenant.account.owner_id}.example")
    client = log_in(acme.user)
    assert shown(client) == ["x@acme.example"]
    assert shown(client, f"?account={globex.account.pk}") == ["x@globex.example"]


def test_an_operator_chooses_any(acme: Tenant, globex: Tenant) -> None:
    tell_one(globex.account.pk, at=NOW, recipient="x@globex.example")
    assert shown(log_in(make_operator()), f"?account={globex.account.pk}") == ["x@globex.example"]


def test_nothing_is_written_here(insider: Client) -> None:
    assert insider.post(PAGE).status_code == 405
