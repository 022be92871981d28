"""What became of the demo's messages: from the database, and from what the receiving server caught."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domains.verdicts import NONE, PASS, judge
from gateway.models import Message, Recipient
from tracking.models import Event, EventType

WAIT = 60.0  # seconds until what has not arrived counts as missing
_LOOK_EVERY = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One door's line in the table; `seconds` from accept to delivery, None when it was not delivered."""

    door: str
    message_id: str
    recipient: str
    state: str
    dkim: str
    seconds: float | None

    @property
    def is_right(self) -> bool:
        return self.state == Recipient.State.DELIVERED and self.dkim == PASS

    @property
    def is_final(self) -> bool:
        """Tell whether nothing more will come; a delivered message stands in the receiver's journal a moment later."""
        return self.state in Recipient.TERMINAL and (self.state != Recipient.State.DELIVERED or self.dkim != NONE)


def wait_for_rows(
    account_id: int, subjects: Mapping[str, str], inbox: Path, *, tell: Callable[[Sequence[Row]], None]
) -> list[Row]:
    """Watch the messages with `subjects` (by door) until each has come to an end, or WAIT is over; `tell` at every look."""
    deadline = time.monotonic() + WAIT
    while True:
        rows = [_row(account_id, door, subject, inbox) for door, subject in subjects.items()]
        tell(rows)
        if all(row.is_final for row in rows) or time.monotonic() > deadline:
            return rows
        time.sleep(_LOOK_EVERY)


def _row(account_id: int, door: str, subject: str, inbox: Path) -> Row:
    found = Recipient.objects.for_account(account_id).filter(message__subject=subject).select_related("message").first()
    if found is None:
        return Row(door=door, message_id="", recipient="", state="missing", dkim=NONE, seconds=None)
    is_delivered = found.state == Recipient.State.DELIVERED
    return Row(
        door=door,
        message_id=str(found.message.public_id),
        recipient=found.email,
        state=found.state,
        dkim=_judge_caught(inbox, found.email) if is_delivered else NONE,
        seconds=_seconds(found.message, found) if is_delivered else None,
    )


def _seconds(message: Message, recipient: Recipient) -> float | None:
    event = Event.objects.filter(message_id=message.pk, recipient_id=recipient.pk, type=EventType.DELIVERED).first()
    return round((event.at - message.accepted_at).total_seconds(), 3) if event else None


def _judge_caught(inbox: Path, recipient: str) -> str:
    """Return the verdict on the message that the receiving server caught for `recipient`."""
    for entry in read_journal(inbox):
        if "path" in entry and any(one["address"] == recipient for one in entry["rcpt_to"]):
            return judge((inbox / entry["path"]).read_bytes())
    return NONE


def read_journal(inbox: Path) -> list[dict[str, Any]]:
    """Return the receiving server's journal, one entry for each transaction; of a line half written, nothing."""
    journal = inbox / "journal.jsonl"
    text = journal.read_text(encoding="utf-8") if journal.exists() else ""
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
