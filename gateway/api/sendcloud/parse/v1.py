"""What every call of version 1 takes."""

from __future__ import annotations

from gateway.api.fields import Field

CREDENTIALS_V1 = (
    Field("api_user", required=True, missing=40005),
    Field("api_key", required=True, missing=40005),
)
