"""How the console names and colours states, doors and events: tables, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.models import ListTask, Recipient
from tracking.models import EventType, WebhookDelivery

State = Recipient.State

TONES: Mapping[str, str] = {
    State.QUEUED: "busy",
    State.SENDING: "busy",
    State.DEFERRED: "late",
    State.HELD: "late",
    State.DELIVERED: "good",
    State.BOUNCED: "bad",
    State.EXPIRED: "bad",
    State.FAILED: "bad",
    State.SUPPRESSED: "idle",
    State.CANCELLED: "idle",
    EventType.ACCEPTED: "busy",
    EventType.OPENED: "good",
    EventType.CLICKED: "good",
    EventType.UNSUBSCRIBED: "late",
    EventType.COMPLAINED: "bad",
    ListTask.State.WAITING: "busy",
    ListTask.State.RUNNING: "busy",
    ListTask.State.DONE: "good",
    WebhookDelivery.State.WAITING: "busy",
}

DOORS: Mapping[str, str] = {
    "smtp": "SMTP",
    "sendclean": "SendClean",
    "sendcloud": "SendCloud",
    "mailup": "MailUp",
    "octeth": "Octeth",
    "console": "Console",
}


def tone_of(state: str) -> str:
    """Return the colour of a state or an event: good, busy, late, bad or idle."""
    return TONES.get(state, "idle")
