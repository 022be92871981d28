"""What the fields of settings/* are made of, and how lists go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from gateway.api.fields import Field, integer, text
from gateway.engine.reports import MOST_PAGES

MOST_COUNTED: Final = 2**63 - 1  # what the database counts to
LONGEST_NAME: Final = 255  # characters


def at_most(characters: int) -> Callable[[Any], str]:
    """Return a kind that takes text of so many characters."""

    def kind(value: Any) -> str:
        if len(text(value)) > characters:
            raise ValueError(f"must have at most {characters} characters")
        return text(value)

    return kind


def name(value: Any) -> str:
    """Take what names something of the account."""
    if text(value) == "":
        raise ValueError("is required")
    return at_most(LONGEST_NAME)(value)


def positive(value: Any) -> int:
    """Take a limit: a whole number from 1."""
    if not 0 < integer(value) <= MOST_COUNTED:
        raise ValueError(f"must be a whole number from 1 to {MOST_COUNTED}")
    return integer(value)


def switch(value: Any) -> bool:
    """Take Enable or Disable."""
    try:
        return {"enable": True, "disable": False}[text(value).strip().lower()]
    except KeyError:
        raise ValueError("must be Enable or Disable") from None


def page_number(value: Any) -> int:
    """Take the number of a page, empty for the first."""
    number = 0 if value == "" else integer(value)
    if not 0 <= number < MOST_PAGES:
        raise ValueError(f"must be the number of a page, from 0 to {MOST_PAGES - 1:,}")
    return number


# Ours: the vendor's lists have no pages. The word is getMessageInfo's.
PAGES: Final = (Field("skip_page", page_number, default=0),)
