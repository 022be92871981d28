"""What statday/* and stathour/* say: numbers, and their shares in percent, cut off after two digits as the vendor's are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from django.http import HttpResponse

from gateway.api.base import json_answer
from gateway.api.sendcloud.answers import CHINA, Page, Told
from tracking.queries import Totals

# Which counters each number sums up.
NUMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    "request": ("accepted",),
    "delivered": ("delivered",),
    "click": ("clicked",),
    "open": ("opened",),
    "bounce": ("bounced_soft", "bounced_block", "expired", "failed"),
    "spam_reported": ("complained",),
    "unsubscribe": ("unsubscribed",),
    "unique_opens": ("opened_unique",),
    "unique_clicks": ("clicked_unique",),
    "invalid_emails": ("bounced_hard", "suppressed"),
}
OF_REQUESTS: Final = frozenset({"delivered", "bounce", "invalid_emails"})  # shares; the others are of what was delivered


class Place(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a line counts: a day in UTC+8, an API user, a receiving domain where some are asked for, and a label, likewise."""

    send_date: str
    api_user: str
    domain: str
    label_id: int
    label_name: str | None


class DayLine(Place, frozen=True, kw_only=True, rename="camel"):
    """What happened, and in percent: of what was asked for, or of what was delivered."""

    request_num: int
    delivered_num: int
    click_num: int
    open_num: int
    bounce_num: int
    spam_reported_num: int
    unsubscribe_num: int
    unique_opens_num: int
    unique_clicks_num: int
    invalid_emails_num: int
    delivered_percent: float
    click_percent: float
    open_percent: float
    bounce_percent: float
    spam_reported_percent: float
    unsubscribe_percent: float
    unique_opens_percent: float
    unique_clicks_percent: float
    invalid_emails_percent: float


class HourLine(DayLine, frozen=True, kw_only=True, rename="camel"):
    """The same of one hour of the day, 0 to 23."""

    send_hour: int


class Whole(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """All lines in one, for `aggregate`: numbers as text, and three of them by the vendor's second name as well."""

    request_num: str
    delivered_num: str
    click_num: str
    open_num: str
    bounce_num: str
    spam_reported_num: str
    unsubscribe_num: str
    unique_opens_num: str
    unique_open_num: str
    unique_clicks_num: str
    unique_click_num: str
    invalid_emails_num: str
    invalid_email_num: str
    delivered_percent: float
    click_percent: float
    open_percent: float
    bounce_percent: float
    spam_reported_percent: float
    unsubscribe_percent: float
    unique_opens_percent: float
    unique_clicks_percent: float
    invalid_emails_percent: float


class DayLines(Page, frozen=True, kw_only=True, rename="camel"):
    data_list: list[DayLine]


class HourLines(Page, frozen=True, kw_only=True, rename="camel"):
    data_list: list[HourLine]


class WholeData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    data_list: Whole


class DaysListed(Told, frozen=True, kw_only=True):
    info: DayLines


class HoursListed(Told, frozen=True, kw_only=True):
    info: HourLines


class WholeTold(Told, frozen=True, kw_only=True):
    info: WholeData


def say_days(lines: Sequence[tuple[Place, datetime, Totals]], total: int) -> HttpResponse:
    listed = [DayLine(**_keys(place), **_numbers(totals)) for place, _, totals in lines]
    return json_answer(DaysListed(info=DayLines(count=len(listed), total=total, data_list=listed)))


def say_hours(lines: Sequence[tuple[Place, datetime, Totals]], total: int) -> HttpResponse:
    listed = [HourLine(send_hour=start.hour, **_keys(place), **_numbers(totals)) for place, start, totals in lines]
    return json_answer(HoursListed(info=HourLines(count=len(listed), total=total, data_list=listed)))


def say_whole(totals: Totals) -> HttpResponse:
    said: dict[str, Any] = {name: str(value) if name.endswith("_num") else value for name, value in _numbers(totals).items()}
    again = {f"{name[:-1]}_num": said[f"{name}_num"] for name in ("unique_opens", "unique_clicks", "invalid_emails")}
    return json_answer(WholeTold(info=WholeData(data_list=Whole(**said | again))))


def day_of(start: datetime) -> str:
    """Return the day in UTC+8, as the vendor writes it."""
    return f"{start.astimezone(CHINA):%Y-%m-%d}"


def _keys(place: Place) -> dict[str, Any]:
    return msgspec.structs.asdict(place)


def _numbers(totals: Totals) -> dict[str, Any]:
    numbers = {name: sum(totals[counter] for counter in counters) for name, counters in NUMBERS.items()}
    shares = {
        f"{name}_percent": _percent(number, numbers["request" if name in OF_REQUESTS else "delivered"])
        for name, number in numbers.items()
        if name != "request"
    }
    return {f"{name}_num": number for name, number in numbers.items()} | shares


def _percent(number: int, whole: int) -> float:
    """Return a share, at most 100: what was asked for before the time may arrive and be read within it."""
    return min(100.0, 10_000 * number // whole / 100) if whole else 0.0
