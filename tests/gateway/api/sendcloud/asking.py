"""Calls of SendCloud's modules, as an API user makes them."""

from __future__ import annotations

from functools import cache
from typing import Any, Protocol
from urllib.parse import urlencode

from django.test import Client

from tests.support.cast import Tenant

Answer = dict[str, Any]


class Ask(Protocol):
    """Makes a call as Acme's API user: `ask("label/get", labelId=7)`; `way` is get, form, multipart or json."""

    def __call__(self, call: str, *, way: str = "form", **parameters: Any) -> Answer: ...


def ask_as(tenant: Tenant) -> Ask:
    """Return what makes calls as a tenant's API user."""

    def ask(call: str, *, way: str = "form", **parameters: Any) -> Answer:
        values = {"apiUser": tenant.smtp_user.name, "apiKey": tenant.smtp_secret, **parameters}
        response = post(f"/apiv2/{call}", way, values)
        assert response.status_code == 200, response.content
        answer: Answer = response.json()
        return answer

    return ask


def post(path: str, way: str, values: dict[str, Any]) -> Any:
    """Hand parameters in: in the query, a form, a multipart form or JSON."""
    client = _client()
    if way == "get":
        return client.get(path, values)
    if way == "form":
        return client.post(path, urlencode(values), "application/x-www-form-urlencoded")
    return client.post(path, values, "application/json") if way == "json" else client.post(path, values)


def refusal_of(answer: Answer) -> tuple[int, str]:
    """Return code and words of a refusal."""
    assert answer["result"] is False
    return answer["statusCode"], answer["message"]


@cache
def _client() -> Client:
    """Return one client for all calls: a new one builds the whole chain of middleware, which takes longer than a call."""
    return Client()
