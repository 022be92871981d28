"""Members that get another address; see templates_app.members for all else that changes them."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from gateway.base import bulk, clock
from gateway.base.errors import FieldInvalid
from gateway.base.statement import Statement
from templates_app.lists import lock_list
from templates_app.members import Entry, check_entry, find_keys

_MOVE = Statement(
    postgresql="""
        UPDATE templates_app_member m SET email = given.email, updated_at = %(at)b::timestamptz
        FROM unnest(%(c0)b::bigint[], %(c1)b::text[]) AS given(id, email) WHERE m.id = given.id
    """,
    sqlite="""
        UPDATE templates_app_member AS m SET email = given.value ->> 1, updated_at = :at
        FROM json_each(:rows) AS given WHERE m.id = given.value ->> 0
    """,
)


def move_members(account_id: int, list_id: int, moves: Sequence[tuple[str, str]]) -> int:
    """Give members of a list other addresses, given as pairs of old and new, in one commit; return how many were in it.

    Raises FieldInvalid for `members` where a new address is another member's, or would be two members', and for `email` where
    it is no address.
    """
    old = {place: pair[0] for place, pair in enumerate(moves)}
    new = {place: check_entry(Entry(email=pair[1])).email for place, pair in enumerate(moves)}
    with transaction.atomic(), bulk.raw_cursor() as cursor:
        lock_list(account_id, list_id)
        keys = {place: key for place, _, key in find_keys(cursor, list_id, old) if key is not None}
        owners: dict[str, int] = {}
        for place, lower, owner in find_keys(cursor, list_id, {place: new[place] for place in keys}):
            if owners.setdefault(lower, keys[place]) != keys[place] or owner not in {None, keys[place]}:
                raise FieldInvalid("members", f"{new[place]} would be in the list twice.", value=new[place])
        moved = {keys[place]: new[place] for place in sorted(keys)}  # of two new addresses of one member the last
        if moved:
            _MOVE.run(cursor, rows=sorted(moved.items()), at=clock.now())
    return len(moved)
