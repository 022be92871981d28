"""What a mail that came back to a return path says: bounces (RFC 3464, and what was written before it), complaints (RFC 5965).

Bytes in, findings out: no database, no clock, no network. Every mail yields something; what is not understood is
Sort.UNKNOWN. A finding says whom the mail speaks of, but who is meant is known by the address it came to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice, pairwise
from typing import Final

from gateway.engine import bounce_words as words
from gateway.engine.mailparts import Fields, Part, read_fields, read_mail, value_of
from gateway.engine.replies import classify, find_enhanced
from gateway.engine.reply_words import ASLEEP, PATTERNS, Kind

MAX_FINDINGS: Final = 20
MAX_REPLY: Final = 1000  # characters
_MAX_WORDS: Final = 20_000  # characters of a report that are searched


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


def read_returned(raw: bytes) -> tuple[Finding, ...]:
    """Return what a returned mail says, at least one finding."""
    fields, parts = read_mail(raw)
    report = _own_words(parts)
    found = (
        _read_feedback(fields, parts)
        or _read_status(parts, report)
        or _read_automatic(fields)
        or _read_words(fields, report)
        or [Finding(sort=Sort.UNKNOWN)]
    )
    return tuple(found[:MAX_FINDINGS])


# Complaints


_FEEDBACK: Final = {
    "abuse": Sort.COMPLAINED,
    "complaint": Sort.COMPLAINED,
    "fraud": Sort.COMPLAINED,
    "miscategorized": Sort.COMPLAINED,
    "other": Sort.COMPLAINED,
    "virus": Sort.COMPLAINED,
    "opt-out": Sort.OPTED_OUT,
    "opt-out-list": Sort.OPTED_OUT,
}


def _read_feedback(fields: Fields, parts: Sequence[Part]) -> list[Finding]:
    reports = [read_fields(part.text) for part in parts if part.kind == "message/feedback-report"]
    if not reports and value_of(fields, "subject").lower().startswith("complaint about message from"):
        return [Finding(sort=Sort.COMPLAINED)]  # Outlook.com's form before ARF
    return [_feedback(report) for report in reports]


def _feedback(report: Fields) -> Finding:
    said = value_of(report, "feedback-type").lower()
    return Finding(
        sort=_FEEDBACK.get(said, Sort.UNKNOWN),  # "not-spam" and "auth-failure" are no complaint
        recipient=_address(value_of(report, "original-rcpt-to", "removal-recipient")),
        reply=f"Feedback-Type: {said}" if said else "",
        host=value_of(report, "reporting-mta", "source").rpartition(";")[2].strip()[:253],
    )


# Delivery status notifications


_ACTIONS: Final = {
    "failed": Sort.BOUNCED,
    "delayed": Sort.DELAYED,
    "delivered": Sort.DELIVERED,
    "relayed": Sort.DELIVERED,
    "expanded": Sort.DELIVERED,
}
_BY_CLASS: Final = {"2": Sort.DELIVERED, "4": Sort.DELAYED, "5": Sort.BOUNCED}


def _read_status(parts: Sequence[Part], report: str) -> list[Finding]:
    texts = [part.text for part in parts if part.kind in _STATUS_KINDS] or ([report] if _is_status(report) else [])
    groups = (group for text in texts for group in _split_groups(text))
    return [_status(group, report) for group in islice(groups, MAX_FINDINGS)]


def _split_groups(text: str) -> Iterator[Fields]:
    """Yield the fields of each recipient (RFC 3464 2.3), also where no empty line stands between two."""
    for block in re.split(r"\n[ \t]*\n", text):
        fields = [pair for pair in read_fields(block) if pair[0] in _STATUS_FIELDS]
        starts = [at for at, (name, _) in enumerate(fields) if name == "final-recipient"][1:]
        for begin, end in zip([0, *starts], [*starts, len(fields)], strict=True):
            group = tuple(fields[begin:end])
            if value_of(group, "final-recipient", "original-recipient") or value_of(group, "action", "status"):
                yield group


def _status(group: Fields, report: str) -> Finding:
    status = _enhanced_code(value_of(group, "status"))
    sort = _ACTIONS.get(value_of(group, "action").lower().partition(" ")[0]) or _BY_CLASS.get(status[:1], Sort.BOUNCED)
    recipient = _address(value_of(group, "original-recipient", "final-recipient"))
    host = value_of(group, "remote-mta").rpartition(";")[2].strip().partition(" ")[0]
    said = _typed.sub("", value_of(group, "diagnostic-code"))
    if sort is Sort.DELIVERED:
        return Finding(sort=sort, recipient=recipient, enhanced=status, reply=said[:MAX_REPLY], host=host[:253])
    told = [text for text in (said, *_passages(report, recipient), value_of(group, "status")) if text]
    return _judge(sort, told or [""], recipient=recipient, status=status, host=host)


# Mail that says it in words


def _read_automatic(fields: Fields) -> list[Finding]:
    if value_of(fields, "x-failed-recipients") or words.POSTMASTER.search(value_of(fields, "from")):
        return []  # Exim and others call their bounces auto-replied
    marks = (
        value_of(fields, "auto-submitted").lower().startswith(("auto-replied", "auto-notified")),
        value_of(fields, "precedence").lower() in {"auto_reply", "auto-reply"},
        value_of(fields, "x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-response-suppress") != "",
        words.AUTOMATIC_SUBJECT.search(value_of(fields, "subject")) is not None,
    )
    is_bounce = words.BOUNCE_SUBJECT.search(value_of(fields, "subject"))
    return [Finding(sort=Sort.AUTOMATIC)] if any(marks) and not is_bounce else []


def _read_words(fields: Fields, report: str) -> list[Finding]:
    if not _is_bounce(fields, report):
        return []
    subject = value_of(fields, "subject")
    failed = _first_address(value_of(fields, "x-failed-recipients"))
    sort = Sort.DELAYED if words.DELAYED.search(f"{subject}\n{report}") else Sort.BOUNCED
    by_address = {_first_address(text): text for text in reversed(_refusals(report))}
    named = [address for address in reversed(by_address) if address]
    if len(named) > 1:
        return [_judge(sort, [by_address[address]], recipient=address) for address in named[:MAX_FINDINGS]]
    recipient = failed or "".join(named) or _first_address(report)
    return [_judge(sort, [*_passages(report, recipient), subject], recipient=recipient)]


def _is_bounce(fields: Fields, report: str) -> bool:
    told = f"{value_of(fields, 'subject')}\n{report[:2000]}"
    return bool(
        value_of(fields, "x-failed-recipients")
        or words.POSTMASTER.search(value_of(fields, "from"))
        or words.BOUNCE_SUBJECT.search(told)
        or _refusals(report)
    )


def _own_words(parts: Sequence[Part]) -> str:
    """Return what the reporting program says itself, without the mail that it quotes."""
    texts = []
    for part in parts:
        if part.kind in _QUOTING_KINDS:
            break
        if part.kind.startswith(("text/", "multipart/")):
            texts.append(part.text)
    text = "\n\n".join(texts)[:_MAX_WORDS]
    quote = next((found for found in words.QUOTE.finditer(text) if text[: found.start()].strip()), None)
    return text[: quote.start()] if quote else text


def _passages(report: str, recipient: str) -> list[str]:
    """Return what a report says, the most telling passage first: refusals, what stands by the address, all of it."""
    refusals = _refusals(report)
    about = [text for text in refusals if recipient and _first_address(text) == recipient.lower()]
    near = [block for block in _blocks(report) if recipient and recipient.lower() in block.lower()]
    return [*(about or refusals)[:3], *near[:2], report]


def _refusals(report: str) -> list[str]:
    """Return the passages that begin with an SMTP reply code or an enhanced one; the next one or their block ends them."""
    found = []
    for block in _blocks(report):
        begins = [at for at in (_find_reply(line, start) for start, line in _lines(block)) if at >= 0]
        found += [block[begin:end] for begin, end in pairwise([*begins, len(block)])]
    return found


def _lines(block: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a block with where they start, without those that go on with a reply of several lines."""
    start, goes_on = 0, ""
    for line in block.splitlines(keepends=True):
        if not (goes_on and line.strip().startswith(goes_on)):
            yield start, line
        found = _goes_on.search(line)
        goes_on = found[1] if found else ""
        start += len(line)


