"""What the calls about webhooks take."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from gateway.api.fields import Field, integer, pieces, text
from gateway.api.sendclean.parse.settings import at_most, switch
from tracking.formats.sendclean import CHOICES

LONGEST_DESCRIPTION: Final = 250  # characters


def events(value: Any) -> frozenset[str]:
    """Take a list of events in the vendor's words, separated by commas, as ours; an empty one is all events."""
    return frozenset(kind for word in pieces(text(value), ",") for kind in _kinds_of(word.lower()))


def _kinds_of(word: str) -> Iterable[str]:
    if word not in CHOICES:
        raise ValueError(f"must be a list, separated by commas, of {', '.join(CHOICES)}")
    return CHOICES[word]


WHAT: Final = (
    Field("url", required=True),
    Field("event", events),
    Field("description", at_most(LONGEST_DESCRIPTION)),
    Field("store_log", switch),
)
ONE: Final = (Field("webhook_id", integer, required=True),)
EDITED: Final = (*ONE, *WHAT)
