"""How the tests call /api.php."""

from __future__ import annotations

from typing import Any

from django.test import Client

from tests.support.cast import Tenant

PATH = "/api.php"
NOBODY = 10**9  # an id that no row has


def ask(client: Client, tenant: Tenant, command: str, **values: Any) -> dict[str, Any]:
    """Return the answer to a command by the key of the tenant's account, in JSON, with HTTP status 200."""
    response = client.post(PATH, {"Command": command, "APIKey": tenant.api_secret} | values, "application/json")
    assert response.status_code == 200, response.content
    answer: dict[str, Any] = response.json()
    return answer


def done(answer: dict[str, Any]) -> dict[str, Any]:
    """Return what an answer says beside its success."""
    assert (answer.pop("Success"), answer.pop("ErrorCode")) == (True, 0), answer
    return answer


def refused(answer: dict[str, Any]) -> Any:
    """Return the code of a refusal, which has its words twice."""
    assert answer["Success"] is False
    assert answer["ErrorText"] == answer["ErrorMessage"] != ""
    return answer["ErrorCode"]


def log_in(client: Client, email: str, password: str, **values: Any) -> str:
    """Return the session of a person."""
    call = {"Command": "User.Login", "Username": email, "Password": password} | values
    return str(client.post(PATH, call, "application/json").json()["SessionID"])
