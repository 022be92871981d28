"""What SendClean says of tracking domains."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from django.http import HttpResponse

from domains.checking.findings import Finding
from domains.models import TrackingDomain
from domains.records import NO_TRACKING, Purpose
from gateway.api.base import json_answer
from gateway.api.sendclean.answers.settings import Validity, judge, seconds_of, yes_or_no


class TrackingDomainChecked(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What DNS shows of a tracking domain. `valid_tracking`: links may name it.

    `error`, which is ours, says what is wrong beside the CNAME: the record that shows whose the host is.
    """

    status: str
    domain: str
    valid_tracking: str
    cname: Validity
    error: str = ""


class Tracking(msgspec.Struct, frozen=True, kw_only=True):
    """One tracking domain, as DNS showed it when it was last looked at."""

    domain: str
    create_date: int
    cname: Validity


class TrackingDomainList(msgspec.Struct, frozen=True, kw_only=True):
    """The account's tracking domains."""

    status: str = "success"
    tracking_domain_list: list[Tracking]


def answer_checked(host: TrackingDomain, finding: Finding) -> HttpResponse:
    """Return what the first finding says that is not right; where it is not of the CNAME, the CNAME is right."""
    is_alias_wrong = finding.record.purpose is Purpose.TRACKING and not finding.is_ok
    is_used = host.verified_at is not None
    beside = finding.sentence or ("" if is_used else NO_TRACKING)
    return json_answer(
        TrackingDomainChecked(
            status="success",
            domain=host.name,
            valid_tracking=yes_or_no(is_used),
            cname=Validity(valid="No", error=finding.sentence) if is_alias_wrong else Validity(valid="Yes"),
            error="" if is_alias_wrong else beside,
        )
    )


def answer_tracking_domains(hosts: Iterable[TrackingDomain]) -> HttpResponse:
    return json_answer(TrackingDomainList(tracking_domain_list=[_tracking(host) for host in hosts]))


def _tracking(host: TrackingDomain) -> Tracking:
    aliases = [result for result in host.check_results if result["purpose"] == Purpose.TRACKING]
    return Tracking(domain=host.name, create_date=seconds_of(host.created_at), cname=judge(aliases))
