"""Address lists: named, described, looked up and deleted. Their members are templates_app.members' business."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import idna
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from accounts.queries import hold_account
from gateway.base import clock
from gateway.base.errors import FieldInvalid, QuotaExceeded
from gateway.smtp.addresses import parse_address
from templates_app.models import AddressList, Member

LONGEST = {"address": 120, "name": 120, "description": 250}  # characters
MOST_FOUND = 1000  # lists that one page holds
MOST_LISTS = 10_000  # of an account
_DELETED_AT_ONCE = 10_000  # members of one statement

_UNFIT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFacts:
    """A list as a send to it sees it."""

    id: int
    address: str
    member_count: int


def add_list(account_id: int, *, address: str, name: str, description: str = "", is_advanced: bool = False) -> AddressList:
    """Make a list of an account.

    Raises FieldInvalid for `address`, `name` or `description`, also where the address is taken; QuotaExceeded at MOST_LISTS.
    """
    values = {"address": fit_address(address), "name": fit("name", name), "description": fit("description", description)}
    address_list = AddressList(account_id=account_id, is_advanced=is_advanced, **values)
    with transaction.atomic():
        hold_account(account_id)  # of two at once, one is the last, and one has the address
        if lists_of(account_id).count() >= MOST_LISTS:
            raise QuotaExceeded(f"The account has {MOST_LISTS:,} address lists, which is the most; delete some first.")
        _check_free(address_list)
        _save(address_list)
    return address_list


def change_list(
    account_id: int, list_id: int, *, address: str | None = None, name: str | None = None, description: str | None = None
) -> AddressList:
    """Change what is given of a list; raise FieldInvalid as add_list does, and for `list` where there is none of that key."""
    with transaction.atomic():
        if address is not None:
            hold_account(account_id)
        address_list = lock_list(account_id, list_id)
        if address is not None:
            address_list.address = fit_address(address)
            _check_free(address_list)
        if name is not None:
            address_list.name = fit("name", name)
        if description is not None:
            address_list.description = fit("description", description)
        _save(address_list, only=("address", "name", "description", "updated_at"))
    return address_list


def delete_list(account_id: int, list_id: int) -> None:
    """Delete a list with its members, in batches; what is interrupted leaves a shorter list. Raises FieldInvalid for `list`."""
    while delete_some(account_id, list_id):
        pass
    with transaction.atomic():
        lock_list(account_id, list_id).delete()


def delete_some(account_id: int, list_id: int) -> int:
    """Delete a batch of a list's members in one commit; return how many. Raises FieldInvalid for `list`."""
    with transaction.atomic():
        address_list = lock_list(account_id, list_id)
        keys = Member.objects.filter(address_list=address_list).order_by("pk").values_list("pk", flat=True)
        deleted, _ = Member.objects.filter(pk__in=list(keys[:_DELETED_AT_ONCE])).delete()
        note_members(address_list, -deleted)
    return deleted


def lists_of(account_id: int) -> QuerySet[AddressList]:
    """Return an account's lists, in the order that they were made."""
    return AddressList.objects.for_account(account_id).order_by("pk")


def lists_named(account_id: int, addresses: Iterable[str]) -> QuerySet[AddressList]:
    """Return those of an account's lists that have one of the addresses, in any spelling, in the order that they were made."""
    return lists_of(account_id).filter(address__in={spelling for address in addresses for spelling in _spellings(address)})


def find_list(account_id: int, *, list_id: int | None = None, address: str = "") -> AddressList | None:
    """Return an account's list by its key or else by its address in any spelling, None when there is none."""
    if list_id is not None:
        return lists_of(account_id).filter(pk=list_id).first()
    return max(lists_named(account_id, [address]), key=lambda one: one.address == address.strip().lower(), default=None)


def find_facts(account_id: int, list_ids: tuple[int, ...]) -> dict[int, ListFacts]:
    """Return those of the lists that the account has, by their keys."""
    rows = lists_of(account_id).filter(pk__in=list_ids[:MOST_FOUND]).values("id", "address", "member_count")
    return {row["id"]: ListFacts(**row) for row in rows}


def lock_list(account_id: int, list_id: int) -> AddressList:
    """Return a list, locked until the commit so that its changes come one after the other; raise FieldInvalid for `list`.

    Sends to it do not wait: whatever names it is added meanwhile.
    """
    found = lists_of(account_id).select_for_update(no_key=True).filter(pk=list_id).first()
    if found is None:
        raise no_such_list(str(list_id))
    return found


def note_members(address_list: AddressList, change: int) -> None:
    """Count members that came or went, on a list that is locked."""
    address_list.member_count = max(0, address_list.member_count + change)
    address_list.updated_at = clock.now()
    address_list.save(update_fields=["member_count", "updated_at"])


def no_such_list(value: str) -> FieldInvalid:
    return FieldInvalid("list", f"There is no address list {value[:80]}.", value=value)


def fit_address(text: str) -> str:
    """Return the address of a list in lower case, its domain in punycode or Unicode as it was given; raise FieldInvalid."""
    address = fit("address", text).lower()
    if " " in address:
        raise FieldInvalid("address", "The address of a list has no spaces.", value=text)
    spellings = _spellings(address)
    return address if address in spellings else fit("address", spellings[-1])


def fit(field: str, text: str) -> str:
    """Return a list's field without space around it; raise FieldInvalid where it is too long, empty or no plain text."""
    fitted = text.strip()
    if _UNFIT.search(fitted):
        raise FieldInvalid(field, f"The {field} of a list has control characters; remove them.")
    if len(fitted) > LONGEST[field]:
        raise FieldInvalid(field, f"The {field} of a list is longer than {LONGEST[field]} characters.", value=fitted)
    if not fitted and field != "description":
        raise FieldInvalid(field, f"The {field} of a list is missing.")
    return fitted


def _check_free(address_list: AddressList) -> None:
    """Raise FieldInvalid where another list of the account, which is held, has the address of this one in some spelling."""
    if lists_named(address_list.account_id, [address_list.address]).exclude(pk=address_list.pk).exists():
        raise _taken(address_list.address)


def _save(address_list: AddressList, *, only: tuple[str, ...] | None = None) -> None:
    try:
        with transaction.atomic():
            address_list.save(update_fields=only)
    except IntegrityError:
        raise _taken(address_list.address) from None


def _taken(address: str) -> FieldInvalid:
    return FieldInvalid("address", f"There is an address list {address} already.", value=address)


def _spellings(address: str) -> tuple[str, ...]:
    """Return the ways that the address of a list is kept: its domain in punycode and in Unicode; one where it has no domain."""
    given = address.strip().lower()
    try:
        found = parse_address(given)
        return found.text, f"{found.local}@{idna.decode(found.domain)}"
    except ValueError:  # both have errors that are one
        return (given,)
