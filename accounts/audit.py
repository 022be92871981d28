"""Who changed what: one writer of it, for the console and for every dialect's calls, and one reader by row."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Model

from accounts.access import account_of
from accounts.models import AuditEntry

MOST_REMEMBERED: Final = 100  # changes that the history of a row goes back
_LONGEST: Final = 60  # characters of AuditEntry.action


def remember(row: Model, action: str, *, actor: str, address: str = "", **detail: Any) -> None:
    """Remember that `actor`, a person's e-mail address or a key's prefix, did `action` to a row, such as "reset the secret of".

    `address` is the IP address that it came from, empty where that is not known.
    """
    AuditEntry.objects.create(
        account_id=account_of(row),
        actor=actor,
        action=_word(action, row),
        target=str(row)[:200],
        detail={"id": row.pk, **detail},
        address=address or None,
    )


def history_of(row: Model) -> list[AuditEntry]:
    """Return what was done to a row, by whom and when: its latest changes by the console and by each API, the newest first."""
    account_id = account_of(row)
    owned = AuditEntry.objects.filter(account=None) if account_id is None else AuditEntry.objects.for_account(account_id)
    entries = owned.filter(detail__id=row.pk, action__endswith=_kind_of(row))
    return list(entries.order_by("-at", "-pk")[:MOST_REMEMBERED])


def _word(action: str, row: Model) -> str:
    """Return what was done to what, as short as an entry has room for; the kind of row stays whole, as histories go by it."""
    kind = _kind_of(row)
    return action[: _LONGEST - len(kind)] + kind


def _kind_of(row: Model) -> str:
    return f" {row._meta.verbose_name}"  # noqa: SLF001  Django's public name for it
