"""MailUp's XSmtpAPIDTO (seeds/003): part of a document of the API, or plain JSON in an X-SMTPAPI header.

CampaignCode groups the statistics; CampaignName and CampaignReport are names for it and become tags. DynamicFields fill
`[name]` unless SkipDynamicFields is true. Priority 4 and 5 go as bulk mail, behind all other; 1 to 3 are alike. Header and
Footer are what the account has designed, unless said otherwise as the account has it; to ask for the Footer is to ask for the
link to unsubscribe by, too, which stands below a mail that has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from gateway.api.bodies import parse_json
from gateway.api.fields import Field, boolean, check, integer, listing, text
from gateway.api.overlay import Overlay, unfold
from gateway.base.errors import FieldInvalid, Refused, RequestMalformed
from gateway.engine.submission import Clicks, Syntax

BULK = 4  # priorities from this one on go behind transactional mail
_LONGEST_CAMPAIGN = 250
_NO_DATE = 1  # .NET's empty date is of the year 1


def read_pairs(value: Any) -> tuple[tuple[str, str], ...]:
    """Take a list of NameValueDTO; a null value is empty text."""
    return tuple(_read_pair(item) for item in listing(value) if item is not None)


def _read_pair(item: Any) -> tuple[str, str]:
    if not isinstance(item, dict) or not item.get("N"):
        raise ValueError('must hold objects such as {"N": "name", "V": "value"}')
    value = item.get("V")
    return text(item["N"]), "" if value is None else text(value)


def read_priority(value: Any) -> int:
    """Take a priority from 1, high, to 5, low."""
    if integer(value) not in range(1, 6):
        raise ValueError("must be 1 (high) to 5 (low)")
    return integer(value)


def read_time(value: Any) -> datetime | None:
    """Take an ISO 8601 date and time, UTC where it has no offset; None for .NET's empty date."""
    try:
        time = datetime.fromisoformat(text(value).strip())
        if time.year <= _NO_DATE:
            return None
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("must be a date and time such as 2015-03-31T12:12:04") from None


def read_campaign(value: Any) -> str:
    """Take the name or code of a campaign."""
    if len(text(value)) > _LONGEST_CAMPAIGN:
        raise ValueError(f"must have at most {_LONGEST_CAMPAIGN} characters")
    return text(value)


FIELDS = (
    Field("CampaignName", read_campaign, default=""),
    Field("CampaignCode", read_campaign, default=""),
    Field("CampaignReport", read_campaign, default=""),
    Field("Header", boolean),
    Field("Footer", boolean),
    Field("ClickTracking", boolean),
    Field("ViewTracking", boolean),
    Field("Priority", read_priority),
    Field("Schedule", read_time),
    Field("DynamicFields", read_pairs, default=()),
    Field("SkipDynamicFields", boolean, default=False),
)
NAMES = frozenset(field.name for field in FIELDS)


def read_object(asked: Mapping[str, Any]) -> Overlay:
    """Return what an XSmtpAPIDTO asks for; raise FieldsRefused for a member of a wrong type or form."""
    found = check(FIELDS, asked, within="XSmtpAPI.")
    variables = {} if found["SkipDynamicFields"] else {_bare(name): value for name, value in found["DynamicFields"]}
    clicks, priority = found["ClickTracking"], found["Priority"]
    return Overlay(
        header=found["Header"],
        footer=found["Footer"],
        is_verbatim=found["SkipDynamicFields"],
        syntax=Syntax.MAILUP if variables else Syntax.NONE,
        variables=variables,
        track_opens=found["ViewTracking"],
        track_clicks=None if clicks is None else Clicks.HTML if clicks else Clicks.NONE,
        unsubscribe_link=found["Footer"],
        tags=tuple(name for name in (found["CampaignName"], found["CampaignReport"]) if name),
        campaign=found["CampaignCode"] or found["CampaignName"],
        bulk=None if priority is None else priority >= BULK,
        send_at=found["Schedule"],
    )


def read_header(value: bytes) -> Overlay | None:
    """Return what an X-SMTPAPI header asks for, None when it is not a JSON object of XSmtpAPIDTO's names alone.

    Raises FieldInvalid("xsmtpapi") when it is, and is wrong.
    """
    try:
        asked = parse_json(unfold(value))
    except RequestMalformed:
        return None
    if not isinstance(asked, dict) or not NAMES.issuperset(asked):
        return None
    try:
        return read_object(asked)
    except Refused as refusal:
        raise FieldInvalid("xsmtpapi", refusal.message, value=refusal.value) from refusal


def _bare(name: str) -> str:
    """Return a field's name without the brackets around it."""
    return name[1:-1] if len(name) > 2 and name[0] == "[" and name[-1] == "]" else name
