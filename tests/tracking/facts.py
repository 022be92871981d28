"""Facts for the tests of events and statistics, told through the one writer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any
from uuid import UUID

from django.db import transaction

from gateway.base import bulk
from gateway.engine.reply_words import Kind
from tracking import events
from tracking.events import Fact, Origin
from tracking.models import EventType

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
_ORIGIN = {"subject", "sender", "tags", "campaign", "domain_id", "smtp_user_id", "headers", "message_id"}
_numbers: Iterator[int] = count(1)


def make_fact(account_id: int = 1, kind: str = "accepted", *, at: datetime = NOON, **fields: Any) -> Fact:
    """Make a fact of a recipient of its own, unless the fields say of which."""
    number = fields.pop("recipient_id", None) or next(_numbers)
    about = {"domain_id": None, "smtp_user_id": None, "message_id": number, "subject": "Hello", "sender": "a@acme.example"}
    about |= {name: fields.pop(name) for name in list(fields) if name in _ORIGIN}
    values = {"position": 0, "sequence": 1, "recipient": "ann@example.net", "recipient_domain": "example.net"} | fields
    origin = Origin(account_id=account_id, public_id=str(UUID(int=about["message_id"])), **about)
    return Fact(origin=origin, type=EventType(kind), at=at, recipient_id=number, **values)


def tell(facts: Sequence[Fact]) -> None:
    """Record facts in a transaction of their own."""
    with transaction.atomic(), bulk.raw_cursor() as cursor:
        events.record(cursor, facts)


def tell_one(account_id: int = 1, kind: str = "accepted", **fields: Any) -> Fact:
    fact = make_fact(account_id, kind, **fields)
    tell([fact])
    return fact


def make_random_facts(number: int, seed: int, account_ids: Sequence[int] = (1, 2)) -> list[Fact]:
    """Make facts of every kind, over three days, with tags and campaigns of every kind."""
    random = Random(seed)
    tags = ["", "welcome", "receipt", "ÄÖ 🎉", "x" * 300, "x" * 400, 'quo"te', "it's", "%s"]
    return [
        make_fact(
            random.choice(account_ids),
            random.choice(EventType.values),
            at=NOON + timedelta(seconds=random.randrange(3 * 86_400), microseconds=random.randrange(10**6)),
            domain_id=random.choice([None, 1, 2]),
            smtp_user_id=random.choice([None, 7]),
            campaign=random.choice(["", "spring", "ü" * 250]),
            tags=[random.choice(tags) for _ in range(random.choice([0, 1, 3, 30]))],
            category=random.choice(["", *Kind]),
            is_first=random.random() < 0.5,
        )
        for _ in range(number)
    ]
