"""How SendClean says what its settings have in common: yes and no, times, and what DNS shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec


class Validity(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whether a record is as it should be, Yes or No; `error`, which is ours, says in a sentence what is wrong."""

    valid: str
    error: str = ""


def yes_or_no(is_so: bool) -> str:
    return "Yes" if is_so else "No"


def seconds_of(at: datetime) -> int:
    """Return a time in seconds since 1970: what the vendor's pages on accounts say of create_date."""
    return int(at.timestamp())


def judge(results: Iterable[Mapping[str, Any]]) -> Validity:
    """Return how records of one purpose stand, of which one suffices; `results` are as `Finding.as_json` writes them."""
    looked = list(results)
    if any(result["ok"] for result in looked):
        return Validity(valid="Yes")
    return Validity(valid="No", error=next((result["sentence"] for result in looked), ""))
