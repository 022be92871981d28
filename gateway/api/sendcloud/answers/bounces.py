"""What bounce/* says."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from django.http import HttpResponse

from gateway.api.base import json_answer
from gateway.api.sendcloud.answers import Page, Told, say_time
from tracking.models import Suppression


class Bounce(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An address that is not mailed, as it bounced: when, and what its server said."""

    email: str
    reason: str
    bounce_time: str
    domain: str


class Bounces(Page, frozen=True, kw_only=True, rename="camel"):
    data_list: list[Bounce]


class BouncesListed(Told, frozen=True, kw_only=True):
    info: Bounces


def say_bounces(rows: Sequence[Suppression], total: int) -> HttpResponse:
    listed = [_bounce(row) for row in rows]
    return json_answer(BouncesListed(info=Bounces(count=len(listed), total=total, data_list=listed)))


def _bounce(row: Suppression) -> Bounce:
    return Bounce(
        email=row.email,
        reason=row.source,
        bounce_time=say_time(row.created_at),
        domain=row.email.rpartition("@")[2],
    )
