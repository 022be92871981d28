"""SendClean's parameters, one module for each of the vendor's pages; here, what every call takes."""

from __future__ import annotations

from gateway.api.fields import Field, looked_up

CREDENTIALS = (Field("owner_id", required=True), Field("token", required=True))
SMTP_USER = (Field("smtp_user_name", looked_up, required=True),)
