"""What invalidstat/* says: why copies did not arrive, by the vendor's reasons in its own spellings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from django.http import HttpResponse

from gateway.api.base import json_answer
from gateway.api.sendcloud.answers import Page, Told
from gateway.api.sendcloud.answers.statistics import Place
from tracking.queries.refusals import OTHER

# By the names of tracking.queries.refusals.REASONS.
NUMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    "suppressed": ("sendcloud_blacklist",),
    "unsubscribed": ("ubsubscribe",),
    "unreachable": ("esp_unvaliable",),
    "malformed": ("recipient_address_error",),
    "unwelcome": ("ip_or_domain_rejected",),
    "unknown": ("recipient_not_found",),
    "content": ("spam_emails", "spam_email"),  # the table of the vendor's page has the one, its example the other
    "mailbox": ("sender_or_recipient_rejected",),
    OTHER: ("others",),
}


class InvalidLine(Place, frozen=True, kw_only=True, rename="camel"):
    """How many copies did not arrive, by reason: suppressed, unsubscribed, and what the receivers said."""

    sendcloud_blacklist: int
    ubsubscribe: int
    esp_unvaliable: int
    recipient_address_error: int
    ip_or_domain_rejected: int
    recipient_not_found: int
    spam_emails: int
    spam_email: int
    sender_or_recipient_rejected: int
    others: int


class InvalidWhole(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All lines in one, for `aggregate`: numbers as text."""

    sendcloud_blacklist: str
    ubsubscribe: str
    esp_unvaliable: str
    recipient_address_error: str
    ip_or_domain_rejected: str
    recipient_not_found: str
    spam_emails: str
    spam_email: str
    sender_or_recipient_rejected: str
    others: str


class InvalidLines(Page, frozen=True, kw_only=True, rename="camel"):
    data_list: list[InvalidLine]


class InvalidWholeData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    data_list: InvalidWhole


class InvalidListed(Told, frozen=True, kw_only=True):
    info: InvalidLines


class InvalidWholeTold(Told, frozen=True, kw_only=True):
    info: InvalidWholeData


def say_refusals(lines: Sequence[tuple[Place, Mapping[str, int]]], total: int) -> HttpResponse:
    listed = [InvalidLine(**msgspec.structs.asdict(place), **_numbers(counts)) for place, counts in lines]
    return json_answer(InvalidListed(info=InvalidLines(count=len(listed), total=total, data_list=listed)))


def say_whole(counts: Mapping[str, int]) -> HttpResponse:
    said = {name: str(number) for name, number in _numbers(counts).items()}
    return json_answer(InvalidWholeTold(info=InvalidWholeData(data_list=InvalidWhole(**said))))


def _numbers(counts: Mapping[str, int]) -> dict[str, Any]:
    return {name: counts[reason] for reason, names in NUMBERS.items() for name in names}
