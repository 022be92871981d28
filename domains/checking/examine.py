"""Looks at all records of a domain at once, and at several domains beside each other, within a deadline each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.conf import settings

from domains.checking.aliases import judge_alias
from domains.checking.dmarc import judge_dmarc
from domains.checking.findings import Finding
from domains.checking.keyrecords import KeyFacts, judge_key
from domains.checking.lookups import Lookups
from domains.checking.spf import judge_spf
from domains.checking.texts import judge_ownership
from domains.records import Purpose, Record
from gateway.base.resolver import Resolver, default_resolver

DEADLINE: Final = 4.0  # seconds for all records of a domain; who waits for the answer was promised five, page included
AT_ONCE: Final = 16  # domains looked at beside each other


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to look for: the records of one domain or host, and its keys by selector."""

    domain: str
    records: tuple[Record, ...]
    keys: Mapping[str, KeyFacts] = field(default_factory=dict)


Judge = Callable[[Record, Plan, Lookups], Awaitable[Finding]]

_JUDGES: Final[Mapping[Purpose, Judge]] = {
    Purpose.OWNERSHIP: lambda record, plan, look: judge_ownership(record, plan.domain, look),
    Purpose.DKIM: lambda record, plan, look: judge_key(record, plan.domain, look, plan.keys),
    Purpose.RETURN_PATH: lambda record, plan, look: judge_alias(record, plan.domain, look),
    Purpose.SPF: lambda record, _, look: judge_spf(record, look, settings.GATEPOST_RETURN_DOMAIN.lower()),
    Purpose.TRACKING: lambda record, plan, look: judge_alias(record, plan.domain, look),
    Purpose.DMARC: lambda record, plan, look: judge_dmarc(record, plan.domain, look),
}


def examine(plans: Sequence[Plan], *, resolver: Resolver | None = None, seconds: float = DEADLINE) -> list[tuple[Finding, ...]]:
    """Return the findings of each plan in the order of its records; each plan takes at most `seconds`. Never raises."""
    return asyncio.run(_examine_all(plans, resolver or default_resolver(), seconds))


async def _examine_all(plans: Sequence[Plan], resolver: Resolver, seconds: float) -> list[tuple[Finding, ...]]:
    room = asyncio.Semaphore(AT_ONCE)
    return await asyncio.gather(*(_examine(plan, resolver, seconds, room) for plan in plans))


async def _examine(plan: Plan, resolver: Resolver, seconds: float, room: asyncio.Semaphore) -> tuple[Finding, ...]:
    async with room:
        look = Lookups(resolver, seconds)
        return tuple(await asyncio.gather(*(_JUDGES[record.purpose](record, plan, look) for record in plan.records)))
