"""What changes the state of an account: enabled, suspended, deleted, purged.

enabled   -> suspended   nothing is accepted, what waits stays where it is
suspended -> enabled
either    -> deleted     nothing works any more, the people still see what was
deleted   -> enabled     nothing was taken away yet
deleted   -> purged      all that it had is removed, in batches, for good
"""

from __future__ import annotations

from collections.abc import Collection

from accounts import queries
from accounts.models import Account
from gateway.base import clock, wake
from gateway.base.errors import Unsupported

PURGE_TASK = "gateway.engine.tasks.purge"

Status = Account.Status


def suspend(account: Account, note: str = "") -> None:
    """Let an account send nothing until it is enabled again; its waiting mail stays in the queue."""
    _move(account, Status.SUSPENDED, {Status.ENABLED}, note)


def enable(account: Account) -> None:
    """Let a suspended or deleted account send again."""
    _move(account, Status.ENABLED, {Status.SUSPENDED, Status.DELETED}, "")


def delete(account: Account, note: str = "") -> None:
    """Take an account out of use; everything that it has stays until it is purged."""
    _move(account, Status.DELETED, {Status.ENABLED, Status.SUSPENDED}, note)


def purge(account: Account) -> None:
    """Have everything removed that a deleted account has. A worker does it in batches; there is no way back."""
    _move(account, Status.PURGED, {Status.DELETED}, account.status_note)
    wake.hint(PURGE_TASK)


def _move(account: Account, to: Status, sources: Collection[Status], note: str) -> None:
    """Set the status where it is one of `sources` still; raise Unsupported where it is not."""
    rows = Account.objects.filter(pk=account.pk, status__in=sources)
    if not rows.update(status=to, status_at=clock.now(), status_note=note[:250]):
        raise Unsupported(
            f"The account {account} is {account.get_status_display().lower()}; it cannot become {to.label.lower()}."
        )
    account.refresh_from_db(fields=["status", "status_at", "status_note"])
    queries.forget()
