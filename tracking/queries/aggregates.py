"""Events counted by one of their fields: from the roll-ups where they know it, else from the events themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any, Final

from django.db.models import BigIntegerField, Count, F, Func, Min, Sum, TextField, Value
from django.db.models.functions import Collate, Floor

from gateway.base import bulk
from tracking.models import Event, EventType
from tracking.queries.filters import EventFilter
from tracking.queries.rollups import BUCKETS, can_tell, columns_of, rows_of, sum_counters, truncated
from tracking.queries.room import room_to_work
from tracking.queries.took import Took
from tracking.statistics import TOTALS

MOST_BUCKETS: Final = 1_000

# What stands for "none" in a field, and is left out: in the events, and in the roll-ups.
FIELDS: Final[Mapping[str, Any]] = {
    "type": "",
    "tag": "",
    "campaign": "",
    "domain_id": None,
    "smtp_user_id": None,
    "account_id": None,
    "message_id": None,
    "public_id": None,  # of messages
    "seconds": None,  # whole ones from the acceptance of the message, of what was delivered
    "recipient_id": None,
    "subject": "",
    "sender": "",
    "recipient": "",
    "recipient_domain": "",
    "category": "",
    "code": 0,
    "enhanced": "",
    "reply": "",
    "host": "",
    "address": "",
    "agent": "",
    "url": "",
    **dict.fromkeys(BUCKETS),
}
ROLLED_UP: Final[Mapping[str, Any]] = {
    "type": "",
    "tag": "",
    "campaign": "",
    "domain_id": 0,
    "smtp_user_id": 0,
    "account_id": 0,
    **dict.fromkeys(BUCKETS),
}

Counted = Any  # pairs of a value and a number: a list, or a query's rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """How many events have one value; of a span of time, `key` is its beginning in UTC."""

    key: Any
    count: int


def aggregate(asked: EventFilter, field: str, limit: int = 10) -> list[Bucket]:
    """Count events by a field of FIELDS: the most frequent values first; spans of time in their order, the last `limit`.

    A field that is not there raises KeyError: each door has a table from its vendor's names to these.
    """
    nothing, limit = FIELDS[field], max(1, min(limit, MOST_BUCKETS))
    is_known = field in ROLLED_UP and can_tell(asked) and not (field == "tag" and asked.tag)
    with room_to_work():
        found = _from_rollups(asked, field, limit) if is_known else _from_events(asked, field, nothing, limit)
        buckets = [Bucket(key=key, count=number) for key, number in found if number]
    return buckets[::-1] if field in BUCKETS else buckets


def _from_rollups(asked: EventFilter, field: str, limit: int) -> Counted:
    rows = rows_of(asked, every_tag=field == "tag")
    if field == "type":
        return _by_type(asked, sum_counters(rows, columns_of(asked.types)))[:limit]
    number = Sum(reduce(add, (F(name) for name in columns_of(asked.types))))
    if field in BUCKETS:
        named = rows.annotate(key=truncated(field, "hour")).values_list("key")
        return named.annotate(number=number).filter(number__gt=0).order_by("-key")[:limit]
    known = rows.exclude(**{field: ROLLED_UP[field]}).values_list(field)
    return known.annotate(number=number).order_by("-number", field)[:limit]


def _by_type(asked: EventFilter, sums: Mapping[str, int]) -> list[tuple[str, int]]:
    wanted = {str(kind) for kind in asked.types}
    kinds = [kind for kind in TOTALS if not wanted or kind.value in wanted]
    counted = ((kind.value, sum(sums[name] for name in TOTALS[kind])) for kind in kinds)
    return sorted(counted, key=lambda pair: (-pair[1], pair[0]))


def _from_events(asked: EventFilter, field: str, nothing: Any, limit: int) -> Counted:
    if field in _WAYS:
        return _WAYS[field](asked, limit)
    if field in BUCKETS:
        named = asked.events().annotate(key=truncated(field, "at")).values_list("key")
        return named.annotate(number=Count("*")).order_by("-key")[:limit]
    rows = asked.events()
    known = rows.exclude(**{f"{field}__isnull": True}) if nothing is None else rows.exclude(**{field: nothing})
    if nothing == "" and bulk.is_postgresql():
        return _by_text(known, field, limit)
    return known.values_list(field).annotate(number=Count("*")).order_by("-number", field)[:limit]


def _by_text(known: Any, field: str, limit: int) -> Counted:
    """Group by a hash of the text (64 bits) instead of the text: what is sorted on the way is then compared as numbers."""
    hashed = known.annotate(hash=Func(F(field), Value(0), function="hashtextextended", output_field=BigIntegerField()))
    counted = hashed.values_list("hash").annotate(number=Count("*"), key=Min(Collate(F(field), "C")))
    return [(key, number) for _, number, key in counted.order_by("-number", "key")[:limit]]


def _by_public_id(asked: EventFilter, limit: int) -> Counted:
    """Count by the messages' keys, which are half as long, and name them afterwards."""
    counted = list(_from_events(asked, "message_id", None, limit))
    rows = Event.objects.for_account(asked.account_id).filter(message_id__in=[key for key, _ in counted])
    names = dict(rows.order_by().values_list("message_id", "public_id").distinct())
    return [(names[key], number) for key, number in counted]


def _by_tag(asked: EventFilter, limit: int) -> Counted:
    """Count the tags of events one by one: an event counts once for each."""
    if not bulk.is_postgresql():
        tags = (tag for listed in asked.events().values_list("tags", flat=True).iterator() for tag in listed if tag)
        return Counter(sorted(tags)).most_common(limit)
    rows = asked.events().annotate(key=_EachTag("tags")).values_list("key")
    counted = rows.annotate(number=Count("*")).order_by("-number", "key")
    return [pair for pair in counted[: limit + 1] if pair[0]][:limit]


def _by_seconds(asked: EventFilter, limit: int) -> Counted:
    named = asked.events().filter(type=EventType.DELIVERED).annotate(key=Floor(Took())).values_list("key")
    counted = named.annotate(number=Count("*")).order_by("-number", "key")
    return [(int(key), number) for key, number in counted[:limit]]


_WAYS: Final = {"tag": _by_tag, "public_id": _by_public_id, "seconds": _by_seconds}


class _EachTag(Func):
    """The tags of an event, each in a row of its own."""

    function = "jsonb_array_elements_text"
    output_field = TextField()
    set_returning = True
