"""The SPF record of a domain (RFC 7208): one of them, well formed, with our include, within ten look-ups."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from domains.checking.findings import Finding, Verdict
from domains.checking.lookups import Lookups
from domains.checking.texts import QUOTES, is_quoted, unknown
from domains.records import Record
from gateway.base.resolver import Status

MOST_LOOKUPS: Final = 10  # RFC 7208 4.6.4
_MECHANISM: Final = re.compile(
    r"[+?~-]?(?:all|include:[^\s/]+|exists:\S+|ip4:[0-9.]+(?:/\d{1,2})?|ip6:[0-9a-f:.]+(?:/\d{1,3})?"
    r"|(?:a|mx)(?::[^\s/]+)?(?:/\d{1,2})?(?://\d{1,3})?|ptr(?::\S+)?)",
    re.IGNORECASE,
)
_MODIFIER: Final = re.compile(r"[a-z][a-z0-9_.-]*=\S*", re.IGNORECASE)
_ASKS: Final = re.compile(r"[+?~-]?(?:a|mx|ptr)(?:[:/].*)?|[+?~-]?exists:.+", re.IGNORECASE)
_LEADS_ON: Final = re.compile(r"(?:[+?~-]?include:|redirect=)(?P<name>[^\s%]+)", re.IGNORECASE)


@dataclass(slots=True)
class _Walk:
    """What following a record's includes came to."""

    lookups: int = 0
    names: set[str] = field(default_factory=set)


async def judge_spf(record: Record, look: Lookups, include: str) -> Finding:
    """Judge the SPF record of a domain, which should let mail from `include`'s servers pass, itself or by an include."""
    answer = await look.ask(record.name, "TXT")
    if answer.status is Status.FAILURE:
        return unknown(record, answer)
    found = tuple(text for text in answer.records if is_spf(text) or is_spf(text.lstrip('" ')))
    if not found:
        sentence = f"There is no SPF record at {record.name}; add this one."
        return Finding(record=record, verdict=Verdict.MISSING, sentence=sentence)
    sentence = _explain(found) or await _explain_walk(found[0], look, include)
    return Finding(record=record, verdict=Verdict.WRONG if sentence else Verdict.GOOD, found=found, sentence=sentence)


def is_spf(text: str) -> bool:
    """Tell whether a TXT record is an SPF record (RFC 7208 4.5)."""
    return text[:6].lower() == "v=spf1" and text[6:7] in {"", " "}


def _explain(found: Sequence[str]) -> str:
    if len(found) > 1:
        return f"There are {len(found)} SPF records, which makes both void (RFC 7208 4.5); join them into one."
    if is_quoted(found[0]):
        return QUOTES
    return next((_say_term(term) for term in found[0].split()[1:] if not _is_term(term)), "")


def _is_term(term: str) -> bool:
    return bool(_MECHANISM.fullmatch(term) or _MODIFIER.fullmatch(term))


def _say_term(term: str) -> str:
    return f"The term {term[:60]!r} is not SPF, which makes the whole record void; mend or remove it."


async def _explain_walk(text: str, look: Lookups, include: str) -> str:
    walk = _Walk()
    await _walk(text, look, walk)
    if walk.lookups > MOST_LOOKUPS:
        return f"The record takes more than {MOST_LOOKUPS} DNS look-ups, which makes it void (RFC 7208 4.6.4); remove includes."
    if include not in walk.names:
        return f"The record does not include us; add include:{include} before its all."
    return ""


async def _walk(text: str, look: Lookups, walk: _Walk) -> None:
    """Count the look-ups of a record and of those that it leads to."""
    for term in text.split()[1:]:
        leads = _LEADS_ON.fullmatch(term)
        walk.lookups += bool(leads or _ASKS.fullmatch(term))
        if walk.lookups > MOST_LOOKUPS:
            return
        name = leads["name"].lower().rstrip(".") if leads else ""
        if name and name not in walk.names:
            walk.names.add(name)
            answer = await look.ask(name, "TXT")
            for inner in [found for found in answer.records if is_spf(found)][:1]:
                await _walk(inner, look, walk)
