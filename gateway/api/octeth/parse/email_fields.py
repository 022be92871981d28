"""What /api/v1/email takes: its parameters with the vendor's code for each, and what may be wrong with a list of mailboxes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.api.fields import Field, base64_bytes, boolean, header_pairs, integer, listing, nested, objects, text
from gateway.api.octeth.parse.base import LARGEST
from gateway.base import clock

MAX_BCC = 50  # decision 24
MAX_REPLY_TO = 10
MAX_TAGS = 50
MAX_TAG = 250  # characters
MAX_AHEAD = timedelta(days=5 * 366)  # of SendAt

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
        when = (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise ValueError("must be a Unix time or a date such as 2026-01-31T12:00:00Z") from None
    if when - clock.now() > MAX_AHEAD:
        raise ValueError("must be within five years")
    return when


def tags(value: Any) -> tuple[str, ...]:
    """Take an array of text, or one text."""
    found = tuple(text(tag) for tag in (value if isinstance(value, list) else [value]) if tag not in (None, ""))
    if len(found) > MAX_TAGS or any(len(tag) > MAX_TAG for tag in found):
        raise ValueError(f"must be at most {MAX_TAGS} tags of {MAX_TAG} characters")
    return found


def number(value: Any) -> int | None:
    """Take the number of something, from 1; 0 and empty are none."""
    if value in ("", 0, "0"):
        return None
    found = integer(value)
    if not 0 < found <= LARGEST:
        raise ValueError("must be a number from 1")
    return found


def _is_number(words: str) -> bool:
    return words.replace(".", "", 1).isascii() and words.replace(".", "", 1).isdecimal()


def _look_up(table: Mapping[str, str], word: str, problem: str) -> str:
    if word in table:
        return table[word]
    raise ValueError(problem)


KEY = Field("senderapikey")
FIELDS = (
    Field("From", objects, required=True, missing=3),
    Field("Subject", required=True, missing=8),
    Field("ContentType", content_type, required=True, missing=9),
    Field("HtmlContent", default="", invalid=10),  # newer versions write it HTMLContent
    Field("PlainContent", default="", invalid=11),
    Field("TemplateID", number, invalid=15),
    Field("TargetListID", number, invalid=16),
    Field("To", objects, default=(), invalid=18),
    Field("CC", objects, default=(), invalid=21),
    Field("BCC", listing, default=(), invalid=24),
    Field("ReplyTo", listing, default=(), invalid=28),
    Field("Attachments", objects, default=()),
    Field("Headers", header_pairs, default=()),
    Field("Tags", tags, default=()),
    Field("TrackLinks", boolean),
    Field("TrackOpens", boolean),
    Field("SendAt", moment),
    Field("ListID", number, invalid=35),
    Field("SubscriberID", number, invalid=36),
    Field("JourneyID", number, invalid=37),
    Field("ActionID", number, invalid=38),
)
NUMBERS = ("ListID", "SubscriberID", "JourneyID", "ActionID")  # which events tell again
ATTACHMENT = (
    Field("filename", aliases=("name",), required=True),
    Field("content", base64_bytes, required=True),
    Field("type", default=""),
    Field("disposition", default=""),
    Field("contentid", default=""),
)
_MAILBOX = (Field("email", required=True), Field("name", required=True))
# All that a call takes, the fields of its objects by their paths.
SEND_EMAIL = (
    *FIELDS,
    *nested("From", _MAILBOX),
    *(field for name in ("To", "CC", "BCC", "ReplyTo") for field in nested(f"{name}[]", _MAILBOX)),
    *nested("Attachments[]", ATTACHMENT),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """The vendor's codes for what may be wrong with a list of mailboxes."""

    missing: int
    invalid: int
    limit: int = 0  # 0: no limit of its own
    too_many: int = 0


MAILBOXES: Mapping[str, Codes] = {
    "From": Codes(missing=3, invalid=23),
    "To": Codes(missing=18, invalid=19),
    "CC": Codes(missing=21, invalid=22),
    "BCC": Codes(missing=25, invalid=26, limit=MAX_BCC, too_many=27),
    "ReplyTo": Codes(missing=29, invalid=30, limit=MAX_REPLY_TO, too_many=31),
}
