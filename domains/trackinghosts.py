"""Tracking hosts that stand by themselves: added, checked, deleted. A CNAME to us is all that DNS is asked for.

A CNAME does not say whose it is; hence a host within a domain that another account has verified is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts.models import Account, AuditEntry
from domains.checking.examine import Plan, examine
from domains.checking.findings import Finding, Verdict
from domains.models import SenderDomain, TrackingDomain
from domains.names import can_track, clean_domain, organization_of
from domains.records import record_of_tracking
from domains.schedule import next_check
from domains.verification import ACTOR
from gateway.base import clock
from gateway.base.errors import FieldInvalid


def add_tracking_domain(account: Account, name: str) -> TrackingDomain:
    """Add a host name for tracked links; raise FieldInvalid. It is used once DNS points it to us."""
    host = clean_domain(name)
    if TrackingDomain.objects.for_account(account).filter(name=host).exists():
        raise FieldInvalid("domain", f"{host} is a tracking domain of this account already.", value=host)
    try:
        with transaction.atomic():
            return TrackingDomain.objects.create(account=account, name=host)
    except IntegrityError:  # added at the same moment
        raise FieldInvalid("domain", f"{host} is a tracking domain of this account already.", value=host) from None


def delete_tracking_domain(host: TrackingDomain) -> None:
    """Delete a tracking host; links that were sent with it work for as long as its DNS does."""
    host.delete()


def check_tracking_domain(host: TrackingDomain) -> Finding:
    """Look at a tracking host's DNS now, within five seconds, and write down what came of it."""
    return check_tracking_domains([host])[0]


def check_tracking_domains(hosts: Sequence[TrackingDomain]) -> list[Finding]:
    """Check several hosts beside each other."""
    began = clock.now()
    plans = [Plan(domain=organization_of(host.name), records=(record_of_tracking(host),)) for host in hosts]
    return [_record(host, finding, began) for host, (finding,) in zip(hosts, examine(plans), strict=True)]


def _record(host: TrackingDomain, finding: Finding, began: datetime) -> Finding:
    if finding.is_ok and _is_within_anothers(host):
        finding = _taken(finding, host.name)
    try:
        _write(host, finding, began)
    except IntegrityError:  # the constraint: another account has verified this host
        finding = _taken(finding, host.name)
        _write(host, finding, began)
    fresh = TrackingDomain.objects.filter(pk=host.pk).first()
    if fresh is not None:
        host.verified_at, host.checked_at, host.check_results = fresh.verified_at, fresh.checked_at, fresh.check_results
    return finding


def _is_within_anothers(host: TrackingDomain) -> bool:
    labels = host.name.split(".")
    names = [".".join(labels[at:]) for at in range(len(labels) - 1)]
    verified = SenderDomain.objects.filter(Q(verified_at__isnull=False) | Q(is_trusted=True), name__in=names)
    return bool(verified.exclude(account_id=host.account_id).exists())


def _taken(finding: Finding, name: str) -> Finding:
    return replace(finding, verdict=Verdict.TAKEN, sentence=f"{name} belongs to another account, which has verified it.")


@transaction.atomic
def _write(host: TrackingDomain, finding: Finding, began: datetime) -> None:
    changes = _changes(host, finding, began)
    unchanged = TrackingDomain.objects.filter(pk=host.pk, checked_at=host.checked_at, verified_at=host.verified_at)
    if unchanged.update(checked_at=began, check_results=[finding.as_json()], **changes):
        _tell(host, changes["verified_at"])


def _changes(host: TrackingDomain, finding: Finding, now: datetime) -> dict[str, Any]:
    is_right = finding.is_ok and can_track()
    verified_at = (host.verified_at or now) if is_right else (None if finding.is_definite else host.verified_at)
    pending_since = now if host.verified_at is not None and verified_at is None else host.pending_since
    return {
        "verified_at": verified_at,
        "pending_since": pending_since,
        "next_check_at": next_check(
            now,
            is_verified=verified_at is not None,
            is_failing=not finding.is_definite,
            waits_since=None if finding.is_ok and verified_at else pending_since,
        ),
    }


def _tell(host: TrackingDomain, verified_at: datetime | None) -> None:
    if (host.verified_at is None) == (verified_at is None):
        return
    action = "verified tracking domain" if verified_at else "lost verification of tracking domain"
    AuditEntry.objects.create(account_id=host.account_id, actor=ACTOR, action=action, target=host.name, detail={"id": host.pk})
