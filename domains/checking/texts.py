"""TXT records that must have exactly one value, and the ways in which panels and people spoil them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from domains.checking.findings import Finding, Verdict
from domains.checking.lookups import Lookups
from domains.records import OWNERSHIP_PREFIX, Record
from gateway.base.resolver import Answer, Status


async def judge_ownership(record: Record, domain: str, look: Lookups) -> Finding:
    """Judge the record that proves who may change a domain's DNS: its value alone counts, whatever stands beside it."""
    answer = await look.ask(record.name, "TXT")
    if answer.status is Status.FAILURE:
        return unknown(record, answer)
    if record.value in answer.records:
        return Finding(record=record, verdict=Verdict.GOOD, found=(record.value,))
    if answer.records and (mistake := _explain(record.value, answer.records)):
        return Finding(record=record, verdict=Verdict.WRONG, found=answer.records, sentence=mistake)
    return await judge_absence(record, domain, look, answer.records, lambda texts: record.value in texts)


async def judge_absence(
    record: Record, domain: str, look: Lookups, found: Sequence[str], is_it: Callable[[Sequence[str]], bool]
) -> Finding:
    """Say that a TXT record is not there, and where it is instead if a panel put it at a wrong name."""
    for name, advice in _wrong_names(record.name, domain):
        if is_it((await look.ask(name, "TXT")).records):
            sentence = f"The record was found at {name} instead of {record.name}; {advice}"
            return Finding(record=record, verdict=Verdict.WRONG, found=tuple(found), sentence=sentence)
    if found:
        sentence = f"There are TXT records at {record.name}, but not this one; add it beside them."
    else:
        sentence = f"There is no TXT record at {record.name} yet."
    return Finding(record=record, verdict=Verdict.MISSING, found=tuple(found), sentence=sentence)


def unknown(record: Record, answer: Answer) -> Finding:
    """Return that DNS did not answer; it is asked again later."""
    return Finding(record=record, verdict=Verdict.UNKNOWN, sentence=f"{answer.detail} Nothing was changed; it is asked again.")


def is_quoted(text: str) -> bool:
    """Tell whether a value holds quotes: DNS panels add their own, and no record of ours has any."""
    return '"' in text


QUOTES: Final = "The value holds quotation marks; enter it without them, the DNS panel adds its own."


def _wrong_names(name: str, domain: str) -> list[tuple[str, str]]:
    short = name.removesuffix(f".{domain}")
    doubled = f"the DNS panel appends the domain by itself: enter only {short} as its name."
    return [(f"{name}.{domain}", doubled), (domain, f"enter {short} as its name, or the full name {name}.")]


def _explain(expected: str, found: Sequence[str]) -> str:
    """Return what is wrong with a record that was meant to be ours; empty where none was."""
    for text in found:
        for is_so, sentence in _MISTAKES:
            if is_so(text, expected):
                return sentence
    return ""


def _bare(text: str) -> str:
    return "".join(text.replace('"', "").split())


_MISTAKES: Final[tuple[tuple[Callable[[str, str], bool], str], ...]] = (
    (lambda text, expected: is_quoted(text) and _bare(text) == expected, QUOTES),
    (lambda text, expected: _bare(text) == expected, "The value has spaces in it; enter it without them."),
    (lambda text, expected: text.lower() == expected.lower(), "Capital and small letters were changed; enter it as shown."),
    (
        lambda text, expected: f"{OWNERSHIP_PREFIX}{text}" == expected,
        f"The value is not whole; it begins with {OWNERSHIP_PREFIX}",
    ),
    (
        lambda text, expected: text.startswith(OWNERSHIP_PREFIX) and expected.startswith(text),
        "The value is cut off; enter it whole.",
    ),
    (
        lambda text, _: text.startswith(OWNERSHIP_PREFIX),
        "The record has the value of another account, or of an earlier time; put this value in its place, or beside it.",
    ),
)
