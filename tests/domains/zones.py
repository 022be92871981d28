"""DNS for tests of domains: a zone on loopback that starts as it should be, and is then spoilt."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from domains.models import SenderDomain, TrackingDomain
from domains.records import Purpose, Record, proof_of_tracking, record_of_tracking, records_of
from gateway.base import clock
from tests.support.dns import FaultyNameServer

URL = "https://mail.platform.example"
RETURNS = "returns.platform.example"


class Clock:
    """The time of day, which moves when told to."""

    def __init__(self) -> None:
        self.now = clock.now()

    def move(self, **step: float) -> datetime:
        self.now += timedelta(**step)
        return self.now


def use(server: FaultyNameServer, settings: Any) -> None:
    """Let the product ask `server`, as an installation with names of its own on the Internet."""
    settings.GATEPOST_DNS = (server.endpoint,)
    settings.GATEPOST_URL = URL
    settings.GATEPOST_HOSTNAME = "mail.platform.example"
    settings.GATEPOST_RETURN_DOMAIN = RETURNS


def zone_of(*records: Record) -> dict[tuple[str, str], list[str]]:
    """Return the records as a zone, several at one name together."""
    zone: dict[tuple[str, str], list[str]] = {}
    for record in records:
        zone.setdefault((record.name, record.type), []).append(record.value)
    return zone


def publish(server: FaultyNameServer, domain: SenderDomain) -> None:
    """Put all records of a domain in DNS, as they should be."""
    server.zone |= zone_of(*records_of(domain))


def publish_host(server: FaultyNameServer, host: TrackingDomain) -> None:
    """Point a host to us, and show whose it is."""
    server.zone |= zone_of(record_of_tracking(host), proof_of_tracking(host))


def record(domain: SenderDomain, purpose: Purpose, selector: str = "") -> Record:
    """Return one record of a domain; of its keys, the first where no selector is given."""
    return next(one for one in records_of(domain) if one.purpose is purpose and selector in {"", one.selector})


def results(domain: SenderDomain) -> Mapping[str, Mapping[str, Any]]:
    """Return what is kept of the last check, by label."""
    domain.refresh_from_db()
    return {result["label"]: result for result in domain.check_results}
