"""What a mail that came back to a return path says: bounces (RFC 3464, and what was written before it), complaints (RFC 5965).

Bytes in, findings out: no database, no clock, no network. Every mail yields something; what is not understood is
Sort.UNKNOWN. A finding says whom the mail speaks of, but who is meant is known by the address it came to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice, pairwise
from typing import Final

from gateway.engine import bounce_words as words
from gateway.engine.bounce_verdicts import MAILBOX, MAX_REPLY, MAX_WORDS, REPLY, Finding, Sort, find_enhanced_code, judge
from gateway.engine.mailparts import Fields, Part, read_fields, read_mail, value_of

MAX_FINDINGS: Final = 20


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
    status = find_enhanced_code(value_of(group, "status"))
    sort = _ACTIONS.get(value_of(group, "action").lower().partition(" ")[0]) or _BY_CLASS.get(status[:1], Sort.BOUNCED)
    recipient = _address(value_of(group, "original-recipient", "final-recipient"))
    host = value_of(group, "remote-mta").rpartition(";")[2].strip().partition(" ")[0]
    said = _typed.sub("", value_of(group, "diagnostic-code"))
    if sort is Sort.DELIVERED:
        return Finding(sort=sort, recipient=recipient, enhanced=status, reply=said[:MAX_REPLY], host=host[:253])
    told = [text for text in (said, *_passages(report, recipient), value_of(group, "status")) if text]
    return judge(sort, told or [""], recipient=recipient, status=status, host=host)


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
        return [judge(sort, [by_address[address]], recipient=address) for address in named[:MAX_FINDINGS]]
    recipient = failed or "".join(named) or _first_address(report)
    return [judge(sort, [*_passages(report, recipient), subject], recipient=recipient)]


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
    text = "\n\n".join(texts)[:MAX_WORDS]
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
    found = REPLY.search(line)
    return start + found.start() if found else -1


def _blocks(report: str) -> list[str]:
    return [block for block in re.split(r"\n[ \t]*\n", report) if block.strip()]


def _address(text: str) -> str:
    found = MAILBOX.search(text)
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
_goes_on: Final = re.compile(r"(?<![\w.])([45]\d\d)-")
