"""Runs listeners on uvloop until the process is told to stop. No Django here."""

from __future__ import annotations

import asyncio
import errno
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import uvloop

from gateway.base.environment import Endpoint
from gateway.listeners.listener import Listener


class CannotListen(Exception):
    """A port cannot be had; str() says which and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a listener listens, the setting or option that says so, and what stands before "listening on"."""

    listener: Listener
    endpoint: Endpoint
    setting: str
    title: str = ""


def serve(places: Sequence[Place], say: Callable[[str], None], *, grace: float = 30) -> None:
    """Listen until SIGTERM or SIGINT, then let clients finish. Calls `say` with a line for each place; raises CannotListen."""
    uvloop.run(_serve(places, say, grace))


async def _serve(places: Sequence[Place], say: Callable[[str], None], grace: float) -> None:
    is_over = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, is_over.set)
    try:
        for place in places:
            port = await _start(place)
            say(f"{place.title} listening on {Endpoint(place.endpoint.host, port)}".strip())
        await is_over.wait()
    finally:
        await asyncio.gather(*(place.listener.stop(grace) for place in places))


async def _start(place: Place) -> int:
    try:
        return await place.listener.start(*place.endpoint)
    except OSError as error:
        raise CannotListen(_explain(error, place)) from None


def _explain(error: OSError, place: Place) -> str:
    host, port = place.endpoint
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken; set {place.setting} to another."
    if error.errno == errno.EACCES:
        return f"Port {port} on {host} needs privileges; set {place.setting} to a port above 1023."
    return f"{place.setting} is {place.endpoint}, where we cannot listen: {error.strerror or error}."
