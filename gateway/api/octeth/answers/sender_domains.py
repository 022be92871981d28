"""What the calls for mail servers say."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpResponse

from domains.models import SenderDomain
from gateway.api.base import json_answer
from gateway.api.octeth.answers.base import Part
from gateway.api.octeth.parse.sender_domains import DIRECTIVES, JSON


class SenderDomainList(Part, kw_only=True, frozen=True):
    """The names of sender domains."""

    success: bool = True
    domains: list[str]
    total_records: int  # of all pages


class RelayAllowed(Part, kw_only=True, frozen=True):
    """Mail for the host is to be handed on to us."""

    success: bool = True
    relay_domain: str


class RelayDenied(Part, kw_only=True, frozen=True):
    """It is not; the vendor says so by the HTTP status 500."""


def answer_domains(domains: Iterable[SenderDomain], total: int, form: str) -> HttpResponse:
    if form == JSON:
        return json_answer(SenderDomainList(domains=[domain.name for domain in domains], total_records=total))
    lines = "".join(f"{DIRECTIVES[form]} {domain.return_host}\n" for domain in domains)
    return HttpResponse(lines, content_type="text/plain; charset=utf-8")
