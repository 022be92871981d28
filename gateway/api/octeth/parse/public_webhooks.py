"""What the calls of /api/v1/webhooks take."""

from __future__ import annotations

from typing import Any, Final

from gateway.api.fields import Field, integer, text
from gateway.api.octeth.parse.base import identifier
from gateway.base.weburls import read_url
from tracking.formats.octeth import CHOICES

MOST_LISTED: Final = 1000


def event(value: Any) -> tuple[str, ...]:
    """Take the name of an event of either family (`delivered`, `delivery`) as the types that it stands for."""
    word = text(value).strip().lower()
    if word not in CHOICES:
        raise ValueError(f"must be one of {', '.join(CHOICES)}")
    return CHOICES[word]


def web_url(value: Any) -> str:
    """Take a URL of the web; who is called is judged when the webhook is made."""
    url = text(value).strip()
    read_url(url)
    return url


def place(value: Any) -> int:
    """Take a place in a list, from 0."""
    number = integer(value)
    if not 0 <= number < 2**31:
        raise ValueError("must be a number from 0")
    return number


def number_of_rows(value: Any) -> int:
    """Take how many rows a page has."""
    number = integer(value)
    if not 0 < number <= MOST_LISTED:
        raise ValueError(f"must be a number from 1 to {MOST_LISTED}")
    return number


ADD: Final = (
    Field("Event", event, required=True, missing=2, invalid=3),
    Field("WebhookURL", web_url, required=True, missing=5, invalid=6),
)
LIST: Final = (  # not the vendor's, whose lists have no pages
    Field("StartFrom", place, default=0),
    Field("RetrieveCount", number_of_rows, default=MOST_LISTED),
)
DELETE: Final = (Field("WebhookID", identifier, required=True, missing=1),)
