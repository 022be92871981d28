"""The one HTTP client for addresses that customers name: none of them leads it to where it has no business.

A name is resolved once, each of its addresses is judged, and the connection goes to one that was judged and nowhere else.
No redirects, cookies, proxies or decompression; time, header and body have limits. It stands on httpcore, the engine of
httpx: what httpx adds to that is just what must not be here.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from types import TracebackType
from typing import Any, Final, Self

import httpcore
from django.conf import settings

from gateway.base import clock
from gateway.base.networks import Address, Network, unwrap
from gateway.base.resolver import Resolver, Status, default_resolver
from gateway.base.weburls import BadURL, Target, check_address, check_name, check_target, check_url, read_address, read_url

__all__ = ["Answer", "Client", "check_url"]

CONNECTIONS: Final = 100  # at once, to all hosts together
IDLE: Final = 4.0  # seconds; web servers close idle connections from 5 on
LIFE: Final = 60.0  # seconds that a connection is used: the decision that allowed it is not older
MAX_ADDRESSES: Final = 4  # of one name that are tried
MAX_READ: Final = 500_000  # octets that are read of one answer: whoever sends without end keeps us busy

# Fields that are ours to set; a caller's are left out.
_OURS: Final = frozenset(
    ["host", "content-length", "transfer-encoding", "connection", "accept-encoding", "te", "upgrade", "expect"]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of a call. The header's names are in lower case.

    `problem` is a sentence where there was no answer (status 0), or where its body broke off before its end and its limit.
    """

    status: int  # 0: there was no answer
    body: bytes  # its beginning, at most `most` octets
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float
    problem: str = ""
    address: str = ""  # the IP address spoken to


class Client:
    """Calls URLs that customers name; an async context manager that belongs to one event loop.

    `allowed` are the networks that may be reached although they are not public, on any port; GATEPOST_WEBHOOK_ALLOW where
    it is None. `tls` is for tests: the default trusts the system's authorities and checks the host's name.
    """

    def __init__(
        self,
        *,
        resolver: Resolver | None = None,
        allowed: Sequence[Network] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        allowed = settings.GATEPOST_WEBHOOK_ALLOW if allowed is None else allowed
        self._allowed = allowed
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls or _make_tls(),
            max_connections=CONNECTIONS,
            max_keepalive_connections=CONNECTIONS,
            keepalive_expiry=IDLE,
            network_backend=_Guard(resolver or default_resolver(), allowed),
        )

    async def __aenter__(self) -> Self:
        await self._pool.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._pool.__aexit__(kind, error, trace)

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, seconds: float = 10.0, most: int = 2000
    ) -> Answer:
        """Send `body` and return the answer, within `seconds` over all. Never raises for what the world does."""
        return await self._run(_Call(url=url, body=body, headers=headers, seconds=seconds, most=most))

    async def get(self, url: str, headers: Mapping[str, str], *, seconds: float = 10.0, most: int = 2000) -> Answer:
        """Ask for a page and return the answer, within `seconds` over all. Never raises for what the world does."""
        return await self._run(_Call(url=url, body=None, headers=headers, seconds=seconds, most=most))

    async def _run(self, call: _Call) -> Answer:
        try:
            target = read_url(call.url)
        except BadURL as error:
            return Answer(status=0, body=b"", seconds=0.0, problem=str(error))
        if refusal := check_target(target, self._allowed):
            return Answer(status=0, body=b"", seconds=0.0, problem=refusal)
        return await _Exchange(call, target).run(self._pool)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """What a caller asked for; a body of None is a GET."""

    url: str
    body: bytes | None
    headers: Mapping[str, str]
    seconds: float
    most: int


class _Exchange:
    """One request on its way, and what has come back of it so far."""

    def __init__(self, call: _Call, target: Target) -> None:
        self._call = call
        self._target = target
        self._began = clock.monotonic()
        self._response: httpcore.Response | None = None
        self._received = bytearray()

    async def run(self, pool: httpcore.AsyncConnectionPool) -> Answer:
        problem = ""
        try:
            async with asyncio.timeout(self._call.seconds):
                await self._exchange(pool)
        except (TimeoutError, httpcore.TimeoutException):
            what = "The whole answer did not come" if self._response else f"{self._target.authority} did not answer"
            problem = f"{what} within {self._call.seconds:g} seconds."
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            problem = _explain(error, self._target)
        return self._make_answer(problem)

    async def _exchange(self, pool: httpcore.AsyncConnectionPool) -> None:
        call, target = self._call, self._target
        request = pool.stream(
            "GET" if call.body is None else "POST",
            httpcore.URL(
                scheme=target.scheme.encode(), host=target.host.encode(), port=target.port, target=target.path.encode()
            ),
            headers=_make_headers(call, target),
            content=call.body,
            extensions={"timeout": {"connect": call.seconds}},
        )
        async with request as self._response:
            async for chunk in self._response.aiter_stream():
                self._received += chunk
                if len(self._received) > call.most:
                    return  # the rest is not read, so the connection goes
            if _has_more(self._response):
                self._response.extensions["network_stream"].retire()

    def _make_answer(self, problem: str) -> Answer:
        response = self._response
        return Answer(
            status=response.status if response else 0,
            body=bytes(self._received[: self._call.most]),
            headers=_read_headers(response.headers) if response else {},
            seconds=clock.monotonic() - self._began,
            problem=problem,
            address=_find_address(response),
        )


