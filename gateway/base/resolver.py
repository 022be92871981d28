"""DNS look-ups whose results are values: an answer, no such name, no such data, or a failure that may pass.

Routing asks from an event loop, domain verification from a thread; both share one cache per process. dnspython speaks DNS.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from threading import Lock
from typing import Final, TypeVar

import dns.asyncresolver
import dns.exception
import dns.name
import dns.nameserver
import dns.rdata
import dns.rdtypes.txtbase
import dns.resolver
from django.conf import settings

from gateway.base import clock
from gateway.base.cache import TimedCache
from gateway.base.environment import Endpoint

DEADLINE: Final = 10.0  # seconds for one look-up, all tries and servers included

_TTL_LEAST, _TTL_MOST = 5.0, 3600.0  # seconds that an answer is kept, whatever its TTL says
_TTL_NOTHING = 60.0  # the most for "no such name" and "no such data"
_TTL_FAILURE = 3.0  # so that a burst of mail asks a broken server once, not a thousand times
_CACHE_SIZE = 20_000
_MAX_RECORDS = 200
_MAX_TEXT = 8192


class Status(StrEnum):
    """What a look-up came to."""

    ANSWER = "answer"
    NO_SUCH_NAME = "no such name"  # NXDOMAIN, or a text that cannot be a name
    NO_DATA = "no data"  # the name exists, without records of this type
    FAILURE = "failure"  # SERVFAIL, refusal, nobody answered in time: ask again later


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The outcome of one look-up.

    `records` are in zone-file words without final dots (`10 mx.example.com`); TXT records are their bare text, strings
    joined. `detail` says in a sentence what went wrong. `ttl` is the seconds for which this may be kept.
    """

    name: str
    rdtype: str
    status: Status
    records: tuple[str, ...] = ()
    detail: str = ""
    ttl: float = 0.0


_Key = tuple[str, str]
_AnyResolver = TypeVar("_AnyResolver", bound=dns.resolver.BaseResolver)


class Resolver:
    """Asks the given servers, or the system's where none are given, and remembers what they said.

    `look_up` is for threads and `look_up_async` for event loops; neither raises for anything the DNS can answer. `fresh`
    passes over the cache (but fills it). At the same time and in the same loop, one name is asked for once.
    """

    def __init__(self, servers: tuple[Endpoint, ...] = (), *, deadline: float = DEADLINE) -> None:
        self._servers = servers
        self._deadline = deadline
        self._lock = Lock()
        self._kept: dict[_Key, tuple[float, Answer]] = {}
        self._asked: dict[tuple[asyncio.AbstractEventLoop, _Key], asyncio.Task[Answer]] = {}

    def look_up(self, name: str, rdtype: str, *, deadline: float | None = None, fresh: bool = False) -> Answer:
        """Return what the DNS says about `name`, within `deadline` seconds."""
        key = _key(name, rdtype)
        kept = None if fresh else self._get(key)
        return kept if kept is not None else self._keep(key, self._ask(key, deadline or self._deadline))

    async def look_up_async(self, name: str, rdtype: str, *, deadline: float | None = None, fresh: bool = False) -> Answer:
        """Return what the DNS says about `name`, within `deadline` seconds, without blocking the loop."""
        key = _key(name, rdtype)
        kept = None if fresh else self._get(key)
        if kept is not None:
            return kept
        loop = asyncio.get_running_loop()
        shared = (loop, key)
        task = self._asked.get(shared)
        if task is None:
            task = self._asked[shared] = loop.create_task(self._ask_async(key, deadline or self._deadline))
            task.add_done_callback(lambda _: self._asked.pop(shared, None))
        return await asyncio.shield(task)  # one who gives up does not take the answer from the others

    def forget(self) -> None:
        """Drop everything that is remembered."""
        with self._lock:
            self._kept.clear()

    def _get(self, key: _Key) -> Answer | None:
        kept = self._kept.get(key)
        return kept[1] if kept is not None and kept[0] > clock.monotonic() else None

    def _keep(self, key: _Key, answer: Answer) -> Answer:
        with self._lock:
            if len(self._kept) >= _CACHE_SIZE:
                self._kept.clear()
            self._kept[key] = (clock.monotonic() + answer.ttl, answer)
        return answer

    def _ask(self, key: _Key, deadline: float) -> Answer:
        name, rdtype = key
        try:
            resolver = self._make(dns.resolver.Resolver)
            return _read(key, resolver.resolve(f"{name}.", rdtype, raise_on_no_answer=False, lifetime=deadline, search=False))
        except (dns.exception.DNSException, OSError) as error:
            return _explain(key, error)

    async def _ask_async(self, key: _Key, deadline: float) -> Answer:
        name, rdtype = key
        try:
            resolver = self._make(dns.asyncresolver.Resolver)
            found = await resolver.resolve(f"{name}.", rdtype, raise_on_no_answer=False, lifetime=deadline, search=False)
            return self._keep(key, _read(key, found))
        except (dns.exception.DNSException, OSError) as error:
            return self._keep(key, _explain(key, error))

    def _make(self, kind: Callable[..., _AnyResolver]) -> _AnyResolver:
        if not self._servers:
            return kind()
        resolver = kind(configure=False)
        resolver.nameservers = [dns.nameserver.Do53Nameserver(_ip_of(server.host), server.port) for server in self._servers]
        return resolver