def _find_reply(line: str, start: int) -> int:
    found = _reply.search(line)
    return start + found.start() if found else -1


def _blocks(report: str) -> list[str]:
    return [block for block in re.split(r"\n[ \t]*\n", report) if block.strip()]


# What it means


def _judge(sort: Sort, told: Sequence[str], *, recipient: str, status: str = "", host: str = "") -> Finding:
    """Return the finding of a refusal that was `told` in these texts, the best first."""
    best = " ".join(told[0].split())
    code = _reply_code(best)
    enhanced = find_enhanced(code, best) if code else ""
    enhanced = enhanced or status or _enhanced_code(best)
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
    text = _mailbox.sub("@", _ip.sub(" ip ", _bracketed_ip.sub(" ", text[:_MAX_WORDS])))
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


def _reply_code(text: str) -> int:
    found = _reply.search(text)
    return int(found["code"]) if found and found["code"] else 0


def _enhanced_code(text: str) -> str:
    found = _enhanced(text)
    return found[0] if found else ""


def _address(text: str) -> str:
    found = _mailbox.search(text)
    return found[0].strip("\"'<>()[]") if found else ""


def _first_address(text: str) -> str:
    return _address(text).lower()


_STATUS_KINDS: Final = frozenset(["message/delivery-status", "message/global-delivery-status"])
_QUOTING_KINDS: Final = frozenset(
    [
        "message/rfc822",
        "message/global",
        "message/partial",
        "text/rfc822-headers",
        "text/rfc822-header",
        "message/global-headers",
    ]
)
_STATUS_FIELDS: Final = frozenset(
    ["original-recipient", "final-recipient", "action", "status", "remote-mta", "diagnostic-code", "reporting-mta"]
)
_is_status: Final = re.compile(
    r"^(?:final|original)-recipient[ \t]*:(?:.*\n){1,10}?(?:action|status|diagnostic-code)[ \t]*:"
    r"|^(?:action|status|diagnostic-code)[ \t]*:(?:.*\n){1,10}?(?:final|original)-recipient[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
).search
_typed: Final = re.compile(r"^\s*[A-Za-z][\w-]{0,40}\s*;\s*")
_mailbox: Final = re.compile(r"[^\s<>:,;\"'()\[\]@]{1,64}@[A-Za-z0-9][A-Za-z0-9.-]{0,250}[A-Za-z0-9]")
_enhanced: Final = re.compile(r"(?<![\w.])[245]\.\d{1,3}\.\d{1,3}(?![\w]|\.\d)").search
_reply: Final = re.compile(
    r"(?<![\w.:/@#-])(?:(?P<code>[45]\d\d)(?=[ -]|$)(?![ -]*(?:bytes|octets|days?|hours?|minutes|seconds|messages|attempts))"
    r"|(?<![45]\d\d[ -])(?P<only>[45]\.\d{1,3}\.\d{1,3})(?=[\s:,;]))",
    re.MULTILINE,
)
_goes_on: Final = re.compile(r"(?<![\w.])([45]\d\d)-")
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
