"""What an SMTP reply means: whom or what it is about, and whether to try again. Data in, data out.

RFC 5321 says 4xx is for now and 5xx for good. We part from it in one direction only: a 5xx that is about our own host (its
address on a list, its reputation, its name in DNS, its rate) or that itself says "later" is tried again, as the operator can
mend it or time will, and the recipient has nothing to do with it. What a receiver holds against the address, the sender's
domain or the content stays final.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from gateway.engine.reply_words import ASLEEP, PATTERNS, Kind

__all__ = ["MAX_RETRY_AFTER", "Kind", "ReplyClass", "classify", "find_enhanced", "find_retry_after"]

MAX_RETRY_AFTER: Final = 3600  # seconds; a receiver may ask for more patience, but not command it
_MAX_TEXT: Final = 1000  # characters that are looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyClass:
    """What a refusal means. `enhanced` is the reply's RFC 3463 code, or ours where it has none."""

    kind: Kind
    is_temporary: bool
    enhanced: str
    retry_after: int = 0  # seconds, when the receiver named them

    @property
    def slows(self) -> bool:
        """Whether the receiver asks us to send more slowly."""
        return self.kind is Kind.RATE


def classify(code: int, enhanced: str, text: str, *, knows_recipient: bool = True) -> ReplyClass:
    """Return what a 4xx or 5xx reply means. `enhanced` may be empty: it is then looked for in the text.

    `knows_recipient` is false for what was said before the recipient was named: it holds nothing against that one.
    """
    enhanced = enhanced or find_enhanced(code, text)
    # Addresses are cut out: what a customer's recipient is called says nothing, and replies become alike.
    text = _mailboxes.sub("@", text[:_MAX_TEXT])
    kind = _find_kind(code, enhanced, text)
    if kind in _OF_RECIPIENT and not knows_recipient:
        kind = Kind.POLICY
    is_temporary = code < 500 or kind in _NEVER_FINAL or (kind not in _ALWAYS_FINAL and _says_later(text) is not None)
    return ReplyClass(
        kind=kind,
        is_temporary=is_temporary,
        enhanced=enhanced or f"{code // 100}.{_DETAIL[kind]}",
        retry_after=find_retry_after(text) if is_temporary else 0,
    )


def find_enhanced(code: int, text: str) -> str:
    """Return the RFC 3463 code in a reply's text whose class is that of `code`; empty when there is none."""
    for found in _enhanced.finditer(text[:_MAX_TEXT]):
        if int(found[1]) == code // 100:
            return found[0]
    return ""


def find_retry_after(text: str) -> int:
    """Return for how many seconds the text asks us to wait, at most MAX_RETRY_AFTER; 0 when it names no time."""
    found = _retry_after(text[:_MAX_TEXT])
    if found is None:
        return 0
    if found["clock"]:
        hours, minutes, seconds = (int(part) for part in ("0:" + found["clock"]).split(":")[-3:])
        return min(hours * 3600 + minutes * 60 + seconds, MAX_RETRY_AFTER)
    return min(int(found["count"]) * _UNITS[(found["unit"] or "s")[0].lower()], MAX_RETRY_AFTER)


@lru_cache(maxsize=2048)
def _find_kind(code: int, enhanced: str, text: str) -> Kind:
    for kind, matches in PATTERNS:
        if matches(text):
            return Kind.MAILBOX if kind is Kind.RECIPIENT and ASLEEP.search(text) else kind
    detail = enhanced.partition(".")[2]
    subject = detail.partition(".")[0]
    return _BY_DETAIL.get(detail) or _BY_SUBJECT.get(subject) or _BY_CODE.get(code, Kind.OTHER)


_mailboxes: Final = re.compile(r"[^\s<>:,;]+@[^\s<>:,;]+")
_enhanced: Final = re.compile(r"(?<![\w.])([245])\.(\d{1,3})\.(\d{1,3})(?![\w]|\.\d)")
_UNITS: Final = {"s": 1, "m": 60, "h": 3600}
_retry_after: Final = re.compile(
    r"(?:again|retry|wait|delay|greylisted|deferred|back|resend)\b[^.;\d]{0,40}?"
    r"(?:(?P<clock>\d{1,2}:\d\d(?::\d\d)?)\b|(?P<count>\d{1,6})\s*(?P<unit>s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:(?:ou)?rs?)?)\b)",
    re.IGNORECASE,
).search
_says_later: Final = re.compile(
    r"\b(?:try (?:again|later)|retry (?:later|again|in|after)|again later|temporar(?:y|ily)"
    r"|(?:re)?send (?:it )?(?:again )?later|not (?:right )?now|grey ?-?list|gray ?-?list|come back|please wait)",
    re.IGNORECASE,
).search

_OF_RECIPIENT: Final = {Kind.RECIPIENT, Kind.MAILBOX, Kind.FULL}
_NEVER_FINAL: Final = {Kind.BLOCKED, Kind.RATE, Kind.GREYLIST}
_ALWAYS_FINAL: Final = {Kind.RECIPIENT, Kind.CONTENT, Kind.SIZE}


# RFC 3463 and RFC 7505, 7372, 8461: subject.detail, then subject alone.
_BY_DETAIL: Final = {
    "1.7": Kind.SENDER,
    "1.8": Kind.SENDER,
    "1.10": Kind.NETWORK,
    "2.2": Kind.FULL,
    "2.3": Kind.SIZE,
    "3.4": Kind.SIZE,
    "4.5": Kind.RATE,
    "5.3": Kind.RATE,
    "7.20": Kind.AUTHENTICATION,
    "7.21": Kind.AUTHENTICATION,
    "7.22": Kind.AUTHENTICATION,
    "7.23": Kind.AUTHENTICATION,
    "7.24": Kind.AUTHENTICATION,
    "7.25": Kind.BLOCKED,
    "7.26": Kind.AUTHENTICATION,
    "7.27": Kind.SENDER,
    "7.28": Kind.RATE,
}
_BY_SUBJECT: Final = {
    "1": Kind.RECIPIENT,
    "2": Kind.MAILBOX,
    "3": Kind.SYSTEM,
    "4": Kind.NETWORK,
    "5": Kind.PROTOCOL,
    "6": Kind.CONTENT,
    "7": Kind.POLICY,
}
_BY_CODE: Final = {
    421: Kind.SYSTEM,
    450: Kind.OTHER,
    451: Kind.SYSTEM,
    452: Kind.SYSTEM,
    500: Kind.PROTOCOL,
    501: Kind.PROTOCOL,
    502: Kind.PROTOCOL,
    503: Kind.PROTOCOL,
    504: Kind.PROTOCOL,
    521: Kind.NETWORK,
    550: Kind.RECIPIENT,
    551: Kind.RECIPIENT,
    552: Kind.FULL,
    553: Kind.RECIPIENT,
    556: Kind.NETWORK,
}
_DETAIL: Final = {
    Kind.RECIPIENT: "1.1",
    Kind.MAILBOX: "2.1",
    Kind.FULL: "2.2",
    Kind.BLOCKED: "7.1",
    Kind.RATE: "4.5",
    Kind.GREYLIST: "7.1",
    Kind.CONTENT: "6.0",
    Kind.AUTHENTICATION: "7.26",
    Kind.SENDER: "1.8",
    Kind.POLICY: "7.1",
    Kind.SIZE: "3.4",
    Kind.NETWORK: "4.0",
    Kind.SYSTEM: "3.0",
    Kind.PROTOCOL: "5.0",
    Kind.OTHER: "0.0",
}
