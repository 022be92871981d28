"""What every call of version 1 takes."""

from __future__ import annotations

from gateway.api.bodies import Payload
from gateway.api.fields import Field, check

CREDENTIALS_V1 = (
    Field("api_user", required=True, missing=40005),
    Field("api_key", required=True, missing=40005),
)


def parse_credentials_v1(payload: Payload) -> tuple[str, str]:
    """Return api_user and api_key."""
    found = check(CREDENTIALS_V1, payload.values)
    return found["api_user"], found["api_key"]
