"""A sender domain as the commands show it: the seed's fields, and those of newer versions beside them (contracts.md 4.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from domains.models import SenderDomain
from domains.records import Purpose, Record, records_of
from gateway.api.octeth.answers.base import Done, Part

FLAGS = {True: "1", False: "0"}


class Options(Part, kw_only=True, frozen=True):
    """The options of a domain in newer versions."""

    link_tracking: bool
    open_tracking: bool
    unsubscribe_link: bool
    custom_subdomain: str
    custom_track_prefix: str
    track_prefix_disabled: bool


class VerificationMeta(Part, kw_only=True, frozen=True):
    """The records to publish, by host: type, value, and whether DNS showed it when it was last looked at."""

    dns_records: dict[str, tuple[str, str, bool]] = msgspec.field(name="DNSRecords")


class Counts(Part, kw_only=True, frozen=True):
    """How much a domain has."""

    api_keys: int
    smtps: int
    webhooks: int


class Domain(Part, kw_only=True, frozen=True):
    """A sender domain. `DomainID` is a number where the seed's example shows one, elsewhere text."""

    domain_id: int | str
    domain_name: str
    sender_domain: str
    created_at: str
    status: str  # "Approval Pending" or "Enabled"
    is_active: bool
    verified: bool
    active: bool
    verification_status: str  # "Pending" or "Verified", as the two below
    dkim_status: str
    spf_status: str
    link_tracking: str  # "0" or "1", as the two below
    open_tracking: str
    unsubscribe_link: str
    hosting_provider: str
    subdomain: str
    track_prefix: str
    verification_meta: VerificationMeta
    policy_meta: dict[str, str]
    options: Options
    counts: Counts | msgspec.UnsetType = msgspec.UNSET


class DomainAdded(Done, kw_only=True, frozen=True):
    new_sender_domain_id: int
    domain: Domain


class DomainShown(Done, kw_only=True, frozen=True):
    domain: Domain


class DomainUpdated(Done, kw_only=True, frozen=True):
    domain: Domain
    subdomain_changed: bool


class DomainList(Done, kw_only=True, frozen=True):
    domains: list[Domain]


class DNSResult(Part, kw_only=True, frozen=True):
    """One record, and whether DNS shows it."""

    host: str
    type: str
    value: str
    verified: bool


class DomainVerified(Done, kw_only=True, frozen=True):
    domain: Domain
    dns_verification_results: list[DNSResult]


def show(domain: SenderDomain, *, as_text: bool, counts: Counts | None = None) -> Domain:
    """Return a domain with its records; `as_text` says how its id is shown. Reads its keys and its account."""
    good = _good_ones(domain)
    account = domain.account
    links = domain.track_clicks if domain.track_clicks is not None else account.track_clicks
    opens = domain.track_opens if domain.track_opens is not None else account.track_opens
    return Domain(
        domain_id=str(domain.pk) if as_text else domain.pk,
        domain_name=domain.name,
        sender_domain=domain.name,
        created_at=f"{domain.created_at:%Y-%m-%d %H:%M:%S}",
        status="Enabled" if domain.is_verified else "Approval Pending",
        is_active=domain.is_active,
        verified=domain.is_verified,
        active=domain.is_active,
        verification_status=_state(is_good=domain.is_verified),
        dkim_status=_state(is_good=any(label.startswith(f"{Purpose.DKIM}:") for label in good)),
        spf_status=_state(is_good=Purpose.SPF in good),
        link_tracking=FLAGS[links],
        open_tracking=FLAGS[opens],
        unsubscribe_link=FLAGS[domain.unsubscribe_link],
        hosting_provider=domain.hosting_provider,
        subdomain=domain.subdomain,
        track_prefix=domain.track_prefix,
        verification_meta=VerificationMeta(dns_records=_by_host(records_of(domain), good)),
        policy_meta={},
        options=Options(
            link_tracking=links,
            open_tracking=opens,
            unsubscribe_link=domain.unsubscribe_link,
            custom_subdomain=domain.subdomain,
            custom_track_prefix=domain.track_prefix,
            track_prefix_disabled=not domain.uses_tracking_host,
        ),
        counts=counts or msgspec.UNSET,
    )


def results_of(domain: SenderDomain) -> list[DNSResult]:
    """Return what the last look at DNS found, record by record."""
    results: Iterable[Mapping[str, Any]] = domain.check_results
    return [DNSResult(host=one["name"], type=one["type"], value=one["value"], verified=one["ok"]) for one in results]


def _good_ones(domain: SenderDomain) -> set[str]:
    results: Iterable[Mapping[str, Any]] = domain.check_results
    return {one["label"] for one in results if one["ok"]}


def _by_host(records: Iterable[Record], good: set[str]) -> dict[str, tuple[str, str, bool]]:
    return {record.name: (record.type, record.value, record.label in good) for record in records}


def _state(*, is_good: bool) -> str:
    return "Verified" if is_good else "Pending"
