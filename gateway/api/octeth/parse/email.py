"""Octeth's parameters to a Submission (seed, Send Email).

Names have no case, so that the seed's `HtmlContent` and the newer `HTMLContent` are one. TemplateID and TargetListID name what
this call cannot reach, and any value of theirs is answered with their code. ListID, SubscriberID, JourneyID and ActionID
of newer versions belong to the vendor's own list manager and are not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from domains.credentials import Credential
from gateway.api.bodies import Payload
from gateway.api.fields import (
    Fault,
    Field,
    FieldsRefused,
    base64_bytes,
    boolean,
    check_each,
    examine,
    fold,
    guess_type,
    header_pairs,
    listing,
    objects,
    text,
)
from gateway.engine.submission import Addressee, Clicks, FilePart, Kind, Mailbox, Submission
from gateway.smtp.addresses import AddressError, parse_address

MAX_BCC = 50  # decision 24
MAX_REPLY_TO = 10
MAX_TAGS = 50
MAX_TAG = 250  # characters

_INLINE = frozenset(("", "inline"))  # what is neither is an attachment (RFC 2183 2.8)
_CONTENT_TYPES = {"html": "html", "text/html": "html", "plain": "plain", "text": "plain", "text/plain": "plain", "both": "both"}


def content_type(value: Any) -> str:
    """Take html, plain, or both."""
    return _look_up(_CONTENT_TYPES, text(value).strip().lower(), "must be html or plain")


def moment(value: Any) -> datetime | None:
    """Take Unix seconds or ISO 8601, in UTC where it names no offset; empty is none."""
    words = text(value).strip()
    if not words:
        return None
    try:
        when = datetime.fromtimestamp(float(words), UTC) if _is_number(words) else datetime.fromisoformat(words)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise ValueError("must be a Unix time or a date such as 2026-01-31T12:00:00Z") from None


def tags(value: Any) -> tuple[str, ...]:
    """Take an array of text, or one text."""
    found = tuple(text(tag) for tag in (value if isinstance(value, list) else [value]) if tag not in (None, ""))
    if len(found) > MAX_TAGS or any(len(tag) > MAX_TAG for tag in found):
        raise ValueError(f"must be at most {MAX_TAGS} tags of {MAX_TAG} characters")
    return found


def nothing(value: Any) -> None:
    """Refuse everything but an empty value."""
    if value not in ("", 0, "0"):
        raise ValueError("is not known")


def _is_number(words: str) -> bool:
    return words.replace(".", "", 1).isascii() and words.replace(".", "", 1).isdecimal()


def _look_up(table: Mapping[str, str], word: str, problem: str) -> str:
    if word in table:
        return table[word]
    raise ValueError(problem)


KEY = Field("senderapikey")
FIELDS = (
    Field("from", objects, required=True, missing=3),
    Field("subject", required=True, missing=8),
    Field("contenttype", content_type, required=True, missing=9),
    Field("htmlcontent", default="", invalid=10),
    Field("plaincontent", default="", invalid=11),
    Field("templateid", nothing, invalid=15),
    Field("targetlistid", nothing, invalid=16),
    Field("to", objects, default=(), invalid=18),
    Field("cc", objects, default=(), invalid=21),
    Field("bcc", listing, default=(), invalid=24),
    Field("replyto", listing, default=(), invalid=28),
    Field("attachments", objects, default=()),
    Field("headers", header_pairs, default=()),
    Field("tags", tags, default=()),
    Field("tracklinks", boolean),
    Field("trackopens", boolean),
    Field("sendat", moment),
)
ATTACHMENT = (
    Field("filename", aliases=("name",), required=True),
    Field("content", base64_bytes, required=True),
    Field("type", default=""),
    Field("disposition", default=""),
    Field("contentid", default=""),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """The vendor's codes for what may be wrong with a list of mailboxes."""

    missing: int
    invalid: int
    limit: int = 0  # 0: no limit of its own
    too_many: int = 0


