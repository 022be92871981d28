"""What addressmember/* says."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from django.http import HttpResponse

from gateway.api.base import json_answer
from gateway.api.sendcloud.answers import Page, Told, say_time
from templates_app.models import AddressList
from templates_app.models import Member as Row


class Member(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An address of a list. `vars` is a JSON object in text, its names without %; empty where there are none."""

    gmt_created: str
    gmt_updated: str
    address: str
    member: str
    name: str
    vars: str


class Members(Page, frozen=True, kw_only=True, rename="camel"):
    """A part of a list's members."""

    data_list: list[Member]


class MembersListed(Told, frozen=True, kw_only=True):
    """Members."""

    info: Members


def say_members(rows: Sequence[Row], address_list: AddressList, total: int) -> HttpResponse:
    listed = [_of(row, address_list.address) for row in rows]
    return json_answer(MembersListed(info=Members(count=len(listed), total=total, data_list=listed)))


def _of(row: Row, address: str) -> Member:
    return Member(
        gmt_created=say_time(row.created_at),
        gmt_updated=say_time(row.updated_at),
        address=address,
        member=row.email,
        name=row.name,
        vars=msgspec.json.encode(row.variables, order="sorted").decode() if row.variables else "",
    )
