"""What the hot path reads of sender domains, as values kept for four seconds."""

from __future__ import annotations

from dataclasses import dataclass

from domains.models import SenderDomain, TrackingDomain
from gateway.base.cache import TimedCache


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainFacts:
    """A sender domain as accepting and sending see it."""

    id: int
    name: str
    is_verified: bool
    track_opens: bool | None = None  # None: as the account has it
    track_clicks: bool | None = None
    unsubscribe_link: bool = False
    tracking_url: str = ""  # the base of its tracked links, "https://track.example.com"; empty: the platform's
    return_domain: str = ""  # of its return paths; empty: the platform's


def find_sender_domain(account_id: int, name: str) -> DomainFacts | None:
    """Return an account's sender domain by its name (lower case, punycode), None when it has none of that name."""
    return _by_name.get((account_id, name), _load_by_name)


def get_sender_domain(domain_id: int) -> DomainFacts | None:
    """Return a sender domain by its key, None when it is gone."""
    return _by_id.get(domain_id, _load_by_id)


def find_tracking_url(account_id: int, host: str) -> str:
    """Return the base of links that name a tracking host of an account, empty where it has no such host that DNS points to us.

    That is a tracking domain, or the host of one of its sender domains.
    """
    return _tracking_urls.get((account_id, host), _load_tracking_url)


def find_return_domain(account_id: int, host: str) -> DomainFacts | None:
    """Return the sender domain of an account whose return paths may name `host`; None where there is none, or DNS is wrong."""
    return _return_domains.get((account_id, host), _load_return_domain)


def forget() -> None:
    """Forget what was looked up, so that this process sees a change at once."""
    for cache in (_by_name, _by_id, _tracking_urls, _return_domains):
        cache.clear()


def _load_by_name(key: tuple[int, str]) -> DomainFacts | None:
    account_id, name = key
    return _facts(SenderDomain.objects.for_account(account_id).filter(name=name).first())


def _load_by_id(domain_id: int) -> DomainFacts | None:
    return _facts(SenderDomain.objects.filter(pk=domain_id).first())


def _load_tracking_url(key: tuple[int, str]) -> str:
    account_id, host = key
    own = TrackingDomain.objects.for_account(account_id).filter(name=host, verified_at__isnull=False).first()
    if own is not None:
        return f"{'https' if own.is_secure else 'http'}://{own.name}"
    found = (_facts(domain) for domain in _domains_above(account_id, host) if domain.tracking_host == host)
    return next((facts.tracking_url for facts in found if facts is not None), "")


def _load_return_domain(key: tuple[int, str]) -> DomainFacts | None:
    account_id, host = key
    found = (_facts(domain) for domain in _domains_above(account_id, host))
    return next((facts for facts in found if facts is not None and facts.return_domain == host), None)


def _domains_above(account_id: int, host: str) -> list[SenderDomain]:
    """Return an account's verified sender domains that a host lies in."""
    labels = host.split(".")
    names = [".".join(labels[begin:]) for begin in range(1, len(labels))]
    return [domain for domain in SenderDomain.objects.for_account(account_id).filter(name__in=names) if domain.is_verified]


def _facts(domain: SenderDomain | None) -> DomainFacts | None:
    if domain is None:
        return None
    return DomainFacts(
        id=domain.pk,
        name=domain.name,
        is_verified=domain.is_verified,
        track_opens=domain.track_opens,
        track_clicks=domain.track_clicks,
        unsubscribe_link=domain.unsubscribe_link,
        tracking_url=f"{_scheme(domain)}://{domain.tracking_host}" if domain.tracking_at and domain.uses_tracking_host else "",
        return_domain=domain.return_host if domain.return_path_at else "",
    )


def _scheme(domain: SenderDomain) -> str:
    return "https" if domain.is_tracking_secure else "http"


_by_name: TimedCache[tuple[int, str], DomainFacts | None] = TimedCache(seconds=4)
_by_id: TimedCache[int, DomainFacts | None] = TimedCache(seconds=4)
_tracking_urls: TimedCache[tuple[int, str], str] = TimedCache(seconds=4)
_return_domains: TimedCache[tuple[int, str], DomainFacts | None] = TimedCache(seconds=4)
