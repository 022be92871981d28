"""addressmember/*: who is in a list of addresses. What is wrong with one member refuses the whole call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpResponse

from gateway.api.asked import Asked
from gateway.api.sendcloud.answers.members import MembersListed, say_members
from gateway.api.sendcloud.errors import coded
from gateway.api.sendcloud.parse.members import (
    ADD,
    CODES,
    CODES_OF_ENTRIES,
    GET,
    LIST,
    UPDATE,
    read_emails,
    read_entries,
    read_moves,
)
from gateway.api.sendcloud.views.address_lists import get_list
from gateway.api.sendcloud.views.base import ChangingView, ModuleView
from gateway.base.errors import FieldInvalid
from templates_app import members
from templates_app.members import Written
from templates_app.models import AddressList, Member
from templates_app.moves import move_members


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Members of a list, and how many there are in all."""

    address_list: AddressList
    rows: Sequence[Member]
    total: int


class MembersView(ModuleView):
    """A call that returns members."""

    answers = (MembersListed,)

    def answer(self, done: Found) -> HttpResponse:
        return say_members(done.rows, done.address_list, done.total)


class ListMembers(MembersView):
    """addressmember/list

    Returns the members of a list, in the order that they were added.
    """

    fields = LIST
    codes = (40517,)

    def act(self, asked: Asked) -> Found:
        found = get_list(asked)
        rows = members.page_of_members(found, asked["start"], asked["limit"])
        return Found(address_list=found, rows=rows, total=found.member_count)


class GetMembers(MembersView):
    """addressmember/get

    Returns those of some addresses that are in a list.
    """

    fields = GET
    codes = CODES

    def act(self, asked: Asked) -> Found:
        emails = read_emails(asked["members"])
        found = get_list(asked)
        rows = list(members.find_members(asked.account_id, found.pk, emails))
        return Found(address_list=found, rows=rows, total=len(rows))


class AddMembers(ChangingView):
    """addressmember/add

    Adds members to a list. Those that are in it already are changed to what is given, and not counted.
    """

    fields = ADD
    codes = CODES_OF_ENTRIES

    def change(self, asked: Asked) -> int:
        return put_members(asked).added


class UpdateMembers(ChangingView):
    """addressmember/update

    Changes members of a list: their addresses, names or values. Those that are not in it are not counted.
    """

    fields = UPDATE
    codes = CODES_OF_ENTRIES

    def change(self, asked: Asked) -> int:
        return update_members(asked)[1]


class DeleteMembers(ChangingView):
    """addressmember/delete

    Takes members out of a list. Those that are not in it are not counted.
    """

    fields = GET
    codes = CODES

    def change(self, asked: Asked) -> int:
        return delete_members(asked)


def put_members(asked: Asked) -> Written:
    """Add members, or change those that are there; raise FieldsRefused."""
    entries = read_entries(asked, read_emails(asked["members"]))
    address_list = get_list(asked)
    with coded({FieldInvalid: 40516}):
        written = members.put_members(asked.account_id, address_list.pk, entries)
    asked.remember(address_list, "added members to")
    return written


def update_members(asked: Asked) -> tuple[AddressList, int]:
    """Change members; return their list, and how many of them are in it. Raises FieldsRefused."""
    emails = read_emails(asked["members"])
    entries, moves = read_entries(asked, emails), read_moves(asked, emails)
    address_list = get_list(asked)
    with coded({FieldInvalid: 40516}):
        changed = members.change_members(asked.account_id, address_list.pk, entries).updated
        move_members(asked.account_id, address_list.pk, moves)
    asked.remember(address_list, "changed members of")
    return address_list, changed


def delete_members(asked: Asked) -> int:
    """Take members out of a list; return how many were in it. Raises FieldsRefused."""
    emails = read_emails(asked["members"])
    address_list = get_list(asked)
    with coded({FieldInvalid: 40517}):
        deleted = members.delete_members(asked.account_id, address_list.pk, emails)
    asked.remember(address_list, "deleted members of")
    return deleted
