"""A SendCloud client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from templates_app import queries
from tests.gateway.api.sendcloud.asking import Ask, ask_as
from tests.support.cast import Tenant
from tests.support.doors import accept_inline
from tracking import labels

Answer = dict[str, Any]
Send = Callable[..., Answer]


@pytest.fixture
def send(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> Send:
    """Call mail/send, or another `path`, as Acme with a small mail; parameters replace parts of it, None takes them out."""
    accept_inline(monkeypatch)
    labels.forget()
    queries.forget()

    def call(path: str = "mail/send", **parameters: Any) -> Answer:
        mail = make_mail(acme) | {"from" if name == "from_" else name: value for name, value in parameters.items()}
        form = {name: value for name, value in mail.items() if value is not None}
        response = Client().post(f"/apiv2/{path}", form)
        assert response.status_code == 200
        answer: Answer = response.json()
        return answer

    return call


@pytest.fixture
def ask(acme: Tenant) -> Ask:
    """Make calls as Acme's API user."""
    return ask_as(acme)


def make_mail(tenant: Tenant) -> dict[str, Any]:
    """Return the parameters of a small mail."""
    return {
        "apiUser": tenant.smtp_user.name,
        "apiKey": tenant.smtp_secret,
        "from": "news@acme.example",
        "to": "ben@ifaxin.example;joe@ifaxin.example",
        "subject": "你好",
        "html": "<p>Hello</p>",
    }
