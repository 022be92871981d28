"""What an index costs the writer of events: the processor time of the database and of the writer, per 1,000 events."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from gateway.base import bulk
from tracking import events
from tracking.events import Fact, Origin
from tracking.models import EventType

BATCH = 100  # facts in a transaction
ACCOUNT = 77
TICKS = 100.0  # of /proc's clock, per second

# Done one after the other: what was weighed and not taken, then one of those that the migrations make less each time.
STEPS: Final[Mapping[str, str]] = {
    "as migrated": "SELECT 1",
    "one of all types more": "CREATE INDEX bench_more ON tracking_event (account_id, type, at, id)",
    "one of recipients instead": (
        "DROP INDEX bench_more; CREATE INDEX bench_more ON tracking_event (account_id, lower(recipient))"
    ),
    "without statistic_by_tag": "DROP INDEX bench_more; DROP INDEX statistic_by_tag",
    "and without event_by_rare_type": "DROP INDEX event_by_rare_type",
    "and without event_by_tag": "DROP INDEX event_by_tag",
    "and without event_by_words": "DROP INDEX event_by_words",
}
_numbers = count(10**12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Seconds per 1,000 events: of the database's processor, of ours, and by the clock."""

    database: float
    writer: float
    clock: float


def weigh(name: str, batches: int) -> Cost:
    """Take a step, and write events."""
    with connection.cursor() as cursor:
        cursor.execute(STEPS[name])
    _write(batches // 5)
    return _measure(batches)


def _measure(batches: int) -> Cost:
    backend = _backend()
    before = (_used(backend), time.process_time(), time.perf_counter())
    _write(batches)
    after = (_used(backend), time.process_time(), time.perf_counter())
    database, writer, clock = ((end - start) / (batches * BATCH) * 1000 for start, end in zip(before, after, strict=True))
    return Cost(database=database, writer=writer, clock=clock)


def _write(batches: int) -> None:
    for _ in range(batches):
        facts = [_fact(number, kind) for number in (next(_numbers) for _ in range(BATCH // 2)) for kind in _KINDS]
        with transaction.atomic(), bulk.raw_cursor() as cursor:
            events.record(cursor, facts)


_KINDS = (EventType.ACCEPTED, EventType.DELIVERED)


def _fact(number: int, kind: EventType) -> Fact:
    is_told = kind is EventType.DELIVERED
    domain = f"mail{hash(str(number)) % 200}.example"
    return Fact(
        origin=Origin(
            account_id=ACCOUNT,
            domain_id=1,
            smtp_user_id=2,
            message_id=number,
            public_id=str(UUID(int=number)),
            subject=f"Your order #{number * 2654435761 % 10**9} has shipped",
            sender="shop@acme.example",
            tags=(f"tag-{number % 40}",),
            campaign="receipts",
        ),
        type=kind,
        at=datetime.now(UTC),
        recipient_id=number,
        position=0,
        sequence=2 if is_told else 1,
        recipient=f"user{number * 2654435761 % 900_007}@{domain}",
        recipient_domain=domain,
        code=250 if is_told else 0,
        enhanced="2.0.0" if is_told else "",
        reply=f"2.0.0 Ok: queued as {number * 2654435761 % 2**40:X}" if is_told else "",
        host=f"mx1.{domain}" if is_told else "",
        address="192.0.2.7" if is_told else "",
    )


def _backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def _used(process: int) -> float:
    """Return the processor time of a process in seconds; 0 where there is no /proc."""
    path = Path(f"/proc/{process}/stat")
    if not path.exists():
        return 0.0
    fields = path.read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
