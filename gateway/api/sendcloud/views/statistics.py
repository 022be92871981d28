"""statday/*, stathour/* and invalidstat/*: numbers by day or hour, API user, label and receiving domain.

A line has a label and a receiving domain where the call asks for some; invalidstat always tells receiving domains.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.http import HttpResponse

from gateway.api.asked import Asked
from gateway.api.sendcloud.answers import CHINA
from gateway.api.sendcloud.answers.refusals import InvalidListed, InvalidWholeTold, say_refusals
from gateway.api.sendcloud.answers.refusals import say_whole as say_whole_of_refusals
from gateway.api.sendcloud.answers.statistics import (
    DaysListed,
    HoursListed,
    Place,
    WholeTold,
    day_of,
    say_days,
    say_hours,
    say_whole,
)
from gateway.api.sendcloud.parse.spans import read_days
from gateway.api.sendcloud.parse.statistics import LIST
from gateway.api.sendcloud.views.base import ModuleView
from gateway.api.sendcloud.views.reporting import tags_of, user_ids, user_names
from tracking.queries import EventFilter, Totals
from tracking.queries.lines import Line, Split, lines, whole
from tracking.queries.refusals import Refusals, refusals
from tracking.queries.refusals import whole as whole_of_refusals


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Lines, with what names their users and labels; or, as asked for, the sum of all."""

    total: int = 0
    lines: Sequence[Any] = ()
    users: Mapping[int | None, str]
    labels: Mapping[str, int]
    whole: Any = None


class StatisticsView(ModuleView):
    """A call about numbers."""

    fields = LIST
    bucket: ClassVar[str] = "day"

    def act(self, asked: Asked) -> Found:
        labels = tags_of(asked.account_id, asked["labelIdList"])
        split = _split(asked, self.bucket, tuple(labels))
        if asked["aggregate"]:
            return Found(whole=self.sum_up(split), users={}, labels=labels)
        total, listed = self.list_lines(split, asked["start"], asked["limit"])
        users = user_names(asked.account_id, {line.smtp_user_id for line in listed})
        return Found(total=total, lines=listed, users=users, labels=labels)

    def sum_up(self, split: Split) -> Any:
        return whole(split)

    def list_lines(self, split: Split, skip: int, limit: int) -> tuple[int, Sequence[Line | Refusals]]:
        return lines(split, skip=skip, limit=limit)


class ListDays(StatisticsView):
    """statday/list

    Counts what became of the mail by day.
    """

    answers = (DaysListed, WholeTold)

    def answer(self, done: Found) -> HttpResponse:
        return say_whole(done.whole) if done.whole is not None else say_days(_places(done), done.total)


class ListHours(StatisticsView):
    """stathour/list

    Counts what became of the mail by hour; hours without any are left out.
    """

    bucket = "hour"
    answers = (HoursListed, WholeTold)

    def answer(self, done: Found) -> HttpResponse:
        return say_whole(done.whole) if done.whole is not None else say_hours(_places(done), done.total)


class ListInvalid(StatisticsView):
    """invalidstat/list

    Counts by day, and by receiving domain, the copies that did not arrive, by reason.
    """

    answers = (InvalidListed, InvalidWholeTold)

    def sum_up(self, split: Split) -> Mapping[str, int]:
        return whole_of_refusals(split)

    def list_lines(self, split: Split, skip: int, limit: int) -> tuple[int, Sequence[Line | Refusals]]:
        return refusals(split, skip=skip, limit=limit)

    def answer(self, done: Found) -> HttpResponse:
        if done.whole is not None:
            return say_whole_of_refusals(done.whole)
        return say_refusals([(_place(line, done), line.counts) for line in done.lines], done.total)


def _split(asked: Asked, bucket: str, tags: Sequence[str]) -> Split:
    span = read_days(asked)
    users = user_ids(asked.account_id, asked["apiUserList"])
    wanted = EventFilter(account_id=asked.account_id, smtp_user_ids=users, since=span.since, until=span.until)
    return Split(wanted=wanted, bucket=bucket, zone=CHINA, tags=tags, receivers=asked["domainList"] or ())


def _places(done: Found) -> list[tuple[Place, datetime, Totals]]:
    listed: Iterable[Line] = done.lines
    return [(_place(line, done), line.start, line.totals) for line in listed]


def _place(line: Line | Refusals, done: Found) -> Place:
    return Place(
        send_date=day_of(line.start),
        api_user=done.users.get(line.smtp_user_id, ""),
        domain=line.receiver,
        label_id=done.labels.get(line.tag, 0),
        label_name=line.tag or None,
    )
