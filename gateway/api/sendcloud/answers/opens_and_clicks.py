"""What openandclick/* says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from django.http import HttpResponse

from gateway.api.base import json_answer
from gateway.api.sendcloud.answers import Page, Told, say_time
from gateway.api.sendcloud.answers.email_status import email_id_of
from gateway.api.sendcloud.parse.opens_and_clicks import TRACK_TYPES
from tracking.models import Event

_NUMBERS = {kind.value: number for number, kind in TRACK_TYPES.items()}


class Track(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An open (1), or a click (2) on a link."""

    track_type: int
    api_user: str
    email: str
    email_id: str
    url: str
    ip: str
    curr_time: str


class Tracks(Page, frozen=True, kw_only=True, rename="camel"):
    data_list: list[Track]


class TracksListed(Told, frozen=True, kw_only=True):
    info: Tracks


def say_tracks(events: Sequence[Event], total: int, users: Mapping[int | None, str]) -> HttpResponse:
    listed = [_track(event, users.get(event.smtp_user_id, "")) for event in events]
    return json_answer(TracksListed(info=Tracks(count=len(listed), total=total, data_list=listed)))


def _track(event: Event, user: str) -> Track:
    return Track(
        track_type=_NUMBERS[event.type],
        api_user=user,
        email=event.recipient,
        email_id=email_id_of(event),
        url=event.url,
        ip=event.address,
        curr_time=say_time(event.at),
    )
