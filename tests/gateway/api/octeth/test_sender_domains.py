"""The calls for mail servers: which domains there are, and whose mail comes back here. A tenant sees no other's."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.models import Account
from domains.credentials import forget
from domains.models import SenderDomain
from tests.support.cast import Tenant

LIST, CHECK = "/api/v1/sender.domains", "/api/v1/inbound-relay-domain-check"
ADMIN = "the key of the installation"
WRONG = {"Errors": [{"Code": 1, "Message": "Authentication failed. Invalid admin API key."}]}


@pytest.fixture(autouse=True)
def _has_admin_key(settings: Any) -> None:
    settings.GATEPOST_ADMIN_KEY = ADMIN


@pytest.fixture
def two(acme: Tenant, globex: Tenant) -> tuple[Tenant, Tenant]:
    """Two tenants, of whom one has a domain that is not verified, and one that is trusted."""
    for name, trusted in (("pending.example", False), ("shop.example", True)):
        SenderDomain.objects.create(account=acme.account, name=name, verification_token="t", is_trusted=trusted)
    return acme, globex


def get(client: Client, path: str, key: str, **query: Any) -> HttpResponse:
    return client.get(path, query, headers={"Authorization": f"Bearer {key}"} if key else {})


def test_the_installation_sees_all(client: Client, two: tuple[Tenant, Tenant]) -> None:
    names = ["acme.example", "globex.example", "shop.example"]
    assert get(client, LIST, ADMIN).json() == {"Success": True, "Domains": names, "TotalRecords": 3}
    assert get(client, LIST, ADMIN, StartFrom=1, RetrieveCount=1).json()["Domains"] == ["globex.example"]


def test_a_tenant_sees_its_own_and_a_key_of_a_domain_that_one(client: Client, two: tuple[Tenant, Tenant]) -> None:
    acme, globex = two
    assert get(client, LIST, acme.api_secret).json()["Domains"] == ["acme.example", "shop.example"]
    assert get(client, LIST, acme.domain_secret).json()["Domains"] == ["acme.example"]
    assert get(client, LIST, globex.api_secret).json()["Domains"] == ["globex.example"]


@pytest.mark.parametrize(("form", "line"), [("powermta-bounce-domains", "domain"), ("powermta-relay-domains", "relay-domain")])
def test_the_formats_of_powermta(client: Client, two: tuple[Tenant, Tenant], form: str, line: str) -> None:
    answer = get(client, LIST, ADMIN, DomainsResponseFormat=form, RetrieveCount=2)
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content.decode() == f"{line} bounce.acme.example\n{line} bounce.globex.example\n"


def test_an_unknown_format(client: Client, acme: Tenant) -> None:
    answer = get(client, LIST, ADMIN, DomainsResponseFormat="xml")
    assert (answer.status_code, answer.json()["ErrorCode"]) == (200, 1)
    assert answer.json()["ErrorText"] == "Invalid DomainsResponseFormat"


@pytest.mark.parametrize("change", [{"StartFrom": "-1"}, {"RetrieveCount": "0"}, {"RetrieveCount": "100001"}])
def test_pages_have_bounds(client: Client, acme: Tenant, change: dict[str, str]) -> None:
    assert get(client, LIST, ADMIN, **change).status_code == 400


@pytest.mark.parametrize("key", ["", "wrong"])
def test_who_may_not_call(client: Client, acme: Tenant, key: str) -> None:
    assert get(client, LIST, key).json()["ErrorCode"] == 99998
    answer = get(client, CHECK, key, domain="acme.example")
    assert (answer.status_code, answer.json()) == (403, WRONG)


def test_a_suspended_account_may_not_call(client: Client, acme: Tenant) -> None:
    Account.objects.update(status=Account.Status.SUSPENDED)
    forget()
    assert get(client, LIST, acme.api_secret).json()["ErrorCode"] == 99998
    assert get(client, CHECK, acme.api_secret, domain="acme.example").status_code == 403


def test_an_installation_without_a_key_has_none(client: Client, acme: Tenant, settings: Any) -> None:
    settings.GATEPOST_ADMIN_KEY = ""
    assert get(client, LIST, ADMIN).json()["ErrorCode"] == 99998
    assert get(client, LIST, "").json()["ErrorCode"] == 99998


@pytest.mark.parametrize(
    "domain",
    ["acme.example", "ACME.example.", "someone@acme.example", "<b@bounce.acme.example>", "shop.example", "returns.localhost"],
)
def test_mail_that_is_for_us(client: Client, two: tuple[Tenant, Tenant], domain: str) -> None:
    answer = get(client, CHECK, ADMIN, domain=domain)
    host = domain.rpartition("@")[2].strip("<>.").lower()
    assert (answer.status_code, answer.json()) == (200, {"Success": True, "RelayDomain": host})


@pytest.mark.parametrize("domain", ["pending.example", "example", "x.acme.example", "elsewhere.example"])
def test_mail_that_is_not(client: Client, two: tuple[Tenant, Tenant], domain: str, caplog: pytest.LogCaptureFixture) -> None:
    answer = get(client, CHECK, ADMIN, Domain=domain)
    assert (answer.status_code, answer.json()) == (500, {})
    assert not caplog.records


def test_anothers_domain_is_like_one_that_is_not_there(client: Client, two: tuple[Tenant, Tenant]) -> None:
    acme, _ = two
    for domain in ("globex.example", "bounce.globex.example", "nowhere.example"):
        answer = get(client, CHECK, acme.api_secret, domain=domain)
        assert (answer.status_code, answer.json()) == (500, {})
    assert get(client, CHECK, acme.domain_secret, domain="shop.example").status_code == 500
    assert get(client, CHECK, acme.api_secret, domain="shop.example").status_code == 200


@pytest.mark.parametrize("domain", [None, "", "no host", "a@"])
def test_which_host_must_be_said(client: Client, acme: Tenant, domain: str | None) -> None:
    answer = get(client, CHECK, ADMIN, **({} if domain is None else {"domain": domain}))
    assert (answer.status_code, answer.json()["Errors"][0]["Code"]) == (400, 400)


def test_the_same_calls_at_api_php(client: Client, acme: Tenant) -> None:
    def command(**fields: Any) -> Any:
        return client.post("/api.php", fields, "application/json")

    assert command(Command="Sender.Domains", AdminAPIKey=ADMIN).json()["Domains"] == ["acme.example"]
    assert command(Command="inbound-relay-domain-check", AdminAPIKey=ADMIN, Domain="acme.example").status_code == 200
    assert command(Command="Sender.Domains", AdminAPIKey="x").json()["ErrorCode"] == 99998
