"""What label/* says."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from django.http import HttpResponse

from gateway.api.base import json_answer
from gateway.api.sendcloud.answers import Page, Told, say_time
from tracking.models import Label as Row


class Label(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A name that mail is counted under."""

    gmt_created: str
    gmt_updated: str
    label_id: int
    label_name: str


class OneLabel(msgspec.Struct, frozen=True, kw_only=True):
    """A label."""

    data: Label


class LabelGot(Told, frozen=True, kw_only=True):
    """That there is a label, and which."""

    info: OneLabel


class Labels(Page, frozen=True, kw_only=True, rename="camel"):
    """A part of the labels."""

    data_list: list[Label]


class LabelsListed(Told, frozen=True, kw_only=True):
    """Labels."""

    info: Labels


def say_label(row: Row) -> HttpResponse:
    return json_answer(LabelGot(info=OneLabel(data=_of(row))))


def say_labels(rows: Sequence[Row], total: int) -> HttpResponse:
    listed = [_of(row) for row in rows]
    return json_answer(LabelsListed(info=Labels(count=len(listed), total=total, data_list=listed)))


def _of(row: Row) -> Label:
    return Label(
        gmt_created=say_time(row.created_at), gmt_updated=say_time(row.updated_at), label_id=row.pk, label_name=row.name
    )
