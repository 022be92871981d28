"""Verification of sender domains: look at DNS, judge, and write down what came of it in one conditional update.

A domain is verified with its ownership record and one published DKIM key. Once verified it is lost only after GRACE of definite
failures; what DNS does not answer changes nothing. A return path or tracking host that fails is given up at once: mail then
uses the platform's, and nothing breaks. What the command line trusts (`is_trusted`) is looked at, and stays trusted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction

from accounts.models import AuditEntry
from domains import keys, queries, rotation
from domains.checking.examine import Plan, examine
from domains.checking.findings import Finding, Verdict
from domains.checking.keyrecords import KeyFacts
from domains.models import DKIMKey, SenderDomain
from domains.names import can_track
from domains.records import Purpose, records_of
from domains.schedule import look_at_hosts_within, next_check
from gateway.base import clock
from gateway.base.sealing import CannotOpen

GRACE: Final = timedelta(hours=72)
WATCHED: Final = timedelta(days=1)  # the most of it that passes between two looks: we or our clock may have been out of order
ACTOR: Final = "DNS check"
_TRIES: Final = 3  # of writing, when another check wrote in between

Findings = tuple[Finding, ...]


def check_domain(domain: SenderDomain) -> Findings:
    """Look at a domain's DNS now, within five seconds, and write down what came of it; `domain` is as it is then."""
    return check_domains([domain])[0]


def check_domains(domains: Sequence[SenderDomain]) -> list[Findings]:
    """Check several domains beside each other; return the findings of each."""
    began = clock.now()
    plans = [_plan(domain) for domain in domains]
    looked = examine(plans)
    return [_record(domain, findings, began) for domain, findings in zip(domains, looked, strict=True)]


def _plan(domain: SenderDomain) -> Plan:
    facts = {key.selector: _facts(key) for key in domain.dkim_keys.select_related("domain")}
    return Plan(domain=domain.name, records=records_of(domain), keys=facts)


def _facts(key: DKIMKey) -> KeyFacts:
    try:
        signer = keys.make_signer(key)
    except CannotOpen:
        signer = None
    return KeyFacts(selector=key.selector, algorithm=key.algorithm, public_key=key.public_key, signer=signer)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sight:
    """What the findings of a domain come to: proven, disproven, or neither, as DNS did not answer."""

    is_proven: bool
    is_disproven: bool
    is_whole: bool  # every record is as it should be
    is_unanswered: bool
    good_keys: frozenset[str]
    bad_keys: frozenset[str]
    hosts: Mapping[Purpose, bool]  # of those that DNS answered for


def _sum_up(findings: Findings) -> _Sight:
    owned = _of(findings, Purpose.OWNERSHIP)
    signing = [one for one in _of(findings, Purpose.DKIM) if not one.record.is_retired]
    good = frozenset(one.record.selector for one in signing if one.is_ok)
    bad = frozenset(one.record.selector for one in signing if one.is_definite and not one.is_ok)
    hosts = {one.record.purpose: one.is_ok for one in findings if one.record.type == "CNAME" and one.is_definite}
    return _Sight(
        is_proven=all(one.is_ok for one in owned) and bool(good),
        is_disproven=any(one.is_definite and not one.is_ok for one in owned) or len(bad) == len(signing),
        is_whole=all(one.is_ok or one.record.is_retired for one in findings),
        is_unanswered=not all(one.is_definite for one in findings),
        good_keys=good,
        bad_keys=bad,
        hosts=hosts,
    )


def _of(findings: Iterable[Finding], purpose: Purpose) -> list[Finding]:
    return [finding for finding in findings if finding.record.purpose is purpose]


def _record(domain: SenderDomain, findings: Findings, began: datetime) -> Findings:
    """Write down what was found, unless a check that began later has; return the findings as they stand."""
    for _ in range(_TRIES):
        if domain.checked_at is not None and began < domain.checked_at <= clock.now():
            break  # a look of the future is none: the clock was set back since
        try:
            is_written = _write(domain, findings, began)
        except IntegrityError:  # the constraint: another account has verified this name
            findings = _mark_taken(findings, domain.name)
            is_written = _write(domain, findings, began)
        if not _reload(domain) or is_written:
            break
    queries.forget()
    keys.forget()
    return findings


def _reload(domain: SenderDomain) -> bool:
    """Read a row anew; return False when it was deleted meanwhile."""
    try:
        domain.refresh_from_db()
    except SenderDomain.DoesNotExist:
        return False
    return True