def default_resolver() -> Resolver:
    """Return the process's resolver: of GATEPOST_DNS, else of the system."""
    return _resolver_for(settings.GATEPOST_DNS)


@cache
def _resolver_for(servers: tuple[Endpoint, ...]) -> Resolver:
    return Resolver(servers)


def _key(name: str, rdtype: str) -> _Key:
    return name.lower().rstrip("."), rdtype.upper()


def _read(key: _Key, found: dns.resolver.Answer) -> Answer:
    name, rdtype = key
    ttl = float(found.chaining_result.minimum_ttl)
    if found.rrset is None:
        detail = f"{name} has no {rdtype} record."
        return Answer(
            name=name, rdtype=rdtype, status=Status.NO_DATA, detail=detail, ttl=min(max(ttl, _TTL_LEAST), _TTL_NOTHING)
        )
    records = tuple(_to_text(record) for record in list(found.rrset)[:_MAX_RECORDS])
    return Answer(name=name, rdtype=rdtype, status=Status.ANSWER, records=records, ttl=min(max(ttl, _TTL_LEAST), _TTL_MOST))


def _to_text(record: dns.rdata.Rdata) -> str:
    if isinstance(record, dns.rdtypes.txtbase.TXTBase):
        return b"".join(record.strings).decode("utf-8", "replace")[:_MAX_TEXT]
    text = record.to_text()
    return text[:-1] if text.endswith(".") and not text.endswith(" .") else text  # "0 ." is the null MX


def _explain(key: _Key, error: Exception) -> Answer:
    name, rdtype = key
    if isinstance(error, _NO_SUCH_NAME):
        detail = f"The name {name} does not exist."
        return Answer(name=name, rdtype=rdtype, status=Status.NO_SUCH_NAME, detail=detail, ttl=_TTL_NOTHING)
    detail = f"The {rdtype} record of {name} could not be looked up: {_say_why(error)}."
    return Answer(name=name, rdtype=rdtype, status=Status.FAILURE, detail=detail, ttl=_TTL_FAILURE)


def _say_why(error: Exception) -> str:
    """Return why a look-up failed, without the addresses of our own resolvers: tenants read this."""
    if isinstance(error, dns.exception.Timeout):
        return "no name server answered in time"
    if isinstance(error, dns.resolver.NoNameservers):
        said = {str(tried[3]) for tried in error.kwargs.get("errors", ()) if tried[4] is not None}
        return f"the name server answered {' and '.join(sorted(said))}" if said else "no name server could be reached"
    return str(error).rstrip(".")


_NO_SUCH_NAME: Final = (
    dns.resolver.NXDOMAIN,
    dns.name.BadEscape,
    dns.name.EmptyLabel,
    dns.name.IDNAException,
    dns.name.LabelTooLong,
    dns.name.NameTooLong,
)


_addresses: Final[TimedCache[str, str]] = TimedCache(60)


def _ip_of(host: str) -> str:
    """Return the address of a name server that the operator gave by name (a container's, say); raise OSError."""
    return _addresses.get(host, _find_ip)


def _find_ip(host: str) -> str:
    return str(socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM)[0][4][0])
