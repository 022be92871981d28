"""What every call of version 1 takes."""

from __future__ import annotations

from gateway.api.fields import Field, looked_up

CREDENTIALS_V1 = (
    Field("api_user", looked_up, required=True, missing=40005),
    Field("api_key", required=True, missing=40005),
)
