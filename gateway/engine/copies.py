"""Copies by the vendors' emailId: messageId + position + `$` + address (seeds/002)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gateway.base.ids import make_inbound_id, milliseconds_of
from gateway.models import Recipient, parse_inbound_id

_LARGEST_KEY = 2**63 - 1
_read = re.compile(r"([0-9_]{1,64})\.[^$]*-inbound([0-9]{1,10})\$(.+)", re.DOTALL).fullmatch

_Key = tuple[str, int, str]  # the numbers of the messageId, position, address in lower case


def find_copies(account_id: int, email_ids: Iterable[str]) -> dict[int, int]:
    """Return the account's recipients that the ids name, as recipient -> message; the host in an id is not looked at."""
    keys = {key for text in email_ids if (key := _read_email_id(text)) is not None}
    message_ids = {one for numbers, _, _ in keys if (one := parse_inbound_id(numbers)) is not None}
    rows = Recipient.objects.for_account(account_id).filter(
        message_id__in={one for one in message_ids if one <= _LARGEST_KEY}, position__in={key[1] for key in keys}
    )
    found = rows.values_list("pk", "message_id", "message__accepted_at", "position", "email")
    return {
        pk: message_id
        for pk, message_id, accepted_at, position, email in found
        if (_numbers_of(message_id, milliseconds_of(accepted_at)), position, email.lower()) in keys
    }


def _read_email_id(text: str) -> _Key | None:
    parts = _read(text)
    return (parts[1], int(parts[2]), parts[3].lower()) if parts is not None else None


def _numbers_of(message_id: int, milliseconds: int) -> str:
    return make_inbound_id(message_id, milliseconds).partition(".")[0]
