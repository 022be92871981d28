"""What the state machines say of the wire holds on sockets: a receiving server's journal, and other verifiers' view of DKIM."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import islice
from typing import Any

import dkim
import pytest
from django.utils import timezone

from domains import keys
from domains.keys import write_record
from domains.models import DKIMKey
from gateway.engine.outcome import Result
from gateway.engine.prepare import Ready
from tests.gateway.engine.courier import PATIENT, make_courier, run
from tests.support.cast import Tenant
from tests.support.sink import Sink, running_sink
from tests.wire.doors import Doors
from tests.wire.hostile import VALUES, within
from tests.wire.places import CALLS, find_places, put, text_at
from tests.wire.route import carry

SAMPLE = 60  # calls of a door


def sample(doors: Doors, door: str) -> list[Ready]:
    """Return the copies of hostile calls that a door takes: a value of the list at each place, each time another one."""
    call, asked = doors.harmless(door), []
    places = find_places(door)
    pairs = ((places[number % len(places)], value) for number, value in enumerate(VALUES) if len(value) < 2000)
    for place, value in islice(pairs, SAMPLE):
        spoiled = put(call, place.path, within(text_at(call, place), value)[-1])
        asked += doors.send(door, spoiled).asked
    journeys = carry([*doors.send(door, call).asked, *asked])
    return [ready for journey in {id(one): one for one in journeys}.values() for ready in journey.ready]


def deliver(sink: Sink, ready: Sequence[Ready]) -> None:
    async def work() -> None:
        courier = make_courier(("127.0.0.1", sink.port), deadlines=PATIENT)
        outcomes = await asyncio.gather(*(courier.deliver(one.parcel) for one in ready))
        assert {outcome.result for outcome in outcomes} == {Result.DELIVERED}
        await courier.close()

    run(work())


@pytest.fixture
def records(sender: Tenant) -> dict[str, bytes]:
    """The records of both keys of the sender, which both sign."""
    sender.domain.dkim_keys.update(published_at=timezone.now())
    keys.forget()
    rows = DKIMKey.objects.filter(domain=sender.domain)
    return {f"{row.selector}._domainkey.{sender.domain.name}.": write_record(row).encode() for row in rows}


def verify(mail: bytes, records: dict[str, bytes]) -> list[bool]:
    def find_record(name: bytes, timeout: int = 5) -> bytes:
        return records[name.decode()]

    return [bool(dkim.DKIM(mail).verify(number, dnsfunc=find_record)) for number in range(len(records))]


@pytest.mark.parametrize("door", CALLS)
def test_a_receiving_server_gets_just_what_was_composed(doors: Doors, records: dict[str, bytes], door: str) -> None:
    ready = sample(doors, door)
    with running_sink() as sink:
        deliver(sink, ready)
        taken = sink.wait(len(ready))
    assert sorted(map(_describe, taken)) == sorted(
        (one.parcel.mail_from, (one.parcel.rcpt_to,), one.parcel.wire) for one in ready
    )
    for one in ready[:8]:
        assert verify(one.parcel.wire, records) == [True, True]


def _describe(transaction: Any) -> tuple[str, tuple[str, ...], bytes]:
    return transaction.mail_from, tuple(address for address, _ in transaction.rcpt_to), transaction.content
