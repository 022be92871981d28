"""The members of address lists: put in, changed and taken out in bulk. One address is in a list once, in whatever case.

Each change locks the list until its commit: two never wait for each other crosswise, and the count of members is exact.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Lower

from gateway.base import bulk, clock
from gateway.base.errors import FieldInvalid
from gateway.base.statement import Statement
from gateway.smtp.addresses import AddressError, parse_address
from templates_app.lists import lock_list, note_members
from templates_app.models import AddressList, Member

MOST_AT_ONCE = 1000  # members of one call
MOST_VARIABLES = 100  # of a member
LONGEST_NAME = 120  # characters of a member's name
LONGEST_KEY = 100  # characters of a variable's name
MOST_BYTES = 10 * 1024  # of a member's variables, as JSON in UTF-8

_UNFIT_NAME = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_UNFIT_VALUE = re.compile(r"[\x00\ud800-\udfff]")  # what PostgreSQL's text, and UTF-8, do not hold

_FIND = Statement(
    postgresql="""
        SELECT given.place, lower(given.email), m.id
        FROM unnest(%(c0)b::int[], %(c1)b::text[]) AS given(place, email)
        LEFT JOIN templates_app_member m ON m.address_list_id = %(list_id)b::bigint AND lower(m.email) = lower(given.email)
    """,
    sqlite="""
        SELECT given.value ->> 0, lower(given.value ->> 1), m.id FROM json_each(:rows) AS given
        LEFT JOIN templates_app_member m ON m.address_list_id = :list_id AND lower(m.email) = lower(given.value ->> 1)
    """,
)
_CHANGE = Statement(
    postgresql="""
        UPDATE templates_app_member m SET name = coalesce(given.name, m.name), updated_at = %(at)b::timestamptz,
            variables = coalesce(given.variables::jsonb, m.variables)
        FROM unnest(%(c0)b::bigint[], %(c1)b::text[], %(c2)b::text[]) AS given(id, name, variables) WHERE m.id = given.id
    """,
    sqlite="""
        UPDATE templates_app_member AS m SET name = coalesce(given.value ->> 1, m.name), updated_at = :at,
            variables = coalesce(given.value ->> 2, m.variables)
        FROM json_each(:rows) AS given WHERE m.id = given.value ->> 0
    """,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A member as asked for. A name or variables that are None stay as they are; a new member then has none."""

    email: str
    name: str | None = None
    variables: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An entry that was left out: its place among those given, from 0, and a sentence that says why."""

    place: int
    email: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What came of entries. One address given twice counts once, as the last one says."""

    added: int = 0
    updated: int = 0
    refused: tuple[Refusal, ...] = ()


def put_members(account_id: int, list_id: int, entries: Sequence[Entry]) -> Written:
    """Add members to a list, or change those that are in it, in one commit; what is not right of them is left out.

    Raises FieldInvalid for `list` (there is none of that key) and `members` (more than MOST_AT_ONCE).
    """
    return _write(account_id, list_id, entries, adds=True)


def change_members(account_id: int, list_id: int, entries: Sequence[Entry]) -> Written:
    """As put_members, but entries whose address is not in the list are refused."""
    return _write(account_id, list_id, entries, adds=False)


def delete_members(account_id: int, list_id: int, emails: Sequence[str]) -> int:
    """Take addresses out of a list, in whatever case they are given; return how many were in it. Raises as put_members."""
    _check_number(emails)
    with transaction.atomic():
        address_list = lock_list(account_id, list_id)
        keys = find_members(account_id, list_id, emails).values_list("pk", flat=True)
        deleted, _ = Member.objects.filter(pk__in=list(keys)).delete()
        note_members(address_list, -deleted)
    return deleted


def members_of(account_id: int, list_id: int) -> QuerySet[Member]:
    """Return a list's members in the order of their keys, which is the one that they were added in."""
    return Member.objects.for_account(account_id).filter(address_list_id=list_id).order_by("pk")


def find_members(account_id: int, list_id: int, emails: Iterable[str]) -> QuerySet[Member]:
    """Return those of the addresses that are in a list, in whatever case they are given."""
    wanted = {_normal(email).lower() for email in emails}
    return members_of(account_id, list_id).annotate(lower=Lower("email")).filter(lower__in=wanted)


def page_of_members(address_list: AddressList, start: int, limit: int) -> list[Member]:
    """Return `limit` members of a list from the one at the place `start` on, from 0, in the order of their keys."""
    # By their keys alone, which an index has in order: the rows before are not read.
    keys = Member.objects.filter(address_list=address_list).order_by("pk").values_list("pk", flat=True)
    return list(Member.objects.filter(pk__in=list(keys[start : start + limit])).order_by("pk"))


def find_values(account_id: int, member_id: int, list_id: int | None = None) -> dict[str, str] | None:
    """Return the values of a member of an account's lists, or of the one list; None where there is none of that key."""
    members = Member.objects.for_account(account_id).filter(pk=member_id)
    members = members if list_id is None else members.filter(address_list_id=list_id)
    row = members.values_list("email", "name", "variables").first()
    return values_of(*row) if row is not None else None


