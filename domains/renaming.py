"""Giving another name to a sender domain that was never used: what is bound to it stays bound, its records are all new."""

from __future__ import annotations

from typing import Final

from django.db import transaction

from accounts.queries import hold_account
from domains import keys, queries
from domains.actions import TOKEN, wake_checks
from domains.models import SenderDomain
from domains.names import clean_domain
from domains.published import published_of
from domains.records import Purpose
from gateway.base import clock
from gateway.base.errors import FieldInvalid, Unsupported
from gateway.base.ids import make_name

_USUAL: Final = {Purpose.DMARC}  # many domains have one, whoever sends their mail


def rename_domain(domain: SenderDomain, name: str) -> None:
    """Rename a sender domain, and have DNS looked at for its new records.

    Raises FieldInvalid for a `name` that cannot be one, or that the account has already, and Unsupported where DNS shows a
    record of the domain, or where mail of it is kept: that mail would go out under a name that it does not have.
    """
    clean = clean_domain(name)
    with transaction.atomic():
        hold_account(domain.account_id)  # a domain of that name cannot be added meanwhile
        row: SenderDomain = SenderDomain.objects.select_for_update().get(pk=domain.pk)
        _check_unused(row)
        if SenderDomain.objects.for_account(row.account_id).filter(name=clean).exists():
            raise FieldInvalid("domain", f"{clean} is a sender domain of this account already.", value=clean)
        _begin_anew(row, clean)
    domain.refresh_from_db()
    queries.forget()
    keys.forget()
    wake_checks()


def _check_unused(row: SenderDomain) -> None:
    if row.is_trusted or row.verified_at is not None or published_of(row) - _USUAL:
        raise Unsupported(f"DNS shows records of {row.name} already: it keeps its name. Add the other domain beside it.")
    if row.messages.exists():
        raise Unsupported(f"There is mail of {row.name}: it keeps its name. Add the other domain beside it.")


def _begin_anew(row: SenderDomain, name: str) -> None:
    """Store a domain as one that was just added. It was looked at now: a look at its old records that is under way is void."""
    row.dkim_keys.all().delete()  # they are sealed for the old name
    now = clock.now()
    row.name, row.verification_token = name, make_name(TOKEN)
    row.check_results, row.checked_at, row.failing_since = [], now, None
    row.return_path_at, row.tracking_at = None, None
    row.next_check_at, row.pending_since = now, now
    row.save()
    keys.add_keys(row)
