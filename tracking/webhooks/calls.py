"""Calls: what goes out to an endpoint at once, with its body written and signed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from domains.credentials import get_smtp_user
from gateway.base import clock, sealing, tokens
from gateway.base.sealing import CannotOpen
from tracking.formats import FORMATS, Format, Parcel, Telling
from tracking.labels import find_ids
from tracking.models import Webhook
from tracking.webhooks.sql import Key, Leased

NOT_KEPT: Final = "The event is not kept any more, so there is nothing to tell."
NO_WORD: Final = "This format has no word for the event."


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call: its deliveries, and what it says. `problem` tells why it cannot be made at all."""

    webhook: Webhook
    deliveries: tuple[Leased, ...]
    format: Format
    parcel: Parcel | None = None
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    problem: str = ""

    @property
    def tries(self) -> int:
        """How many tries were begun by the schedule, this one included."""
        return max(one.attempt - one.attempts_before for one in self.deliveries)


def place_of(account_id: int, webhook_id: int) -> str:
    """Return the place that a webhook's key is sealed for."""
    return f"account:{account_id}/webhook:{webhook_id}"


def open_key(webhook: Webhook) -> str:
    """Return a webhook's key; raise CannotOpen where it was sealed elsewhere."""
    return sealing.unseal(bytes(webhook.sealed_key), place_of(webhook.account_id, webhook.pk)).decode()


def id_of(deliveries: Sequence[Leased]) -> str:
    """Return what names a call to its receiver, in every try: opaque, and ours to read."""
    first = min(deliveries, key=lambda one: one.delivery_id)
    if first.batch is not None:
        return f"batch_{first.batch.hex}"
    return f"msg_{tokens.sign_number('webhook', first.delivery_id)}"


def make_call(webhook: Webhook, deliveries: Sequence[Leased], events: Mapping[Key, Telling]) -> Call:
    """Return the call that tells of some deliveries, in the order of their events."""
    ordered = tuple(sorted(deliveries, key=lambda one: (one.event_at, one.event_id)))
    call = Call(webhook=webhook, deliveries=ordered, format=FORMATS[webhook.format])
    found = [events.get((one.event_at, one.event_id)) for one in ordered]
    tellings = [one for one in found if one is not None and one.account_id == webhook.account_id]
    if not tellings:
        return replace(call, problem=NOT_KEPT)
    told = tuple(with_names(one, call.format) for one in tellings if one.type in call.format.words)
    if not told:
        return replace(call, problem=NO_WORD)
    try:
        key = open_key(webhook)
    except CannotOpen as error:
        return replace(call, problem=str(error))
    return write_call(call, Parcel(id=id_of(ordered), url=webhook.url, key=key, tellings=told), clock.now())


def write_call(call: Call, parcel: Parcel, now: datetime) -> Call:
    """Return the call with its body and the headers of a try at that time."""
    body = call.format.write(parcel)
    return replace(call, parcel=parcel, body=body, headers=call.format.headers(parcel, body, now))


def with_names(telling: Telling, form: Format) -> Telling:
    """Return an event with the name of its SMTP user, which never changes, and, where a format tells it, its label's number."""
    user = get_smtp_user(telling.smtp_user_id) if telling.smtp_user_id else None
    label = telling.tags[0] if form.names_way and telling.tags else ""
    return replace(
        telling,
        smtp_user=user.name if user is not None else telling.smtp_user,
        label_id=find_ids(telling.account_id, [label]).get(label, 0) if label else 0,
    )
