"""Tracking hosts that stand by themselves: added, checked, deleted.

A CNAME to us does not say whose it is, and may be left behind by an account that is gone. So a host is used by an account that
shows that it is its own: it lies in a domain that the account has verified, or a TXT record names the account. A host within a
domain that another account has verified is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from accounts.models import Account, AuditEntry
from accounts.queries import hold_account
from domains.checking.examine import Plan, examine
from domains.checking.findings import Finding, Verdict
from domains.models import SenderDomain, TrackingDomain
from domains.names import can_track, clean_domain, organization_of
from domains.records import Record, proof_of_tracking, record_of_tracking
from domains.schedule import next_check
from domains.verification import ACTOR
from gateway.base import clock
from gateway.base.errors import FieldInvalid, QuotaExceeded

Findings = tuple[Finding, ...]

MOST: Final = 1000  # tracking domains of an account

_WRITTEN: Final = ("verified_at", "checked_at", "check_results", "pending_since", "next_check_at")


def add_tracking_domain(account: Account, name: str) -> TrackingDomain:
    """Add a host name for tracked links; it is used once DNS points it to us and it is the account's.

    Raises FieldInvalid, and QuotaExceeded where the account has MOST already: each of them is looked at every day.
    """
    host = clean_domain(name)
    with transaction.atomic():
        hold_account(account.pk)  # two at once cannot both be the last, or be the same
        rows = TrackingDomain.objects.for_account(account)
        if rows.filter(name=host).exists():
            raise FieldInvalid("domain", f"{host} is a tracking domain of this account already.", value=host)
        if rows.count() >= MOST:
            raise QuotaExceeded(
                f"An account may have {MOST} tracking domains; delete one first.", retry_after=86_400, limit=MOST
            )
        return TrackingDomain.objects.create(account=account, name=host)


def delete_tracking_domain(host: TrackingDomain) -> None:
    """Delete a tracking host; links that were sent with it work for as long as its DNS does."""
    host.delete()


def records_of_host(host: TrackingDomain) -> tuple[Record, ...]:
    """Return the records that a tracking host needs: the CNAME, and proof where no proven domain of its account holds it."""
    is_proven = _proven_above(host).filter(account_id=host.account_id).exists()
    return (record_of_tracking(host),) if is_proven else (record_of_tracking(host), proof_of_tracking(host))


def check_tracking_domain(host: TrackingDomain) -> Finding:
    """Look at a tracking host's DNS now, within five seconds, and write down what came of it.

    Returns the first finding that is not right, else that of the CNAME; `check_results` has all of them.
    """
    return check_tracking_domains([host])[0]


def check_tracking_domains(hosts: Sequence[TrackingDomain]) -> list[Finding]:
    """Check several hosts beside each other."""
    began = clock.now()
    plans = [Plan(domain=organization_of(host.name), records=records_of_host(host)) for host in hosts]
    looked = examine(plans)
    return [_record(host, tuple(map(_advise, findings)), began) for host, findings in zip(hosts, looked, strict=True)]


def _advise(finding: Finding) -> Finding:
    """Say of a proof that is not there why it is asked for, and what would do instead."""
    if finding.verdict is not Verdict.MISSING or not finding.record.note:
        return finding
    return replace(finding, sentence=f"{finding.sentence} {finding.record.note}")


def _record(host: TrackingDomain, findings: Findings, began: datetime) -> Finding:
    if findings[0].is_ok and _proven_above(host).exclude(account_id=host.account_id).exists():
        findings = _mark_taken(findings, host.name)
    try:
        _write(host, findings, began)
    except IntegrityError:  # the constraint: another account has verified this host
        findings = _mark_taken(findings, host.name)
        _write(host, findings, began)
    fresh = TrackingDomain.objects.filter(pk=host.pk).first()
    if fresh is not None:
        for name in _WRITTEN:
            setattr(host, name, getattr(fresh, name))
    return next((finding for finding in findings if not finding.is_ok), findings[0])


def _proven_above(host: TrackingDomain) -> QuerySet[SenderDomain]:
    """Return the sender domains of all accounts that hold a host and are verified or trusted."""
    labels = host.name.split(".")
    names = [".".join(labels[at:]) for at in range(len(labels) - 1)]
    found: QuerySet[SenderDomain] = SenderDomain.objects.filter(
        Q(verified_at__isnull=False) | Q(is_trusted=True), name__in=names
    )
    return found


def _mark_taken(findings: Findings, name: str) -> Findings:
    sentence = f"{name} belongs to another account, which has verified it."
    return replace(findings[0], verdict=Verdict.TAKEN, sentence=sentence), *findings[1:]


@transaction.atomic
def _write(host: TrackingDomain, findings: Findings, began: datetime) -> None:
    """Write the results, unless the host was looked at meanwhile, or is to be looked at anew."""
    changes = _changes(host, findings, began)
    unchanged = TrackingDomain.objects.filter(
        pk=host.pk, checked_at=host.checked_at, verified_at=host.verified_at, next_check_at=host.next_check_at
    )
    if unchanged.update(checked_at=began, check_results=[finding.as_json() for finding in findings], **changes):
        _tell(host, changes["verified_at"])


def _changes(host: TrackingDomain, findings: Findings, now: datetime) -> dict[str, Any]:
    verified_at = _judge(host, findings, now)
    pending_since = now if host.verified_at is not None and verified_at is None else host.pending_since
    is_whole = all(finding.is_ok for finding in findings)
    return {
        "verified_at": verified_at,
        "pending_since": pending_since,
        "next_check_at": next_check(
            now,
            is_verified=verified_at is not None,
            is_failing=not all(finding.is_definite for finding in findings),
            waits_since=None if is_whole and verified_at else pending_since,
        ),
    }


def _judge(host: TrackingDomain, findings: Findings, now: datetime) -> datetime | None:
    """Return since when a host is verified, after these findings: it is lost with the first record that is not there."""
    if all(finding.is_ok for finding in findings):
        return (host.verified_at or now) if can_track() else None
    return None if any(finding.is_definite and not finding.is_ok for finding in findings) else host.verified_at


def _tell(host: TrackingDomain, verified_at: datetime | None) -> None:
    if (host.verified_at is None) == (verified_at is None):
        return
    action = "verified tracking domain" if verified_at else "lost verification of tracking domain"
    AuditEntry.objects.create(account_id=host.account_id, actor=ACTOR, action=action, target=host.name, detail={"id": host.pk})
