"""What addresslist/* says."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from django.http import HttpResponse

from gateway.api.base import json_answer
from gateway.api.sendcloud.answers import Page, Told, say_time
from templates_app.models import AddressList as Row


class AddressList(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A list of addresses, which sends name by its alias."""

    gmt_created: str
    gmt_updated: str
    address: str
    description: str
    list_type: int
    member_count: int
    name: str


class OneAddressList(msgspec.Struct, frozen=True, kw_only=True):
    """A list."""

    data: AddressList


class AddressListAdded(Told, frozen=True, kw_only=True):
    """That a list was made, and which."""

    info: OneAddressList


class AddressLists(Page, frozen=True, kw_only=True, rename="camel"):
    """A part of the lists."""

    data_list: list[AddressList]


class AddressListsListed(Told, frozen=True, kw_only=True):
    """Lists."""

    info: AddressLists


def say_list(row: Row) -> HttpResponse:
    return json_answer(AddressListAdded(info=OneAddressList(data=_of(row))))


def say_lists(rows: Sequence[Row], total: int) -> HttpResponse:
    listed = [_of(row) for row in rows]
    return json_answer(AddressListsListed(info=AddressLists(count=len(listed), total=total, data_list=listed)))


def _of(row: Row) -> AddressList:
    return AddressList(
        gmt_created=say_time(row.created_at),
        gmt_updated=say_time(row.updated_at),
        address=row.address,
        description=row.description,
        list_type=int(row.is_advanced),
        member_count=row.member_count,
        name=row.name,
    )
