"""list.* and list_member.* of version 1: lists of addresses, and who is in them."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

from gateway.api.asked import Asked
from gateway.api.fields import fault_in
from gateway.api.sendcloud.answers.v1_modules import (
    DeletedV1,
    ListOfV1,
    ListsV1,
    MembersCountedV1,
    MembersV1,
    tell_list,
    tell_lists,
    tell_members,
)
from gateway.api.sendcloud.parse import members as of_members
from gateway.api.sendcloud.parse import v1_modules as parse
from gateway.api.sendcloud.parse.v1_modules import OF_LISTS, OF_MEMBERS, in_version_2
from gateway.api.sendcloud.views import address_lists, members
from gateway.api.sendcloud.views.paging import Part, take_part
from gateway.api.sendcloud.views.v1 import ChangingV1View, ModuleV1View
from templates_app import lists
from templates_app.members import find_members, page_of_members
from templates_app.models import AddressList, Member


class GetLists(ModuleV1View):
    """webapi/list.get

    Returns the lists, or those of some aliases, in the order that they were made.
    """

    fields = parse.LISTS
    answers = (ListsV1,)

    def act(self, asked: Asked) -> Part[AddressList]:
        aliases = asked["address"]
        found = lists.lists_of(asked.account_id) if aliases is None else lists.lists_named(asked.account_id, aliases)
        return take_part(found, asked)

    def answer(self, done: Part[AddressList]) -> HttpResponse:
        return self.say(tell_lists(done.rows, done.total))


class CreateList(ChangingV1View):
    """webapi/list.create

    Makes a list without members.
    """

    fields = parse.CREATE_LIST
    codes = (40505, 40508, 40511)
    answers = (ListOfV1,)

    def change(self, asked: Asked) -> AddressList:
        return address_lists.add_list(in_version_2(asked, OF_LISTS, listType=False))

    def answer(self, done: AddressList) -> HttpResponse:
        return self.say(tell_list(done))


class UpdateList(ChangingV1View):
    """webapi/list.update

    Changes what is given of a list: its alias, name or description.
    """

    fields = parse.UPDATE_LIST
    codes = (40505, 40517)
    answers = (ListOfV1,)

    def change(self, asked: Asked) -> AddressList:
        return address_lists.update_list(in_version_2(asked, OF_LISTS))

    def answer(self, done: AddressList) -> HttpResponse:
        return self.say(tell_list(done))


class Deleting(ChangingV1View):
    """A call that deletes, and says how many."""

    answers = (DeletedV1,)

    def answer(self, done: Any) -> HttpResponse:
        return self.say(DeletedV1(del_count=done))


class DeleteList(Deleting):
    """webapi/list.delete

    Deletes a list with its members. What was sent to it stays.
    """

    fields = parse.DELETE_LIST
    codes = (40517,)
    is_atomic = False  # its members go in batches

    def change(self, asked: Asked) -> int:
        return address_lists.delete_list(asked)


class GetListMembers(ModuleV1View):
    """webapi/list_member.get

    Returns the members of a list, in the order that they were added, or those of some addresses.
    """

    fields = parse.MEMBERS
    codes = of_members.CODES
    answers = (MembersV1,)

    def act(self, asked: Asked) -> Part[Member]:
        found = address_lists.get_list(in_version_2(asked, OF_MEMBERS))
        if asked["member_addr"] is None:
            rows = page_of_members(found, asked["start"], asked["limit"])
            return Part(rows=rows, total=found.member_count)
        emails = of_members.read_emails(asked["member_addr"], "member_addr")
        return take_part(find_members(asked.account_id, found.pk, emails), asked)

    def answer(self, done: Part[Member]) -> HttpResponse:
        return self.say(tell_members(done.rows, done.total))


class AddListMembers(ChangingV1View):
    """webapi/list_member.add

    Adds members to a list. One that is in it already is changed with `upsert`, and refuses the call without.
    """

    fields = parse.ADD_MEMBERS
    codes = of_members.CODES_OF_ENTRIES
    answers = (MembersCountedV1,)

    def change(self, asked: Asked) -> int:
        written = members.put_members(in_version_2(asked, OF_MEMBERS))
        if written.updated and not asked["upsert"]:
            sentence = f"{written.updated} of the members are in the list already; upsert changes them."
            raise fault_in("member_addr", 40516, sentence)
        return written.added + written.updated

    def answer(self, done: int) -> HttpResponse:
        return self.say(MembersCountedV1(total_counts=done))


class UpdateListMembers(ChangingV1View):
    """webapi/list_member.update

    Changes members of a list: their names or values. Returns how many members the list has.
    """

    fields = parse.UPDATE_MEMBERS
    codes = of_members.CODES_OF_ENTRIES
    answers = (MembersCountedV1,)

    def change(self, asked: Asked) -> int:
        address_list, _ = members.update_members(in_version_2(asked, OF_MEMBERS, newMembers=None))
        return address_list.member_count

    def answer(self, done: int) -> HttpResponse:
        return self.say(MembersCountedV1(total_counts=done))


class DeleteListMembers(Deleting):
    """webapi/list_member.delete

    Takes members out of a list. Those that are not in it are not counted.
    """

    fields = parse.DELETE_MEMBERS
    codes = of_members.CODES

    def change(self, asked: Asked) -> int:
        return members.delete_members(in_version_2(asked, OF_MEMBERS))
