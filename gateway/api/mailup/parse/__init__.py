"""MailUp's documents: JSON and XML become the same plain values; here, what every call takes: the User who calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.api.fields import Field, check, looked_up
from gateway.api.mailup.errors import InputNull
from gateway.base.errors import NotAuthenticated

SMTP_USER = (Field("Username", looked_up, default=""), Field("Secret", default=""))


def parse_user(values: Mapping[str, Any]) -> tuple[str, str]:
    """Return Username and Secret; raise InputNull where there is no document, NotAuthenticated where it has no User."""
    if not values:
        raise InputNull
    user = values.get("User")
    if not isinstance(user, dict):
        raise NotAuthenticated
    found = check(SMTP_USER, user, within="User.")
    return found["Username"], found["Secret"]
