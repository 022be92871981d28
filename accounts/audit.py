"""Who changed what: one writer of it, for the console and for every dialect's calls."""

from __future__ import annotations

from typing import Any

from django.db.models import Model

from accounts.access import account_of
from accounts.models import AuditEntry


def remember(row: Model, action: str, *, actor: str, address: str = "", **detail: Any) -> None:
    """Remember that `actor`, a person's e-mail address or a key's prefix, did `action` to a row, such as "reset the secret of".

    `address` is the IP address that it came from, empty where that is not known.
    """
    AuditEntry.objects.create(
        account_id=account_of(row),
        actor=actor,
        action=f"{action} {row._meta.verbose_name}"[:60],  # noqa: SLF001  Django's public name for it
        target=str(row)[:200],
        detail={"id": row.pk, **detail},
        address=address or None,
    )
