"""What the calls that report have in common: API users and labels by name and number, and which events are asked for.

Names and numbers that are not the account's are of nobody: nothing is found by them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from domains.models import SMTPUser
from gateway.api.asked import Asked
from gateway.api.sendcloud.parse.paging import LAST_ROW
from gateway.api.sendcloud.views.paging import Part
from tracking.labels import find_names
from tracking.models import Event
from tracking.queries import EventFilter, count_events, find_events

NOBODY: Final = -1  # the key of no SMTP user; 0 stands for mail that none sent
NOTHING: Final = "\x7f"  # a tag that no mail has: a label's name has no such character


def user_ids(account_id: int, names: Iterable[str] | None) -> tuple[int, ...]:
    """Return the keys of API users, that of nobody where there are none of these names; () for no names, which is all."""
    if names is None:
        return ()
    found = SMTPUser.objects.for_account(account_id).filter(name__in=list(names))
    return tuple(found.values_list("pk", flat=True)) or (NOBODY,)


def user_names(account_id: int, ids: Iterable[int | None]) -> Mapping[int | None, str]:
    """Return the names of API users by their keys."""
    wanted = {one for one in ids if one}
    return dict(SMTPUser.objects.for_account(account_id).filter(pk__in=wanted).values_list("pk", "name"))


def tags_of(account_id: int, label_ids: Sequence[int] | None) -> dict[str, int]:
    """Return the tags of labels with the labels' numbers; the tag of nothing where there are none of these numbers."""
    if label_ids is None:
        return {}
    names = find_names(account_id, label_ids)
    return {name: key for key, name in names.items()} or {NOTHING: 0}


def tag_of(account_id: int, label_id: int | None) -> str:
    """Return the tag of a label, that of nothing where there is none of this number; empty for no number, which is all."""
    return next(iter(tags_of(account_id, [label_id])), "") if label_id is not None else ""


def list_events(asked: Asked, wanted: EventFilter) -> Part[Event]:
    """Return the events of the page that a call with START and LIMIT asks for, the newest first.

    How many there are in all is exact for days, and up to 10,000 for an address (decision 26); a last page tells it by itself.
    """
    start, limit = asked["start"], asked["limit"]
    events = find_events(wanted, skip=start, limit=limit, most_skipped=LAST_ROW).events[:limit]  # none, where 0 are asked for
    is_last = len(events) < limit and (start == 0 or len(events) > 0)
    return Part(rows=events, total=start + len(events) if is_last else count_events(wanted).value)
