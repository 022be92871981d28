"""What unsubscribe/* says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import msgspec
from django.http import HttpResponse

from gateway.api.base import json_answer
from gateway.api.sendcloud.answers import Page, Told, say_time
from gateway.api.sendcloud.codes import CODES

ADDED = 40401


class Unsubscribe(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An address that unsubscribed: by mail of which API user and label, 0 for none, and when."""

    email: str
    domain: str
    label_id: int
    api_user: str
    unsubscribe_time: str


class Unsubscribes(Page, frozen=True, kw_only=True, rename="camel"):
    data_list: list[Unsubscribe]


class UnsubscribesListed(Told, frozen=True, kw_only=True):
    info: Unsubscribes


class UnsubscribeData(msgspec.Struct, frozen=True, kw_only=True):
    data: Unsubscribe


class UnsubscribeAdded(Told, frozen=True, kw_only=True):
    """That an address is on the list: a success with a code of its own, `result` true."""

    status_code: int = ADDED
    message: str = CODES[ADDED]
    info: UnsubscribeData


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """An address on the list, and the mail that brought it there, where one did."""

    email: str
    at: datetime
    api_user: str = ""
    label_id: int = 0


def say_unsubscribes(wishes: Iterable[Wish], total: int) -> HttpResponse:
    listed = [_unsubscribe(wish) for wish in wishes]
    return json_answer(UnsubscribesListed(info=Unsubscribes(count=len(listed), total=total, data_list=listed)))


def say_added(wish: Wish) -> HttpResponse:
    return json_answer(UnsubscribeAdded(info=UnsubscribeData(data=_unsubscribe(wish))))


def _unsubscribe(wish: Wish) -> Unsubscribe:
    return Unsubscribe(
        email=wish.email,
        domain=wish.email.rpartition("@")[2],
        label_id=wish.label_id,
        api_user=wish.api_user,
        unsubscribe_time=say_time(wish.at),
    )
