"""What is told of a recipient by a mail that came back, and what a refusal means that is quoted in it.

Texts in, findings out: whether the address itself is bad is decided here, by codes where they are narrow enough, else by words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.engine import bounce_words as words
from gateway.engine.replies import classify, find_enhanced
from gateway.engine.reply_words import ASLEEP, PATTERNS, Kind

MAX_REPLY: Final = 1000  # characters
MAX_WORDS: Final = 20_000  # characters of a report that are searched

MAILBOX: Final = re.compile(r"[^\s<>:,;\"'()\[\]@]{1,64}@[A-Za-z0-9][A-Za-z0-9.-]{0,250}[A-Za-z0-9]")
# Where a refusal begins: a reply code, or an enhanced one alone.
REPLY: Final = re.compile(
    r"(?<![\w.:/@#-])(?:(?P<code>[45]\d\d)(?=[ -]|$)(?![ -]*(?:bytes|octets|days?|hours?|minutes|seconds|messages|attempts))"
    r"|(?<![45]\d\d[ -])(?P<only>[45]\.\d{1,3}\.\d{1,3})(?=[\s:,;]))",
    re.MULTILINE,
)


class Sort(StrEnum):
    """What sort of thing is told of a recipient."""

    BOUNCED = "bounced"  # for good
    COMPLAINED = "complained"
    OPTED_OUT = "opted out"
    DELAYED = "delayed"  # the other side goes on trying
    DELIVERED = "delivered"  # or relayed, or expanded
    AUTOMATIC = "automatic"  # an answer of a vacation program and the like
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is said of one recipient."""

    sort: Sort
    recipient: str = ""
    code: int = 0
    enhanced: str = ""
    reply: str = ""
    host: str = ""
    category: str = ""  # a Kind, of a bounce

    @property
    def is_hard(self) -> bool:
        """Whether the address itself is bad, so that it should not be mailed again."""
        return self.sort is Sort.BOUNCED and self.category == Kind.RECIPIENT


def judge(sort: Sort, told: Sequence[str], *, recipient: str, status: str = "", host: str = "") -> Finding:
    """Return the finding of a refusal that was `told` in these texts, the best first: what is decisive, and what it means."""
    best = " ".join(told[0].split())
    code = _find_code(best)
    enhanced = find_enhanced(code, best) if code else ""
    enhanced = enhanced or status or find_enhanced_code(best)
    kind, number = _find_kind(told, code, enhanced)
    # A domain that is not there makes for a bad address.
    is_hard = sort is Sort.BOUNCED and _is_hard(kind, _bare(told[number]), enhanced, told)
    said = best if code else " ".join(told[number].split())
    return Finding(
        sort=sort,
        recipient=recipient[:320],
        code=code,
        enhanced=enhanced,
        reply=_without_code(said, code)[:MAX_REPLY],
        host=host[:253],
        category=Kind.RECIPIENT if is_hard else Kind.MAILBOX if kind is Kind.RECIPIENT else kind,
    )


def _find_kind(told: Sequence[str], code: int, enhanced: str) -> tuple[Kind, int]:
    """Return what the codes say for certain, or the first text that says anything, else what the codes say; and which text."""
    certain = _CERTAIN.get(enhanced[2:])
    if certain is not None:
        return certain, 0
    for number, text in enumerate(map(_bare, told)):
        for kind, pattern in _OWN_WORDS:
            if pattern.search(text):
                return kind, number
        if _speaks(text):
            return classify(code or 550, enhanced, text).kind, number
    return (classify(code or 500, enhanced, "").kind if code or enhanced else Kind.OTHER), 0


def _bare(text: str) -> str:
    """Return a text without what says nothing about a refusal: mailboxes, addresses of hosts, phrases of mail programs."""
    text = MAILBOX.sub("@", _ip.sub(" ip ", _bracketed_ip.sub(" ", text[:MAX_WORDS])))
    return " ".join(words.BOILERPLATE.sub(" ", text).split())


def _speaks(text: str) -> bool:
    return any(matches(text[:MAX_REPLY]) for _, matches in PATTERNS)


def _is_hard(kind: Kind, text: str, enhanced: str, told: Sequence[str]) -> bool:
    detail = enhanced[2:]
    if kind is Kind.NETWORK and (detail in _GONE or words.HOST_GONE.search(text) or words.NO_MAIL.search(text)):
        return not enhanced.startswith("4")  # the DNS may have been out of order
    if kind is not Kind.RECIPIENT or any(ASLEEP.search(each) for each in told):
        return False
    if any(words.AFTER_DATA.search(each) for each in told[:2]) or any(words.REFUSED_DATA.match(each) for each in told):
        return False  # the address had been taken before: this is about what was sent to it
    return _speaks(text) or detail in _NO_ADDRESS or words.NO_ADDRESS.search(text) is not None


def _without_code(text: str, code: int) -> str:
    """Return the text of a reply without its code, which a reply of several lines repeats: the way replies are kept."""
    return re.sub(rf"(?<!\S){code}(?:[ -]|$)", "", text).strip() if code else text


def _find_code(text: str) -> int:
    found = REPLY.search(text)
    return int(found["code"]) if found and found["code"] else 0


def find_enhanced_code(text: str) -> str:
    """Return the first enhanced status code (RFC 3463) in a text, empty where there is none."""
    found = _enhanced(text)
    return found[0] if found else ""


_enhanced: Final = re.compile(r"(?<![\w.])[245]\.\d{1,3}\.\d{1,3}(?![\w]|\.\d)").search
_bracketed_ip: Final = re.compile(r"[\[(](?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F:]*:[0-9a-fA-F:.]+)[\])](?::\d+)?")
_ip: Final = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")
_OWN_WORDS: Final = (
    (Kind.FULL, words.FULL),
    (Kind.SIZE, words.TOO_LARGE),
    (Kind.RECIPIENT, words.NO_ADDRESS),
    (Kind.NETWORK, words.ROUTE),
    (Kind.POLICY, words.CLOSED),
    (Kind.NETWORK, words.HOST_GONE),
    (Kind.NETWORK, words.NO_MAIL),
    (Kind.NETWORK, words.TOO_LATE),
)
# Codes whose meaning is narrow enough to go before words (RFC 3463, 7372, and the registry of IANA).
_CERTAIN: Final = {
    "1.7": Kind.SENDER,
    "1.8": Kind.SENDER,
    "2.2": Kind.FULL,
    "2.3": Kind.SIZE,
    "3.4": Kind.SIZE,
    "4.6": Kind.NETWORK,
    "7.25": Kind.BLOCKED,
    **dict.fromkeys(("7.20", "7.21", "7.22", "7.23", "7.24", "7.26"), Kind.AUTHENTICATION),
}
_GONE: Final = frozenset(["1.2", "1.10", "4.4"])
_NO_ADDRESS: Final = frozenset(["1.0", "1.1", "1.3", "1.6"])
