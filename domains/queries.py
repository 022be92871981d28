"""What the hot path reads of sender domains, as values kept for two seconds."""

from __future__ import annotations

from dataclasses import dataclass

from domains.models import SenderDomain
from gateway.base.cache import TimedCache


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainFacts:
    """A sender domain as accepting and sending see it."""

    id: int
    name: str
    is_verified: bool


def find_sender_domain(account_id: int, name: str) -> DomainFacts | None:
    """Return an account's sender domain by its name (lower case, punycode), None when it has none of that name."""
    return _by_name.get((account_id, name), _load_by_name)


def get_sender_domain(domain_id: int) -> DomainFacts | None:
    """Return a sender domain by its key, None when it is gone."""
    return _by_id.get(domain_id, _load_by_id)


def forget() -> None:
    """Forget what was looked up, so that this process sees a change at once."""
    _by_name.clear()
    _by_id.clear()


def _load_by_name(key: tuple[int, str]) -> DomainFacts | None:
    account_id, name = key
    return _facts(SenderDomain.objects.for_account(account_id).filter(name=name).first())


def _load_by_id(domain_id: int) -> DomainFacts | None:
    return _facts(SenderDomain.objects.filter(pk=domain_id).first())


def _facts(domain: SenderDomain | None) -> DomainFacts | None:
    return DomainFacts(id=domain.pk, name=domain.name, is_verified=domain.is_verified) if domain else None


_by_name: TimedCache[tuple[int, str], DomainFacts | None] = TimedCache(seconds=2)
_by_id: TimedCache[int, DomainFacts | None] = TimedCache(seconds=2)
