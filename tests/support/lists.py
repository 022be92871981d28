"""Address lists for tests."""

from __future__ import annotations

from collections.abc import Iterable

from templates_app.lists import add_list
from templates_app.members import MOST_AT_ONCE, Entry, put_members
from templates_app.models import AddressList


def make_list(account_id: int, members: Iterable[str] | int = 3, address: str = "news@lists.example") -> AddressList:
    """Make a list of `members`: addresses, or a number of them; each has its number as the variable N."""
    emails = [f"p{number}@inbox.example" for number in range(members)] if isinstance(members, int) else list(members)
    made = add_list(account_id, address=address, name=f"The list {address}")
    entries = [Entry(email=email, variables={"N": str(number)}) for number, email in enumerate(emails)]
    for start in range(0, len(entries), MOST_AT_ONCE):
        put_members(account_id, made.pk, entries[start : start + MOST_AT_ONCE])
    made.refresh_from_db()
    return made
