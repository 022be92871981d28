"""SendCloud's envelope, `{"result", "statusCode", "message", "info"}`, and one module for the info of each of the vendor's.

class Labels(Page):                                     # answers/labels.py
    data_list: list[Label]

class LabelsListed(Told):
    info: Labels
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, Final

import msgspec
from django.http import HttpResponse

from gateway.api.base import json_answer
from gateway.api.sendcloud.codes import CODES
from gateway.api.sendcloud.errors import VAGUE, find_row
from gateway.base.errors import Refused

CHINA: Final = timezone(timedelta(hours=8))


class Told(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """That a call was done. What it tells stands in `info`, which each kind of answer has a shape for."""

    result: bool = True
    status_code: int = 200
    message: str = CODES[200]


class Page(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A part of a list, in `data_list`: how many stand there, and how many there are in all."""

    count: int
    total: int


class Count(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How many were changed."""

    count: int


class Counted(Told, frozen=True, kw_only=True):
    """That something was changed, and how many of it."""

    info: Count


def say_count(count: int) -> HttpResponse:
    return json_answer(Counted(info=Count(count=count)))


def say_refused(refusal: Refused) -> HttpResponse:
    """Say no in the vendor's words; `info.reason` tells what they leave open."""
    status, code, message = find_row(refusal)
    info: Mapping[str, Any] = {"reason": refusal.message} if code in VAGUE else {}
    return json_answer({"result": code == 200, "statusCode": code, "message": message, "info": info}, status=status)


def say_time(time: datetime | None) -> str:
    """Return a time as the vendor writes it: UTC+8, `yyyy-MM-dd HH:mm:ss`; empty for none."""
    return f"{time.astimezone(CHINA):%Y-%m-%d %H:%M:%S}" if time is not None else ""
