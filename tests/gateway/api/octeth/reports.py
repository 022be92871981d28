"""What the tests of Octeth's reports need: commands as a customer sends them, and mail that came to an end."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.test import Client

from gateway.base.ids import make_public_id
from tests.support.cast import Tenant
from tests.tracking.facts import NOON, make_fact, tell
from tracking.events import Fact


def post(client: Client, tenant: Tenant, command: str, **parameters: Any) -> HttpResponse:
    """Call a command with the key of a tenant."""
    call = {"Command": f"EmailGateway.{command}", "APIKey": tenant.api_secret, **parameters}
    return client.post("/api.php", call, "application/json")


def ask(client: Client, tenant: Tenant, command: str, **parameters: Any) -> dict[str, Any]:
    """Call a command about the tenant's domain, and return what a success says."""
    response = post(client, tenant, command, **{"DomainID": tenant.domain.pk} | parameters)
    answer = response.json()
    assert (response.status_code, answer.pop("Success"), answer.pop("ErrorCode")) == (200, True, 0), answer
    return answer


def refused(client: Client, tenant: Tenant, command: str, **parameters: Any) -> tuple[int, int, str]:
    """Call a command; return the HTTP status, the number and the words of a refusal."""
    response = post(client, tenant, command, **parameters)
    answer = response.json()
    assert answer["Success"] is False
    return response.status_code, answer["ErrorCode"], answer["ErrorMessage"]


def fact_of(tenant: Tenant, kind: str = "accepted", **fields: Any) -> Fact:
    """Make a fact of a tenant's domain, unless the fields say of which."""
    return make_fact(tenant.account.pk, kind, **{"domain_id": tenant.domain.pk} | fields)


def tell_ended(tenant: Tenant, kind: str, seconds: float, at: datetime = NOON, **fields: Any) -> None:
    """Tell of a copy that was accepted at a time and came to its end `seconds` later."""
    accepted, end = fact_of(tenant, at=at, **fields), fact_of(tenant, kind, at=at + timedelta(seconds=seconds), **fields)
    origin = replace(accepted.origin, public_id=str(make_public_id(at)))
    tell([replace(accepted, origin=origin), replace(end, origin=origin, sequence=2)])
