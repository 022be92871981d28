"""The DMARC policy of a domain (RFC 7489): its own, or that of the organisation above it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from domains.checking.findings import Finding, Verdict
from domains.checking.lookups import Lookups
from domains.checking.tags import read_tags
from domains.checking.texts import QUOTES, is_quoted, judge_absence, unknown
from domains.names import organization_of
from domains.records import Record
from gateway.base.resolver import Status

_POLICIES: Final = {"none", "quarantine", "reject"}


async def judge_dmarc(record: Record, domain: str, look: Lookups) -> Finding:
    """Judge the policy that receivers find for a domain (RFC 7489 6.6.3)."""
    answer = await look.ask(record.name, "TXT")
    if answer.status is Status.FAILURE:
        return unknown(record, answer)
    found = tuple(text for text in answer.records if _is_dmarc(text))
    if found:
        sentence = _explain(found)
        return Finding(record=record, verdict=Verdict.WRONG if sentence else Verdict.GOOD, found=found, sentence=sentence)
    return await _find_above(record, domain, look, answer.records)


async def _find_above(record: Record, domain: str, look: Lookups, beside: Sequence[str]) -> Finding:
    above = organization_of(domain)
    if above != domain:
        answer = await look.ask(f"_dmarc.{above}", "TXT")
        found = tuple(text for text in answer.records if _is_dmarc(text))
        if len(found) == 1 and not _explain(found):
            sentence = f"The policy of {above} holds for this domain too."
            return Finding(record=record, verdict=Verdict.GOOD, found=found, sentence=sentence)
    return await judge_absence(record, domain, look, beside, lambda texts: any(map(_is_dmarc, texts)))


def _is_dmarc(text: str) -> bool:
    return text.lstrip('" ').lower().startswith("v=dmarc1")


def _explain(found: Sequence[str]) -> str:
    if len(found) > 1:
        return f"There are {len(found)} DMARC records, so receivers ignore them all; keep one."
    if is_quoted(found[0]):
        return QUOTES
    if "\\;" in found[0]:
        return "The semicolons have backslashes before them (\\;); enter the value without backslashes."
    tags = read_tags(found[0])
    if tags is None or tags.get("v") != "DMARC1":
        return "The record is malformed; it must be a list of tags that begins with v=DMARC1; p=none, quarantine or reject."
    return "" if tags.get("p", "").lower() in _POLICIES else "The record has no valid policy; add p=none, quarantine or reject."
