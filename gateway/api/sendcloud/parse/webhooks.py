"""What the calls webhook/* take."""

from __future__ import annotations

from typing import Any, Final

from gateway.api.fields import Field, integer, pieces, text
from gateway.api.sendcloud.parse.paging import LIMIT, START
from gateway.base.weburls import BadURL, check_url, read_url
from tracking.formats.sendcloud import CHOICES
from tracking.webhooks import actions

LONGEST_URL: Final = actions.LONGEST_URL
ALL: Final = "all"  # instead of an API user's name
_NO_EVENTS: Final = f"must be numbers, separated by commas, of {', '.join(map(str, CHOICES))}"


def known_url(value: Any) -> str:
    """Take a URL that a webhook may have."""
    found = text(value).strip()
    if len(found) > LONGEST_URL:
        raise ValueError(f"must have at most {LONGEST_URL} characters")
    try:
        read_url(found)
    except BadURL as error:
        raise ValueError(f"is no URL: {error}") from None
    return found


def new_url(value: Any) -> str:
    """Take a URL that events may be sent to."""
    found = known_url(value)
    if problem := check_url(found):
        raise ValueError(f"cannot be called: {problem}")
    return found


def events(value: Any) -> frozenset[int]:
    """Take the numbers of kinds of events, separated by commas, or an array of them."""
    found = frozenset(map(_event, pieces(value, ",")))
    if not found:
        raise ValueError(_NO_EVENTS)
    return found


def _event(item: str) -> int:
    if integer(item) not in CHOICES:
        raise ValueError(_NO_EVENTS)
    return integer(item)


def category(value: Any) -> str:
    """Take the name of an API user, or `all`."""
    found = text(value).strip()
    if not 0 < len(found) <= 64:
        raise ValueError("must be the name of an API user, or all")
    return found


CATEGORY: Final = Field("categoryName", category, required=True, missing=40701, invalid=40702)
EVENT: Final = Field("event", events, missing=40703, invalid=40704)

LISTED: Final = (
    Field("url", known_url, missing=40705, invalid=40706),
    Field("categoryName", category, missing=40701, invalid=40702),
    EVENT,
    START,
    LIMIT,
)
ADDED: Final = (Field("url", new_url, required=True, missing=40705, invalid=40706), CATEGORY, EVENT)
ONE: Final = (Field("url", known_url, required=True, missing=40705, invalid=40706), CATEGORY, EVENT)
UPDATED: Final = (
    *ONE,
    Field("newUrl", new_url, missing=40705, invalid=40706),
    Field("newCategoryName", category, missing=40701, invalid=40702),
    Field("newEvent", events, missing=40703, invalid=40704),
)
