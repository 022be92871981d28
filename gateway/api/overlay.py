"""What an X-SMTPAPI asks for, laid over a submission. SendCloud and MailUp each read their own; HTTP and SMTP apply the same.

An unfolded header is text here: `unfold` undoes line folding and encoded words, which mail libraries put around long values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.errors import MessageError
from email.header import decode_header, make_header
from typing import TypeVar

from gateway.base.errors import FieldInvalid
from gateway.engine.submission import Addressee, Clicks, Submission, Syntax

MAX_LENGTH = 1_048_576  # octets of an X-SMTPAPI, "cannot exceed 1m" (seeds/002)

T = TypeVar("T")

_FOLD = re.compile(rb"\r?\n(?=[ \t])")
# Headers by which customers steer us; they would show every recipient the others' values.
_CONTROL = re.compile(r"x-smtpapi|x-stes-.*", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """What changes on a submission; None, nothing and empty leave it as it is.

    `recipients` stand instead of the submission's and each of them gets a copy that shows it alone.
    """

    recipients: tuple[Addressee, ...] = ()
    header: bool | None = False  # as in a Submission
    footer: bool | None = False
    syntax: Syntax = Syntax.NONE
    is_verbatim: bool = False
    variables: Mapping[str, str] = field(default_factory=dict)
    track_opens: bool | None = None
    track_clicks: Clicks | None = None
    unsubscribe_link: bool | None = None
    unsubscribe_page_id: int | None = None
    tags: tuple[str, ...] = ()
    campaign: str = ""
    bulk: bool | None = None
    send_at: datetime | None = None


def apply(submission: Submission, overlay: Overlay) -> Submission:
    """Return the submission with the overlay's wishes in place of its own."""
    return replace(
        submission,
        recipients=overlay.recipients or submission.recipients,
        one_by_one=bool(overlay.recipients) or submission.one_by_one,
        header=overlay.header,
        footer=overlay.footer,
        syntax=overlay.syntax or submission.syntax,
        is_verbatim=overlay.is_verbatim,
        variables={**submission.variables, **overlay.variables},
        track_opens=_first(overlay.track_opens, submission.track_opens),
        track_clicks=_first(overlay.track_clicks, submission.track_clicks),
        unsubscribe_link=_first(overlay.unsubscribe_link, submission.unsubscribe_link),
        unsubscribe_page_id=_first(overlay.unsubscribe_page_id, submission.unsubscribe_page_id),
        tags=tuple(dict.fromkeys((*submission.tags, *overlay.tags))),
        campaign=overlay.campaign or submission.campaign,
        bulk=submission.bulk if overlay.bulk is None else overlay.bulk,
        send_at=overlay.send_at or submission.send_at,
    )


def unfold(value: bytes) -> str:
    """Return the text of a header's value; raise FieldInvalid("xsmtpapi") when it is too long or cannot be decoded."""
    if len(value) > MAX_LENGTH:
        raise FieldInvalid("xsmtpapi", f"The X-SMTPAPI is longer than {MAX_LENGTH} bytes.")
    try:
        text = _FOLD.sub(b"", value).decode().strip()
        return str(make_header(decode_header(text))) if "=?" in text else text
    except (UnicodeError, LookupError, MessageError):
        raise FieldInvalid("xsmtpapi", "The X-SMTPAPI is not UTF-8.") from None


def is_control(name: str) -> bool:
    """Tell whether a header is one that steers us and never leaves with the mail."""
    return _CONTROL.fullmatch(name) is not None


def _first(wish: T | None, other: T | None) -> T | None:
    return other if wish is None else wish
