"""Which of a sender domain's records DNS showed at the last look, and the domains of an account by that."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from django.db.models import QuerySet

from domains.models import SenderDomain
from domains.records import Purpose

_PROVEN = frozenset({Purpose.OWNERSHIP, Purpose.DKIM})  # without which no mail is sent


def published_of(domain: SenderDomain) -> frozenset[Purpose]:
    """Return what a domain's published records are for; of its DKIM keys one suffices.

    What mail cannot be sent without is taken to be there where mail can be sent.
    """
    results: Iterable[Mapping[str, Any]] = domain.check_results
    seen = frozenset(Purpose(one["purpose"]) for one in results if one["ok"] and not one.get("is_retired"))
    return seen | _PROVEN if domain.is_verified else seen


def find_domains(
    account_id: int,
    *,
    names: Collection[str] = (),
    is_wanted: Callable[[SenderDomain], bool] | None = None,
    start: int = 0,
    most: int,
) -> tuple[list[SenderDomain], int]:
    """Return up to `most` of an account's sender domains from place `start` on, the oldest first, and how many there are.

    `names` are those to look among, as domains are kept; empty: all. Their keys are read with them.
    """
    rows: QuerySet[SenderDomain] = SenderDomain.objects.for_account(account_id).order_by("pk")
    if names:
        rows = rows.filter(name__in=names)
    if is_wanted is not None:
        rows = rows.filter(pk__in=[domain.pk for domain in rows.iterator() if is_wanted(domain)])
    return list(rows.prefetch_related("dkim_keys")[start : start + most]), rows.count()
