"""The questions of one check: each asked once, past every cache, all within one deadline."""

from __future__ import annotations

from typing import Final

from gateway.base import clock
from gateway.base.resolver import Answer, Resolver, Status

_LEAST: Final = 0.05  # seconds below which a question is not worth asking


class Lookups:
    """Asks `resolver` what one check wants to know, for at most `seconds` from now."""

    def __init__(self, resolver: Resolver, seconds: float) -> None:
        self._resolver = resolver
        self._until = clock.monotonic() + seconds
        self._known: dict[tuple[str, str], Answer] = {}

    async def ask(self, name: str, rdtype: str) -> Answer:
        """Return what DNS says now; a failure when there is no time left."""
        known = self._known.get((name, rdtype))
        if known is None:
            known = self._known[name, rdtype] = await self._ask(name, rdtype)
        return known

    async def _ask(self, name: str, rdtype: str) -> Answer:
        left = self._until - clock.monotonic()
        if left < _LEAST:
            detail = f"The {rdtype} record of {name} could not be looked up: no name server answered in time."
            return Answer(name=name, rdtype=rdtype, status=Status.FAILURE, detail=detail)
        return await self._resolver.look_up_async(name, rdtype, deadline=left, fresh=True)