def values_of(email: str, name: str, variables: Mapping[str, str]) -> dict[str, str]:
    """Return a member's values; its address and name are fields as well, where the list has none of that name itself."""
    own = {"email": email, "name": name} if name else {"email": email}
    return own | dict(variables)


def check_entry(entry: Entry) -> Entry:
    """Return an entry with its address in its normal form; raise FieldInvalid for `email`, `name` or `variables`."""
    try:
        email = parse_address(entry.email.strip()).text
    except AddressError as error:
        raise FieldInvalid("email", f"{error}.", value=entry.email) from None
    if entry.name is not None and (len(entry.name) > LONGEST_NAME or _UNFIT_NAME.search(entry.name)):
        raise FieldInvalid(
            "name", f"The name has control characters, or more than {LONGEST_NAME} characters.", value=entry.name
        )
    if entry.variables is not None:
        check_variables(entry.variables)
    return Entry(email=email, name=entry.name, variables=entry.variables)


def check_variables(variables: Mapping[str, str]) -> None:
    """Raise FieldInvalid for `variables` unless they are texts by name, not too many and not too long."""
    if len(variables) > MOST_VARIABLES:
        raise FieldInvalid("variables", f"There are {len(variables)} variables; at most {MOST_VARIABLES} are allowed.")
    for name, value in variables.items():
        _check_variable(name, value)
    if len(msgspec.json.encode(variables)) > MOST_BYTES:
        raise FieldInvalid("variables", f"The variables are longer than {MOST_BYTES} bytes together.")


def _check_variable(name: object, value: object) -> None:
    if not isinstance(name, str) or not name.strip() or len(name) > LONGEST_KEY or _UNFIT_NAME.search(name):
        raise FieldInvalid("variables", f"{str(name)[:40]!r} cannot be the name of a variable.", value=str(name))
    if not isinstance(value, str) or _UNFIT_VALUE.search(value):
        raise FieldInvalid("variables", f"The value of the variable {name} is not plain text.", value=name)


def _write(account_id: int, list_id: int, entries: Sequence[Entry], *, adds: bool) -> Written:
    _check_number(entries)
    refused: dict[int, Refusal] = {}
    checked = _check_all(entries, refused)
    with transaction.atomic(), bulk.raw_cursor() as cursor:
        address_list = lock_list(account_id, list_id)
        known, fresh = _find(cursor, list_id, checked)
        if not adds:
            refused |= {place: _not_there(place, checked[place]) for place in fresh}
            fresh = []
        _change(cursor, [(key, checked[place]) for place, key in known])
        _add(cursor, list_id, [checked[place] for place in fresh])
        note_members(address_list, len(fresh))
    return Written(added=len(fresh), updated=len(known), refused=tuple(refused[place] for place in sorted(refused)))


def _check_number(given: Sequence[object]) -> None:
    if len(given) > MOST_AT_ONCE:
        raise FieldInvalid("members", f"There are {len(given)} members in this call; at most {MOST_AT_ONCE} are allowed.")


def _check_all(entries: Sequence[Entry], refused: dict[int, Refusal]) -> dict[int, Entry]:
    checked = {}
    for place, entry in enumerate(entries):
        try:
            checked[place] = check_entry(entry)
        except FieldInvalid as error:
            refused[place] = Refusal(place=place, email=entry.email, reason=error.message)
    return checked


def _not_there(place: int, entry: Entry) -> Refusal:
    return Refusal(place=place, email=entry.email, reason=f"{entry.email} is not in the list.")


def _find(cursor: bulk.Cursor, list_id: int, entries: Mapping[int, Entry]) -> tuple[list[tuple[int, int]], list[int]]:
    """Return (place, key) of the entries that are in the list, and the places of the others; each address once, the last."""
    rows = find_keys(cursor, list_id, {place: entry.email for place, entry in entries.items()})
    last = {lower: (place, key) for place, lower, key in sorted(rows, key=lambda row: row[0])}  # `lower` is the database's
    known = [(place, key) for place, key in last.values() if key is not None]
    return known, sorted(place for place, key in last.values() if key is None)


def find_keys(cursor: bulk.Cursor, list_id: int, emails: Mapping[int, str]) -> list[tuple[int, str, int | None]]:
    """Return for each address, under its place, (place, the address in lower case, its key in the list or None)."""
    if not emails:
        return []
    return _FIND.fetch(cursor, rows=list(emails.items()), list_id=list_id)


def _change(cursor: bulk.Cursor, changes: Sequence[tuple[int, Entry]]) -> None:
    if changes:
        rows = [(key, entry.name, _json_of(entry.variables)) for key, entry in changes]
        _CHANGE.run(cursor, rows=rows, at=clock.now())


def _json_of(variables: Mapping[str, str] | None) -> str | None:
    return msgspec.json.encode(variables).decode() if variables is not None else None


def _add(cursor: bulk.Cursor, list_id: int, entries: Sequence[Entry]) -> None:
    now = clock.now()
    rows: list[tuple[Any, ...]] = [
        (list_id, entry.email, entry.name or "", dict(entry.variables or {}), now, now) for entry in entries
    ]
    bulk.insert(cursor, bulk.table_of(Member, leaves_out=("id",)), rows)


def _normal(email: str) -> str:
    try:
        return parse_address(email.strip()).text
    except AddressError:
        return email
