"""Whether what a load was said to have done is so: what the database holds of it, and whether the signatures are good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from email import message_from_bytes

import dkim
from django.db.models import Sum

from domains.keys import write_record
from domains.models import DKIMKey
from gateway.models import Attempt, Message, Recipient
from tracking.models import Event, HourlyStatistic

Counts = Mapping[str, int]


def count_rows() -> Counts:
    """Return how many of each thing there are that every delivered message has exactly one of."""
    hours = HourlyStatistic.objects.filter(tag="").aggregate(accepted=Sum("accepted"), delivered=Sum("delivered"))
    return {
        "messages": Message.objects.count(),
        "delivered recipients": Recipient.objects.filter(state=Recipient.State.DELIVERED).count(),
        "recipients": Recipient.objects.count(),
        "attempts": Attempt.objects.count(),
        "accepted events": Event.objects.filter(type="accepted").count(),
        "delivered events": Event.objects.filter(type="delivered").count(),
        "events": Event.objects.count() // 2,
        "accepted in the statistics": hours["accepted"] or 0,
        "delivered in the statistics": hours["delivered"] or 0,
    }


def compare(before: Counts, after: Counts, expected: int) -> list[str]:
    """Return a sentence for each thing that is not there as often as expected."""
    added = {name: after[name] - before[name] for name in after}
    return [f"{number} {name}, not {expected}." for name, number in added.items() if number != expected]


def check_letters(accepted: Sequence[str], arrived: Mapping[str, Sequence[float]]) -> list[str]:
    """Return a sentence for each kind of letter that was not delivered exactly once."""
    lost = [token for token in accepted if token not in arrived]
    doubled = [token for token, times in arrived.items() if len(times) > 1]
    phantom = arrived.keys() - {*accepted}
    kinds = {"accepted but not delivered": lost, "delivered more than once": doubled, "delivered but not accepted": phantom}
    return [f"{len(tokens)} letters were {kind}: {sorted(tokens)[:3]}." for kind, tokens in kinds.items() if tokens]


def records() -> dict[str, str]:
    """Return the TXT records of the DKIM keys, by name."""
    keys = DKIMKey.objects.select_related("domain")
    return {f"{key.selector}._domainkey.{key.domain.name}": write_record(key) for key in keys}


def check_signatures(messages: Sequence[bytes], dns: Mapping[str, str], signatures: int) -> list[str]:
    """Return a sentence where messages do not carry so many DKIM signatures that dkimpy finds good; one if there are none."""
    if not messages:
        return ["No message was kept to verify its signatures."]
    bad = [message for message in messages if not _is_signed(message, dns, signatures)]
    return [f"{len(bad)} of {len(messages)} messages are not signed as they should be."] if bad else []


def _is_signed(message: bytes, dns: Mapping[str, str], signatures: int) -> bool:
    found = message_from_bytes(message).get_all("DKIM-Signature", [])
    verifier = dkim.DKIM(message)
    good = [verifier.verify(idx=place, dnsfunc=lambda name, **_: _find(dns, name)) for place in range(len(found))]
    return len(good) == signatures and all(good)


def _find(dns: Mapping[str, str], name: bytes) -> bytes | None:
    value = dns.get(name.decode().rstrip("."))
    return value.encode() if value else None