def _mark_taken(findings: Findings, name: str) -> Findings:
    sentence = (
        f"The record is right, but another account has verified {name} already. "
        "It can be verified here once it was deleted there, or its record there is gone for three days."
    )
    return tuple(
        replace(one, verdict=Verdict.TAKEN, sentence=sentence) if one.record.purpose is Purpose.OWNERSHIP else one
        for one in findings
    )


@transaction.atomic
def _write(domain: SenderDomain, findings: Findings, began: datetime) -> bool:
    """Write the results where nothing else changed since `domain` was read; return whether that was so."""
    sight = _sum_up(findings)
    changes = _changes(domain, sight, began)
    unchanged = SenderDomain.objects.filter(
        pk=domain.pk,
        verification_token=domain.verification_token,
        subdomain=domain.subdomain,
        track_prefix=domain.track_prefix,
        verified_at=domain.verified_at,
        checked_at=domain.checked_at,
    )
    results = [finding.as_json() for finding in findings]
    if not unchanged.update(checked_at=began, check_results=results, **changes):
        return False
    _write_keys(domain, sight, is_verified=changes["verified_at"] is not None, now=began)
    _tell(domain, changes["verified_at"], began)
    return True


def _changes(domain: SenderDomain, sight: _Sight, now: datetime) -> dict[str, Any]:
    verified_at, failing_since = _judge(domain, sight, now)
    is_lost = domain.verified_at is not None and verified_at is None
    waits_since = now if is_lost else domain.pending_since
    return {
        "verified_at": verified_at,
        "failing_since": failing_since,
        "pending_since": waits_since,
        "return_path_at": _since(domain.return_path_at, sight.hosts.get(Purpose.RETURN_PATH), now),
        "tracking_at": _since(domain.tracking_at, sight.hosts.get(Purpose.TRACKING), now) if can_track() else None,
        "next_check_at": next_check(
            now,
            is_verified=verified_at is not None,
            is_failing=failing_since is not None or sight.is_unanswered,
            waits_since=None if sight.is_whole else waits_since,
        ),
    }


def _judge(domain: SenderDomain, sight: _Sight, now: datetime) -> tuple[datetime | None, datetime | None]:
    """Return since when the domain is verified, and since when it fails, after this sight of it."""
    if sight.is_proven:
        return domain.verified_at or now, None
    if domain.verified_at is None or not sight.is_disproven:
        return domain.verified_at, domain.failing_since
    failing_since = _failing_since(domain, now)
    return (None, None) if now - failing_since >= GRACE else (domain.verified_at, failing_since)


def _failing_since(domain: SenderDomain, now: datetime) -> datetime:
    """Return since when a domain fails, later by the time in which nobody looked: days that were not watched are no grace."""
    if domain.failing_since is None or domain.checked_at is None:
        return now
    unwatched = max(now - domain.checked_at - WATCHED, timedelta())
    return min(domain.failing_since + unwatched, now)


def _since(before: datetime | None, is_right: bool | None, now: datetime) -> datetime | None:
    if is_right is None:
        return before
    return (before or now) if is_right else None


def _write_keys(domain: SenderDomain, sight: _Sight, *, is_verified: bool, now: datetime) -> None:
    """Note which keys are published. The last key that signs keeps signing while the domain is verified: it has its grace."""
    taken_over = rotation.take_over(domain, sight.good_keys, now)
    signing = domain.dkim_keys.filter(is_active=True)
    signing.filter(selector__in=sight.good_keys, published_at=None).update(published_at=now)
    if signing.filter(selector__in=sight.good_keys).exists() or not is_verified:
        signing.filter(selector__in=sight.bad_keys).update(published_at=None)
    if taken_over:
        _remember(domain, "rotated DKIM keys of sender domain", selectors=[key.selector for key in taken_over])


def _tell(domain: SenderDomain, verified_at: datetime | None, now: datetime) -> None:
    if (domain.verified_at is None) != (verified_at is None):
        look_at_hosts_within(domain, now)
    if domain.verified_at is None and verified_at is not None:
        _remember(domain, "verified sender domain")
    if domain.verified_at is not None and verified_at is None:
        _remember(domain, "lost verification of sender domain", failing_since=f"{domain.failing_since or now:%Y-%m-%d %H:%M}")


def _remember(domain: SenderDomain, action: str, **detail: Any) -> None:
    AuditEntry.objects.create(
        account_id=domain.account_id, actor=ACTOR, action=action, target=domain.name, detail={"id": domain.pk, **detail}
    )
