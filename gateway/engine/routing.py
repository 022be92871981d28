"""Where mail for a domain goes: a smarthost, its MX hosts, or itself (RFC 5321 5.1); or why it can go nowhere.

Addresses that are not public are left out, unless GATEPOST_MX_ALLOW names them: no customer's domain steers mail into our
own network. The operator's relay is trusted.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from itertools import chain
from random import shuffle
from typing import Final

from django.conf import settings

from gateway.base import clock
from gateway.base.networks import Network, is_public, is_within, unwrap
from gateway.base.resolver import Answer, Resolver, Status, default_resolver
from gateway.engine.outcome import Outcome, Result

MAX_MX: Final = 10
MAX_ADDRESSES: Final = 20
KEEP: Final = 30.0  # seconds that a computed route is kept; the resolver keeps answers by their TTL
_KEEP_TROUBLE: Final = 3.0
_CACHE_SIZE: Final = 20_000


@dataclass(frozen=True, slots=True)
class Host:
    """One address to connect to. `name` is the MX's, for TLS and for people."""

    name: str
    address: str
    port: int


@dataclass(frozen=True, slots=True)
class Route:
    """The hosts to try, in this order."""

    hosts: tuple[Host, ...]


_Groups = tuple[tuple[Host, ...], ...]  # of equal preference


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the operator has set about where mail may go."""

    relay: tuple[str, int] | None = field(default_factory=lambda: settings.GATEPOST_RELAY)
    port: int = field(default_factory=lambda: settings.GATEPOST_MX_PORT)
    allowed: Sequence[Network] = field(default_factory=lambda: settings.GATEPOST_MX_ALLOW)
    own_name: str = field(default_factory=lambda: settings.GATEPOST_HOSTNAME)


class Router:
    """Finds routes by DNS, and keeps them for a moment. Belongs to one event loop."""

    def __init__(self, resolver: Resolver | None = None, rules: Rules | None = None) -> None:
        self._resolver = resolver or default_resolver()
        self._rules = rules or Rules()
        self._kept: dict[str, tuple[float, Route | _Groups | Outcome]] = {}

    async def route(self, domain: str) -> Route | Outcome:
        """Return where mail for `domain` (ASCII) goes, equal hosts in random order; an Outcome where it cannot go."""
        kept = self._kept.get(domain)
        if kept is None or kept[0] < clock.monotonic():
            found = await (self._find_relay() if self._rules.relay else self._find(domain))
            kept = self._keep(domain, found if isinstance(found, Outcome) or _has_choice(found) else _flatten(found))
        way = kept[1]
        return _flatten(tuple(map(_shuffled, way))) if isinstance(way, tuple) else way

    def _keep(self, domain: str, found: Route | _Groups | Outcome) -> tuple[float, Route | _Groups | Outcome]:
        if len(self._kept) >= _CACHE_SIZE:
            self._kept.clear()
        seconds = _KEEP_TROUBLE if isinstance(found, Outcome) else KEEP
        kept = self._kept[domain] = (clock.monotonic() + seconds, found)
        return kept

    async def _find_relay(self) -> _Groups | Outcome:
        name, port = self._rules.relay or ("", 0)
        try:
            # The system's own look-up, as the operator's names may stand in a hosts file.
            found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
        except OSError as error:
            return _deferred("4.4.3", f"The relay {name} could not be looked up: {error}.")
        return (tuple(dict.fromkeys(Host(name, str(entry[4][0]), port) for entry in found)),)

    async def _find(self, domain: str) -> _Groups | Outcome:
        answer = await self._resolver.look_up_async(domain, "MX")
        if answer.status is Status.FAILURE:
            return _deferred("4.4.3", answer.detail)
        if answer.status is Status.NO_SUCH_NAME:
            return _bounced("5.1.2", f"The domain {domain} does not exist.")
        if answer.status is Status.NO_DATA:
            return await self._find_addresses(domain, ((domain,),), "neither an MX nor an address record")
        groups = _read_mx(answer)
        if groups == (("",),):
            return _bounced("5.1.10", f"The domain {domain} takes no mail (null MX).")
        groups = self._drop_own(groups)
        if not groups:
            return _bounced("5.4.6", f"The best MX of {domain} is this host itself; mail would loop.")
        return await self._find_addresses(domain, groups, "no MX host with an address")

    def _drop_own(self, groups: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
        """Drop ourselves, and every host that is no better than we are (RFC 5321 5.1)."""
        for number, names in enumerate(groups):
            if self._rules.own_name.lower() in names:
                return groups[:number]
        return groups

    async def _find_addresses(self, domain: str, groups: tuple[tuple[str, ...], ...], lack: str) -> _Groups | Outcome:
        names = list(dict.fromkeys(chain.from_iterable(groups)))[:MAX_MX]
        answers = await asyncio.gather(*(self._resolver.look_up_async(name, kind) for name in names for kind in ("A", "AAAA")))
        hosts = {name: self._admit(name, answers[2 * at : 2 * at + 2]) for at, name in enumerate(names)}
        found = tuple(tuple(chain.from_iterable(hosts.get(name, ()) for name in group)) for group in groups)
        if any(found):
            return tuple(filter(None, found))
        return _explain(domain, lack, answers)

    def _admit(self, name: str, answers: Iterable[Answer]) -> tuple[Host, ...]:
        records = chain.from_iterable(answer.records for answer in answers if answer.status is Status.ANSWER)
        return tuple(Host(name, record, self._rules.port) for record in records if self._may_reach(record))

    def _may_reach(self, record: str) -> bool:
        address = unwrap(ip_address(record))
        return is_public(address) or is_within(address, self._rules.allowed)


def _read_mx(answer: Answer) -> tuple[tuple[str, ...], ...]:
    """Return host names grouped by preference, best first; the null MX is the empty name (RFC 7505)."""
    by_preference: dict[int, list[str]] = {}
    for record in answer.records:
        preference, _, name = record.partition(" ")
        by_preference.setdefault(int(preference), []).append(name.lower().rstrip("."))
    groups = (tuple(dict.fromkeys(by_preference[key])) for key in sorted(by_preference))
    # A null MX beside others is an error of theirs; the others count (RFC 7505 3).
    named = tuple(filter(None, (tuple(filter(None, group)) for group in groups)))
    return named or (("",),)


def _explain(domain: str, lack: str, answers: Sequence[Answer]) -> Outcome:
    failed = next((answer for answer in answers if answer.status is Status.FAILURE), None)
    if failed is not None:
        return _deferred("4.4.3", failed.detail)
    records = [record for answer in answers for record in answer.records]
    if not records:
        return _bounced("5.4.4", f"The domain {domain} has {lack}.")
    code = "5.4.6" if any(ip_address(record).is_loopback for record in records) else "5.4.4"
    return _bounced(code, f"Mail for {domain} goes to {', '.join(records[:3])}, which is not on the public Internet.")


def _has_choice(groups: _Groups) -> bool:
    return any(len({host.name for host in group}) > 1 for group in groups)


def _shuffled(group: tuple[Host, ...]) -> tuple[Host, ...]:
    """Return the hosts in random order, so that load spreads; the addresses of one host stay together."""
    names = list(dict.fromkeys(host.name for host in group))
    shuffle(names)
    return tuple(host for name in names for host in group if host.name == name)


def _flatten(groups: _Groups) -> Route:
    return Route(tuple(chain.from_iterable(groups))[:MAX_ADDRESSES])


def _deferred(enhanced: str, reply: str) -> Outcome:
    return Outcome(result=Result.DEFERRED, enhanced=enhanced, reply=reply)


def _bounced(enhanced: str, reply: str) -> Outcome:
    return Outcome(result=Result.BOUNCED, enhanced=enhanced, reply=reply)
