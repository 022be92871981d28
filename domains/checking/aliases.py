"""CNAME records: followed to their end, since one may stand behind another."""

from __future__ import annotations

from typing import Final

from domains.checking.findings import Finding, Verdict
from domains.checking.lookups import Lookups
from domains.checking.texts import unknown
from domains.records import Record
from gateway.base.resolver import Answer, Status

_CHAIN: Final = 8  # links that are followed


async def judge_alias(record: Record, domain: str, look: Lookups) -> Finding:
    """Judge a CNAME of `domain` that is to end at `record.value`."""
    answer, chain = await _follow(record, look)
    if answer.status is Status.FAILURE:
        return unknown(record, answer)
    if record.value in chain:
        return Finding(record=record, verdict=Verdict.GOOD, found=chain)
    if chain:
        return Finding(record=record, verdict=Verdict.WRONG, found=chain, sentence=_say_where(record, domain, chain))
    return await _judge_absence(record, domain, look)


async def _follow(record: Record, look: Lookups) -> tuple[Answer, tuple[str, ...]]:
    """Return the last answer, and the names that the record points to, one behind the other."""
    chain: list[str] = []
    name = record.name
    for _ in range(_CHAIN):
        answer = await look.ask(name, "CNAME")
        if not answer.records:
            break
        name = answer.records[0].lower()
        if name in chain:
            break
        chain.append(name)
        if name == record.value:
            break
    return answer, tuple(chain)


def _say_where(record: Record, domain: str, chain: tuple[str, ...]) -> str:
    if chain[0] == f"{record.value}.{domain}":
        return f"It points to {chain[0]}: the DNS panel appended your domain. End the value with a dot: {record.value}."
    return f"It points to {' and on to '.join(chain)} instead of {record.value}."


async def _judge_absence(record: Record, domain: str, look: Lookups) -> Finding:
    addresses = (*(await look.ask(record.name, "A")).records, *(await look.ask(record.name, "AAAA")).records)
    if addresses:
        sentence = (
            f"There is an address ({addresses[0]}) at {record.name} instead of a CNAME; replace it. "
            "If your DNS provider proxies the host, switch the proxy off for this name (DNS only)."
        )
        return Finding(record=record, verdict=Verdict.WRONG, found=addresses, sentence=sentence)
    doubled = f"{record.name}.{domain}"
    if (await look.ask(doubled, "CNAME")).records:
        short = record.name.removesuffix(f".{domain}")
        sentence = (
            f"The record was found at {doubled} instead of {record.name}; "
            f"the DNS panel appends the domain by itself: enter only {short} as its name."
        )
        return Finding(record=record, verdict=Verdict.WRONG, sentence=sentence)
    sentence = f"There is no CNAME record at {record.name} yet."
    return Finding(record=record, verdict=Verdict.MISSING, sentence=sentence)