class _Guard(httpcore.AsyncNetworkBackend):
    """Makes connections: the one place that all of them pass. What it refuses is a ConnectError with a sentence."""

    def __init__(self, resolver: Resolver, allowed: Sequence[Network]) -> None:
        self._resolver = resolver
        self._allowed = allowed
        self._sockets = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  httpcore's interface
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        literal = read_address(host)
        if literal is None and not self._allowed and (refusal := check_name(host)):
            raise _Refused(refusal)
        addresses = [literal] if literal is not None else await self._resolve(host)
        for address in addresses:
            if refusal := check_address(address, port, self._allowed):
                raise _Refused(refusal if literal else f"{host}: {refusal}")
        return _Stream(await self._connect(addresses[:MAX_ADDRESSES], port, timeout), clock.monotonic() + LIFE)

    async def _resolve(self, host: str) -> list[Address]:
        answers = await asyncio.gather(*(self._resolver.look_up_async(host, kind) for kind in ("A", "AAAA")))
        v4, v6 = ([read_address(record) for record in answer.records] for answer in answers)
        # A DNS64 resolver (RFC 6147) repeats each IPv4 address in a form of its own.
        found = [address for address in chain(v4, v6) if address and not (unwrap(address) != address and unwrap(address) in v4)]
        if not found:
            failed = next((answer for answer in answers if answer.status is Status.FAILURE), answers[0])
            raise _Refused(failed.detail if failed.status is not Status.NO_DATA else f"The name {host} has no address.")
        return found

    async def _connect(self, addresses: Sequence[Address], port: int, patience: float | None) -> httpcore.AsyncNetworkStream:
        share = None if patience is None else patience / len(addresses)
        for address in addresses[:-1]:
            try:
                return await self._sockets.connect_tcp(str(address), port, timeout=share)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue  # the next address of the name
        return await self._sockets.connect_tcp(str(addresses[-1]), port, timeout=share)


class _Refused(httpcore.ConnectError):
    """A connection that is not made; its text is a sentence for people."""


class _Stream(httpcore.AsyncNetworkStream):
    """A connection that the pool gives up at `until`, however busy it is: the address was judged when it was made."""

    def __init__(self, stream: httpcore.AsyncNetworkStream, until: float) -> None:
        self._stream = stream
        self._until = until
        self._octets = 0  # read since we wrote

    def retire(self) -> None:
        """Let the pool give it up at once."""
        self._until = 0.0

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        octets = await self._stream.read(max_bytes, timeout)
        self._octets += len(octets)
        if self._octets > MAX_READ:
            raise httpcore.ReadError("it sends without end")
        return octets

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        self._octets = 0
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        try:
            return _Stream(await self._stream.start_tls(ssl_context, server_hostname, timeout), self._until)
        except asyncio.CancelledError:
            await self._stream.aclose()  # our deadline in the middle of a handshake: httpcore would leave the socket open
            raise

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable" and clock.monotonic() > self._until:
            return True  # the pool takes an idle connection with something to read for one that ended
        return self._stream.get_extra_info(info)


def _make_headers(call: _Call, target: Target) -> list[tuple[bytes, bytes]]:
    headers = {"Host": target.authority, "Accept-Encoding": "identity"}
    if "user-agent" not in {name.lower() for name in call.headers}:
        headers["User-Agent"] = settings.GATEPOST_BRAND
    if call.body is not None:
        headers["Content-Length"] = str(len(call.body))
    headers |= {name: value for name, value in call.headers.items() if name.lower() not in _OURS}
    return [(name.encode("utf-8", "replace"), value.encode("utf-8", "replace")) for name, value in headers.items()]


def _read_headers(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in pairs:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


def _has_more(response: Any) -> bool:
    """Tell whether something came behind the whole answer, which would pass for the answer to the next call."""
    machine = response.stream._stream._connection._h11_state  # noqa: SLF001  there is no public way to it
    return bool(machine.trailing_data[0])


def _find_address(response: httpcore.Response | None) -> str:
    stream = response.extensions["network_stream"] if response else None
    found = stream.get_extra_info("server_addr") if stream else None
    return str(found[0]) if found else ""


def _explain(error: Exception, target: Target) -> str:
    """Return a sentence for people about a call that failed."""
    who = target.authority
    match error:
        case _Refused():
            return str(error)
        case httpcore.LocalProtocolError():
            return f"The request cannot be sent: {error}."
        case httpcore.RemoteProtocolError():
            return f"The answer of {who} is not whole, or not HTTP: {str(error).rstrip('.')}."
    return _explain_cause(_find_cause(error), who, "failed" if isinstance(error, httpcore.ConnectError) else "was lost")


def _explain_cause(cause: BaseException, who: str, became: str) -> str:
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"The TLS certificate of {who} is not valid: {cause.verify_message}."
    if isinstance(cause, ssl.SSLError):
        return f"TLS with {who} failed: {cause.reason or cause}."
    text = os.strerror(cause.errno) if isinstance(cause, OSError) and cause.errno else str(cause).rstrip(".")
    return f"The connection to {who} {became}: {text or 'it was closed'}."


def _find_cause(error: BaseException) -> BaseException:
    """Return the first error beneath the others: httpcore and anyio wrap what the system said."""
    for _ in range(8):
        below = error.exceptions[0] if isinstance(error, BaseExceptionGroup) else error.__cause__ or error.__context__
        if below is None:
            break
        error = below
    return error


@cache
def _make_tls() -> ssl.SSLContext:
    """Return the context of all clients: loading the authorities takes tens of milliseconds."""
    return httpcore.default_ssl_context()
