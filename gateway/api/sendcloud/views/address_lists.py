"""addresslist/*: lists of addresses to send to in bulk."""

from __future__ import annotations

from django.http import HttpResponse

from gateway.api.asked import Asked
from gateway.api.fields import fault_in
from gateway.api.sendcloud.answers.address_lists import AddressListAdded, AddressListsListed, say_list, say_lists
from gateway.api.sendcloud.errors import coded
from gateway.api.sendcloud.parse.address_lists import ADD, ADDRESS, LIST, UPDATE, check_alias
from gateway.api.sendcloud.views.base import ChangingView, ModuleView
from gateway.api.sendcloud.views.paging import Part, take_part
from gateway.base.errors import FieldInvalid, QuotaExceeded
from templates_app import lists
from templates_app.models import AddressList


class ListAddressLists(ModuleView):
    """addresslist/list

    Returns the lists, or those of some aliases, in the order that they were made.
    """

    fields = LIST
    answers = (AddressListsListed,)

    def act(self, asked: Asked) -> Part[AddressList]:
        aliases = asked["address"]
        found = lists.lists_of(asked.account_id) if aliases is None else lists.lists_named(asked.account_id, aliases)
        return take_part(found, asked)

    def answer(self, done: Part[AddressList]) -> HttpResponse:
        return say_lists(done.rows, done.total)


class AddAddressList(ChangingView):
    """addresslist/add

    Makes a list without members.
    """

    fields = ADD
    codes = (40505, 40508, 40511)
    answers = (AddressListAdded,)

    def change(self, asked: Asked) -> AddressList:
        return add_list(asked)

    def answer(self, done: AddressList) -> HttpResponse:
        return say_list(done)


class UpdateAddressList(ChangingView):
    """addresslist/update

    Changes what is given of a list: its alias, name or description.
    """

    fields = UPDATE
    codes = (40505, 40517)

    def change(self, asked: Asked) -> int:
        update_list(asked)
        return 1


class DeleteAddressList(ChangingView):
    """addresslist/delete

    Deletes a list with its members. What was sent to it stays.
    """

    fields = (ADDRESS,)
    codes = (40517,)
    is_atomic = False  # its members go in batches

    def change(self, asked: Asked) -> int:
        return delete_list(asked)


def get_list(asked: Asked) -> AddressList:
    """Return the list that a call is about; raise FieldsRefused."""
    found = lists.find_list(asked.account_id, address=asked["address"])
    if found is None:
        raise fault_in("address", 40517, "There is no such address list.")
    return found


def add_list(asked: Asked) -> AddressList:
    """Make a list; raise FieldsRefused."""
    with coded({FieldInvalid: 40505, QuotaExceeded: 40508}):
        added = lists.add_list(
            asked.account_id,
            address=check_alias(asked["address"], "address"),
            name=asked["name"],
            description=asked["desc"],
            is_advanced=asked["listType"],
        )
    asked.remember(added, "added")
    return added


def update_list(asked: Asked) -> AddressList:
    """Change what is given of a list; raise FieldsRefused."""
    given = {"address": asked["newAddress"], "name": asked["name"], "description": asked["desc"]}
    if all(value is None for value in given.values()):
        raise fault_in("newAddress", 40509, "Give a newAddress, name or desc.")
    address_list = get_list(asked)
    if given["address"] is not None:
        given["address"] = check_alias(given["address"], "newAddress")
    with coded({FieldInvalid: 40505}):
        changed = lists.change_list(asked.account_id, address_list.pk, **given)
    asked.remember(changed, "changed")
    return changed


def delete_list(asked: Asked) -> int:
    """Delete a list with its members; return 1, or raise FieldsRefused."""
    address_list = get_list(asked)
    asked.remember(address_list, "deleted")
    with coded({FieldInvalid: 40517}):
        lists.delete_list(asked.account_id, address_list.pk)
    return 1
