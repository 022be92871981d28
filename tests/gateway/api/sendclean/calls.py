"""Calls of SendClean's settings as its clients make them, and what they answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.test import Client

from tests.support.cast import Tenant

Answer = tuple[int, dict[str, Any]]
Call = Callable[..., Answer]


def make_call(client: Client, tenant: Tenant) -> Call:
    """Return what calls an action with fields as a tenant, and returns status and body."""

    def call(action: str, **fields: Any) -> Answer:
        body = {"owner_id": tenant.account.owner_id, "token": tenant.api_secret, **fields}
        response = client.post(f"/v1.0/{action}", body, "application/json")
        return response.status_code, response.json()

    return call


def said(message: str) -> Answer:
    return 200, {"status": "success", "message": message}


def refused(message: str, *, status: int = 400, kind: str = "ValidationError") -> Answer:
    return status, {"status": "error", "code": -1, "name": kind, "type": kind, "message": message}