MAILBOXES: Mapping[str, Codes] = {
    "from": Codes(missing=3, invalid=23),
    "to": Codes(missing=18, invalid=19),
    "cc": Codes(missing=21, invalid=22),
    "bcc": Codes(missing=25, invalid=26, limit=MAX_BCC, too_many=27),
    "replyto": Codes(missing=29, invalid=30, limit=MAX_REPLY_TO, too_many=31),
}


def parse_email(payload: Payload, credential: Credential) -> Submission:
    """Return the Submission of a call to /api/v1/email; raise FieldsRefused with everything that is wrong, by code."""
    found, faults = examine_email(payload.values)
    if faults:
        raise FieldsRefused(*faults)
    return Submission(
        account_id=credential.account_id,
        smtp_user_id=credential.smtp_user_id,
        domain_id=credential.domain_id,
        door="octeth",
        sender=_mailboxes(found["from"])[0],
        recipients=tuple(
            Addressee(email=mailbox.email, name=mailbox.name, kind=kind) for kind in Kind for mailbox in _mailboxes(found[kind])
        ),
        subject=found["subject"],
        html="" if found["contenttype"] == "plain" else found["htmlcontent"],
        text=found["plaincontent"],
        reply_to=_mailboxes(found["replyto"]),
        headers=found["headers"],
        unique_id=next((value.strip() for name, value in found["headers"] if name.lower() == "x-unique-id"), ""),
        files=_read_files(found["attachments"]),
        track_opens=found["trackopens"],
        track_clicks=None if found["tracklinks"] is None else Clicks.BOTH if found["tracklinks"] else Clicks.NONE,
        tags=found["tags"],
        send_at=found["sendat"],
        refuse_suppressed=True,
        idempotency_key=payload.idempotency_key,
        client=payload.client,
    )


def examine_email(values: Mapping[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
    """Return the fields of a call and every fault in the order of the vendor's codes; ours, which have none, come last."""
    found, faults = examine(FIELDS, fold(values))
    for name in MAILBOXES:
        faults += _examine_mailboxes(name, found[name] or ())
    at_fault = {fault.field for fault in faults}
    if not found["from"] and "from" not in at_fault:
        faults.append(Fault(field="from", error=3))
    if not found["to"] and not at_fault & {"to", "targetlistid"}:
        faults.append(Fault(field="to", error=20))
    faults += _examine_bodies(found)
    return found, sorted(faults, key=lambda fault: fault.error or 1000)


def _examine_mailboxes(name: str, given: Sequence[Any]) -> Iterator[Fault]:
    codes = MAILBOXES[name]
    if codes.limit and len(given) > codes.limit:
        yield Fault(field=name, error=codes.too_many)
    for item in given:
        mailbox = fold(item) if isinstance(item, dict) else {}
        email, shown = mailbox.get("email"), mailbox.get("name")
        if not isinstance(email, str) or not email or not isinstance(shown, str):
            yield Fault(field=name, error=codes.missing)
        elif not _is_address(email):
            yield Fault(field=name, error=codes.invalid, value=email)


def _examine_bodies(found: Mapping[str, Any]) -> Iterator[Fault]:
    wanted = found["contenttype"]
    if wanted in {"html", "both"} and found["htmlcontent"] == "":
        yield Fault(field="htmlcontent", error=10)
    if wanted in {"plain", "both"} and found["plaincontent"] == "":
        yield Fault(field="plaincontent", error=11)


def _is_address(email: str) -> bool:
    try:
        parse_address(email)
    except AddressError:
        return False
    return True


def _mailboxes(given: Sequence[dict[str, Any]]) -> tuple[Mailbox, ...]:
    folded = (fold(item) for item in given)
    return tuple(Mailbox(email=item["email"], name=item["name"]) for item in folded)


def _read_files(given: Sequence[dict[str, Any]]) -> tuple[FilePart, ...]:
    found = check_each(ATTACHMENT, [fold(item) for item in given], within="Attachments")
    return tuple(
        FilePart(
            filename=one["filename"],
            content_type=one["type"] or guess_type(one["filename"]),
            content=one["content"],
            content_id=one["contentid"] if one["disposition"].strip().lower() in _INLINE else "",
        )
        for one in found
    )
