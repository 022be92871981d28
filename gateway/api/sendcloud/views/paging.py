"""A part of a list, as calls with START and LIMIT read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet

from gateway.api.asked import Asked

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(Generic[M]):
    """Some rows of a list, and how many it has in all."""

    rows: Sequence[M]
    total: int


def take_part(rows: QuerySet[M], asked: Asked) -> Part[M]:
    """Return the rows that a call asks for. A last page tells by itself how many there are."""
    start, limit = asked["start"], asked["limit"]
    found = list(rows[start : start + limit])
    is_last = len(found) < limit and (start == 0 or bool(found))
    return Part(rows=found, total=start + len(found) if is_last else rows.count())
