"""A MailUp client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.support.cast import Tenant
from tests.support.doors import accept_inline

PATH = "/API/v2.0/messages/sendmessage"
Answer = tuple[int, dict[str, Any]]
Send = Callable[..., Answer]


@pytest.fixture
def send(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> Send:
    """Call SendMessage as Acme with a small message; members replace parts of it. Returns HTTP status and answer."""
    accept_inline(monkeypatch)

    def call(**members: Any) -> Answer:
        response = Client().post(PATH, make_message(acme) | members, "application/json")
        return response.status_code, response.json()

    return call


def make_message(tenant: Tenant) -> dict[str, Any]:
    """Return a small MessageDTO."""
    return {
        "Html": {"Body": "<p>Hello [name]</p>"},
        "Subject": "Hello friend!",
        "From": {"Name": "Acme", "Email": "news@acme.example"},
        "To": [{"Name": "Massimo", "Email": "info@mailup.example"}],
        "User": {"Username": tenant.smtp_user.name, "Secret": tenant.smtp_secret},
    }
