"""What SendClean says of sending domains."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from django.http import HttpResponse

from domains.checking.findings import Finding
from domains.models import SenderDomain
from domains.records import Purpose
from gateway.api.base import json_answer
from gateway.api.sendclean.answers.settings import Validity, judge, seconds_of, yes_or_no

Result = Mapping[str, Any]


class SendingDomainChecked(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What DNS shows of a domain. `valid_signing`: mail may be sent from it, and is signed by a key that DNS shows.

    `error`, which is ours, says what is wrong with the record of ownership.
    """

    status: str
    domain: str
    dkim: Validity
    spf: Validity
    valid_signing: str
    error: str = ""


class SendingDomain(msgspec.Struct, frozen=True, kw_only=True):
    """One domain, as DNS showed it when it was last looked at. `verify_domain`: mail may be sent from it."""

    domain: str
    create_date: int
    dkim: Validity
    spf: Validity
    verify_domain: Validity


class SendingDomainList(msgspec.Struct, frozen=True, kw_only=True):
    """The account's sending domains."""

    status: str = "success"
    sending_domain_list: list[SendingDomain]


def answer_checked(domain: SenderDomain, findings: Iterable[Finding]) -> HttpResponse:
    results = [finding.as_json() for finding in findings]
    dkim = judge(_of(results, Purpose.DKIM))
    return json_answer(
        SendingDomainChecked(
            status="success",
            domain=domain.name,
            dkim=dkim,
            spf=judge(_of(results, Purpose.SPF)),
            valid_signing=yes_or_no(domain.is_verified and dkim.valid == "Yes"),
            error=judge(_of(results, Purpose.OWNERSHIP)).error,
        )
    )


def answer_sending_domains(domains: Iterable[SenderDomain]) -> HttpResponse:
    return json_answer(SendingDomainList(sending_domain_list=[_domain(domain) for domain in domains]))


def _domain(domain: SenderDomain) -> SendingDomain:
    owned = judge(_of(domain.check_results, Purpose.OWNERSHIP))
    return SendingDomain(
        domain=domain.name,
        create_date=seconds_of(domain.created_at),
        dkim=judge(_of(domain.check_results, Purpose.DKIM)),
        spf=judge(_of(domain.check_results, Purpose.SPF)),
        verify_domain=Validity(valid="Yes") if domain.is_verified else Validity(valid="No", error=owned.error),
    )


def _of(results: Iterable[Result], purpose: Purpose) -> list[Result]:
    return [result for result in results if result["purpose"] == purpose and not result["is_retired"]]
