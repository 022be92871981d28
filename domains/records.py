"""The DNS records that a sender domain or tracking host needs, as data: for the console, the dialects and the checks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from django.conf import settings

from domains.keys import write_record
from domains.models import DKIMKey, SenderDomain, TrackingDomain
from domains.names import can_track, tracking_target
from gateway.base.tokens import sign_text

OVERLAP: Final = timedelta(days=7)  # for which the record of a retired key stays, for mail that it signed
OWNERSHIP_PREFIX: Final = "gatepost-verify="
NO_TRACKING: Final = "Of no use on this server: its links name an address or a port, which a CNAME cannot carry."
_STRING: Final = 255  # octets of one string of a TXT record (RFC 1035 3.3.14)


class Purpose(StrEnum):
    """What a record is for."""

    OWNERSHIP = "ownership"  # proves to us that the account may change the domain's DNS
    DKIM = "dkim"
    RETURN_PATH = "return_path"  # brings bounces to us, and SPF for them: SPF judges the domain of MAIL FROM
    SPF = "spf"  # of the domain itself
    TRACKING = "tracking"
    DMARC = "dmarc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record to publish. `is_required`: mail is sent only once it is there (of the DKIM keys one suffices).

    `value` of SPF and DMARC is what we recommend where there is no record yet. `selector` is set for DKIM keys; `is_retired`
    where the record is only left for mail under way. `note` is a sentence beside it.
    """

    purpose: Purpose
    name: str
    type: str
    value: str
    is_required: bool = False
    selector: str = ""
    is_retired: bool = False
    note: str = ""

    @property
    def label(self) -> str:
        """Return a name by which a domain's record is known for good, such as `dkim:gp2611r`."""
        return f"{self.purpose}:{self.selector}" if self.selector else str(self.purpose)


def records_of(domain: SenderDomain) -> tuple[Record, ...]:
    """Return all records of a sender domain, those that are required first. Reads its keys (prefetch `dkim_keys`)."""
    keys = sorted(domain.dkim_keys.all(), key=_order)
    return (
        Record(
            purpose=Purpose.OWNERSHIP,
            name=f"_gatepost.{domain.name}",
            type="TXT",
            value=f"{OWNERSHIP_PREFIX}{domain.verification_token}",
            is_required=True,
            note="Shows that the domain is yours.",
        ),
        *(_key_record(domain, key) for key in keys),
        Record(
            purpose=Purpose.RETURN_PATH,
            name=domain.return_host,
            type="CNAME",
            value=settings.GATEPOST_RETURN_DOMAIN.lower(),
            note="Bounces come back through your own domain, which aligns SPF for DMARC.",
        ),
        Record(
            purpose=Purpose.SPF,
            name=domain.name,
            type="TXT",
            value=f"v=spf1 include:{settings.GATEPOST_RETURN_DOMAIN.lower()} ~all",
            note="Where the domain has an SPF record already, add the include to that one: there may be only one.",
        ),
        *((_tracking_record(domain),) if domain.uses_tracking_host else ()),
        Record(
            purpose=Purpose.DMARC,
            name=f"_dmarc.{domain.name}",
            type="TXT",
            value="v=DMARC1; p=none",
            note="Gmail and Yahoo ask bulk senders for one. Make it stricter once your reports are clean.",
        ),
    )


def record_of_tracking(host: TrackingDomain) -> Record:
    """Return the record that brings a tracking host's readers to us."""
    return Record(purpose=Purpose.TRACKING, name=host.name, type="CNAME", value=tracking_target(), is_required=True)


def proof_of_tracking(host: TrackingDomain) -> Record:
    """Return the record that shows that a tracking host is the account's: its value is of this account and host only."""
    return Record(
        purpose=Purpose.OWNERSHIP,
        name=f"_gatepost.{host.name}",
        type="TXT",
        value=OWNERSHIP_PREFIX + sign_text("tracking host", f"{host.account_id}:{host.name}"),
        is_required=True,
        note="The host lies in none of your verified domains: publish this record too, which shows that it is yours, "
        "or verify its domain first.",
    )


def write_zone(records: Iterable[Record]) -> str:
    """Return records as lines of a zone file (RFC 1035 5), each name absolute and each TXT in strings of 255 octets."""
    return "".join(f"{record.name}.\t3600\tIN\t{record.type}\t{_write_value(record)}\n" for record in records)


def _write_value(record: Record) -> str:
    if record.type != "TXT":
        return f"{record.value}."
    pieces = [record.value[at : at + _STRING] for at in range(0, len(record.value), _STRING)]
    return " ".join(f'"{piece}"' for piece in pieces)


def _order(key: DKIMKey) -> tuple[bool, bool, int]:
    return key.retired_at is not None, key.algorithm != DKIMKey.Algorithm.RSA, key.pk


def _key_record(domain: SenderDomain, key: DKIMKey) -> Record:
    return Record(
        purpose=Purpose.DKIM,
        name=f"{key.selector}._domainkey.{domain.name}",
        type="TXT",
        value=write_record(key),
        is_required=key.algorithm == DKIMKey.Algorithm.RSA and key.retired_at is None,
        selector=key.selector,
        is_retired=key.retired_at is not None,
        note=_say_of_key(key),
    )


def _tracking_record(domain: SenderDomain) -> Record:
    return Record(
        purpose=Purpose.TRACKING,
        name=domain.tracking_host,
        type="CNAME",
        value=tracking_target(),
        note="Tracked links then begin with your own host name." if can_track() else NO_TRACKING,
    )


def _say_of_key(key: DKIMKey) -> str:
    if key.retired_at is not None:
        return f"Retired. The record may be removed after {key.retired_at + OVERLAP:%-d %B %Y}."
    if not key.is_active:
        return "New. It takes over from the old key once DNS shows it."
    return f"Signs your mail ({key.get_algorithm_display()})."
