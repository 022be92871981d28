"""What domain/* says. Private keys are in no answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
from django.http import HttpResponse
from msgspec import field

from domains.models import SenderDomain
from domains.published import published_of
from domains.records import Purpose, Record, records_of
from gateway.api.base import json_answer
from gateway.api.sendcloud.answers import Page, Told, say_time

COMMON: Final = "普通"  # of the vendor's types of domains; the other is for tests
BITS: Final[Mapping[Purpose, int]] = {
    Purpose.DKIM: 1,
    Purpose.SPF: 2,
    Purpose.RETURN_PATH: 4,
    Purpose.TRACKING: 8,
    Purpose.OWNERSHIP: 16,
}


class Domain(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A sender domain: the name and value of each record to publish, and the sum of the bits of those that DNS shows.

    `mx` brings bounces to us: by a CNAME here. The values of dkim.* are those of its RSA key, the public one.
    """

    name: str
    type: str
    verify: int
    spf_domain: str = field(name="spf.domain")
    spf_value: str = field(name="spf.value")
    dkim_domain: str = field(name="dkim.domain")
    dkim_value: str = field(name="dkim.value")
    cname_domain: str = field(name="cname.domain")
    cname_value: str = field(name="cname.value")
    mx_domain: str = field(name="mx.domain")
    mx_value: str = field(name="mx.value")
    verify_key_domain: str = field(name="verifyKey.domain")
    verify_key_value: str = field(name="verifyKey.value")
    gmt_created: str
    gmt_updated: str


class DomainData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    data: Domain


class DomainTold(Told, frozen=True, kw_only=True):
    """One domain."""

    info: DomainData


class Domains(Page, frozen=True, kw_only=True):
    data_list: list[Domain]


class DomainsListed(Told, frozen=True, kw_only=True):
    """A part of the domains."""

    info: Domains


def say_domain(domain: SenderDomain) -> HttpResponse:
    return json_answer(DomainTold(info=DomainData(data=_show(domain))))


def say_domains(domains: Iterable[SenderDomain], total: int) -> HttpResponse:
    shown = [_show(domain) for domain in domains]
    return json_answer(DomainsListed(info=Domains(count=len(shown), total=total, data_list=shown)))


def bits_of(domain: SenderDomain) -> int:
    """Return the sum of the bits of the records that DNS shows."""
    return sum(BITS.get(purpose, 0) for purpose in published_of(domain))


def _show(domain: SenderDomain) -> Domain:
    records: dict[Purpose, Record] = {}
    for record in records_of(domain):
        records.setdefault(record.purpose, record)  # the first of the keys signs now, or will
    names = {purpose: record.name for purpose, record in records.items()}
    values = {purpose: record.value for purpose, record in records.items()}
    return Domain(
        name=domain.name,
        type=COMMON,
        verify=bits_of(domain),
        spf_domain=names[Purpose.SPF],
        spf_value=values[Purpose.SPF],
        dkim_domain=names.get(Purpose.DKIM, ""),
        dkim_value=values.get(Purpose.DKIM, ""),
        cname_domain=names.get(Purpose.TRACKING, ""),
        cname_value=values.get(Purpose.TRACKING, ""),
        mx_domain=names[Purpose.RETURN_PATH],
        mx_value=values[Purpose.RETURN_PATH],
        verify_key_domain=names[Purpose.OWNERSHIP],
        verify_key_value=values[Purpose.OWNERSHIP],
        gmt_created=say_time(domain.created_at),
        gmt_updated=say_time(max(domain.created_at, domain.checked_at or domain.created_at)),
    )
