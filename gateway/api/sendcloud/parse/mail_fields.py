"""What mail/* take: kinds of values, and the tables of the calls with the code that a wrong one gets.

An empty parameter is an absent one. Parameters come from the query, a form, a multipart form or JSON alike; in JSON, lists of
addresses may be arrays, and headers and xsmtpapi objects.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from itertools import islice
from typing import Any

from gateway.api.bodies import parse_object
from gateway.api.fields import Field, boolean, header_pairs, looked_up, pieces, text
from gateway.api.sendcloud.answers import CHINA
from gateway.api.sendcloud.parse.kinds import email, label_id, label_name, whole_number
from gateway.base.errors import RequestMalformed

MAX_COPIES = 100  # addresses each in to, cc and bcc, and of people who are asked to a meeting
MAX_TAGS = 5
MAX_SUMMARY = 200  # octets
MAX_MINUTES = 527_040  # of an alarm before its meeting: a year

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")  # and where other programs break lines
_CONTROLS_IN_LINES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_TIME = re.compile(r"(19[7-9]|[2-8]\d\d|9[0-8]\d)\d-\d\d-\d\d \d\d:\d\d:\d\d")


def joined(value: Any) -> str:
    """Take addresses separated by `;`, or an array of them."""
    return ";".join(text(item) for item in value) if isinstance(value, list) else text(value)


def summary(value: Any) -> str:
    """Take a content summary of at most 200 octets."""
    if len(text(value).encode()) > MAX_SUMMARY:
        raise ValueError(f"must have at most {MAX_SUMMARY} bytes")
    return text(value)


def labels(value: Any) -> tuple[str, ...]:
    """Take at most five labels of at most 50 characters each, separated by `;`."""
    found = tuple(islice(pieces(joined(value)), MAX_TAGS + 1))
    if len(found) > MAX_TAGS or any(len(item) > 50 for item in found):
        raise ValueError(f"must have at most {MAX_TAGS} tags of at most 50 characters each")
    return found


def request_id(value: Any) -> str:
    """Take the customer's own id of a call."""
    if len(text(value)) > 128:
        raise ValueError("must have at most 128 characters")
    return text(value)


def headers(value: Any) -> tuple[tuple[str, str], ...]:
    """Take a JSON object of header names and values, in text or as it is."""
    try:
        return header_pairs(value if isinstance(value, dict) else parse_object(text(value), keep_spelling=True))
    except RequestMalformed as refusal:
        raise ValueError(f"must be a JSON object: {refusal.message}") from None


def text_or_object(value: Any) -> str | dict[str, Any]:
    """Take the text of a JSON object, or, in a JSON body, the object itself."""
    return value if isinstance(value, dict) else text(value)


def nothing(value: Any) -> None:
    """Take an empty array only: files come in multipart bodies."""
    if value != []:
        raise ValueError("must be files of a multipart body")


def china_time(value: Any) -> datetime:
    """Take a time as the vendor writes it: UTC+8, `yyyy-MM-dd HH:mm:ss`."""
    if not _TIME.fullmatch(text(value)):
        raise ValueError("must be a time as 2030-01-31 09:00:00")
    return datetime.fromisoformat(text(value)).replace(tzinfo=CHINA)


def line(longest: int) -> Callable[[Any], str]:
    """Return a kind that takes text in one line of at most `longest` characters."""

    def taken(value: Any) -> str:
        if len(text(value)) > longest or _CONTROLS.search(text(value)):
            raise ValueError(f"must be at most {longest:,} characters in one line")
        return text(value).strip()

    return taken


def lines(value: Any) -> str:
    """Take text of at most 32,000 characters, with line breaks and tabs but no other control characters."""
    if len(text(value)) > 32_000 or _CONTROLS_IN_LINES.search(text(value)):
        raise ValueError("must be at most 32,000 characters, without control characters")
    return text(value)


def names(value: Any) -> tuple[str, ...]:
    """Take names of people separated by `;`, or an array of them; blanks between separators do not count."""
    if len(joined(value)) > 50_000 or _CONTROLS.search(joined(value)):
        raise ValueError("must be at most 50,000 characters in one line")
    return tuple(pieces(joined(value)))


def addresses(value: Any) -> tuple[str, ...]:
    """Take addresses without names separated by `;`, or an array of them; blanks between separators do not count.

    Of more than there may be, one more.
    """
    return tuple(email(item) for item in islice(pieces(joined(value)), MAX_COPIES + 1))


def task_id(value: Any) -> int:
    """Take the number of a send to an address list."""
    return whole_number(value, 1, 2**63 - 1)


def minutes(value: Any) -> int:
    """Take a number of minutes, at most a year of them."""
    return whole_number(value, 0, MAX_MINUTES)


_SENDER = (
    Field("from", required=True, missing=40801, invalid=40802),
    Field("fromName", default="", invalid=40804),
    Field("to", joined, invalid=40806),
)
_COPIES = (
    Field("cc", joined, invalid=40853),
    Field("bcc", joined, invalid=40856),
)
_SUBJECT = (
    Field("subject", required=True, missing=40808, invalid=40809),
    Field("replyTo", joined, invalid=40811),
)
_CONTENT = (
    Field("html", default="", invalid=40871),
    Field("plain", default="", invalid=40831),
    Field("contentSummary", summary, default="", invalid=40878),
)
_XSMTPAPI = Field("xsmtpapi", text_or_object, invalid=40813)
_MORE = (
    Field("headers", headers, default=(), invalid=40869),
    Field("attachments", nothing, invalid=40867),
    Field("embeddedCid", joined, default="", invalid=40875),
    Field("labelId", label_id, invalid=40103),
    Field("labelName", label_name, default="", invalid=40105),
    Field("tag", labels, default=(), invalid=40105),
    Field("sendRequestId", request_id, default=""),
    Field("respEmailId", boolean, default=True, invalid=40859),
    Field("useNotification", boolean, default=False, invalid=40829),
    Field("useAddressList", boolean, default=False, invalid=40874),
)
SEND = (*_SENDER, *_COPIES, *_SUBJECT, *_CONTENT, _XSMTPAPI, *_MORE)
SEND_TEMPLATE = (
    Field("templateInvokeName", looked_up, required=True, missing=40201, invalid=40202),
    *_SENDER,
    Field("subject", default="", invalid=40809),
    Field("replyTo", joined, invalid=40811),
    _XSMTPAPI,
    *_MORE,
)
MEETING = (
    Field("startTime", china_time, required=True, missing=40832, invalid=40833),
    Field("endTime", china_time, required=True, missing=40834, invalid=40835),
    Field("title", line(1_000), required=True, missing=40836, invalid=40837),
    Field("organizerName", line(250), required=True, missing=40838, invalid=40839),
    Field("organizerEmail", email, required=True, missing=40840, invalid=40841),
    Field("location", line(1_000), required=True, missing=40842, invalid=40843),
    Field("description", lines, default="", invalid=40845),
    Field("participatorNames", names, missing=40846, invalid=40847),
    Field("participatorEmails", addresses, missing=40848, invalid=40849),
    Field("uid", line(255), default=""),
    Field("isCancel", boolean, default=False, invalid=40876),
    Field("isUpdate", boolean, default=False),
    Field("valarmTime", minutes),
)
SEND_CALENDAR = (*SEND, *MEETING)
