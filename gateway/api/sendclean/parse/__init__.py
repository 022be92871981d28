"""SendClean's parameters, one module for each of the vendor's pages; here, what every call takes."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.api.fields import Field

CREDENTIALS = (Field("owner_id", required=True), Field("token", required=True))
SMTP_USER = (Field("smtp_user_name", required=True),)


def nested(path: str, fields: Sequence[Field]) -> tuple[Field, ...]:
    """Return the fields of a struct as what describes a call names them: `message.to[].email`."""
    return tuple(Field(f"{path}.{field.name}", field.kind, required=field.required, default=field.default) for field in fields)
