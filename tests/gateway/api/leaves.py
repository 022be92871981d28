"""Every refusal there is, for the tables of the doors."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from gateway.base import errors
from gateway.base.errors import Refused

_ARGUMENTS: dict[type[Refused], tuple[object, ...]] = {
    errors.CredentialBlockedUntil: (datetime(2030, 1, 2, tzinfo=UTC),),
    errors.FieldMissing: ("subject",),
    errors.FieldInvalid: ("subject",),
    errors.RateExceeded: ("Too many.",),
    errors.QuotaExceeded: ("Too many.",),
}


def make_leaves() -> list[Refused]:
    """Return one refusal of each leaf of the tree in gateway/base/errors.py."""
    return [leaf(*_ARGUMENTS.get(leaf, ())) for leaf in _leaves_under(Refused)]


def _leaves_under(kind: type[Refused]) -> Iterator[type[Refused]]:
    below = [child for child in kind.__subclasses__() if child.__module__ == errors.__name__]
    if not below:
        yield kind
    for child in below:
        yield from _leaves_under(child)
