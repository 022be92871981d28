"""What happens to the demo's mail after it was sent: one is opened, one clicked, one unsubscribed, one bounces; and that the
webhook told of each.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.management.demo.listener import HookListener
from gateway.management.demo.readers import DEEDS, find_mail
from gateway.management.demo.watch import Row
from gateway.models import Message
from tracking.models import Event

WAIT = 30.0  # seconds until what has not been told counts as missing
_LOOK_EVERY = 0.1

# Which door's mail is read by whom.
PLOT: Mapping[str, str] = {"sendclean": "opened", "sendcloud": "clicked", "mailup": "unsubscribed"}
DELIVERED, BOUNCED = "delivered", "bounced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Something that is to be told of a message: `seconds` from its acceptance, None while it was not."""

    event: str
    message_id: str
    recipient: str
    seconds: float | None = None
    is_verified: bool = False  # a call of the webhook told of it, rightly signed

    @property
    def is_right(self) -> bool:
        return self.seconds is not None and self.is_verified


def play(rows: Sequence[Row], inbox: Path) -> list[Scene]:
    """Let readers do what the plot says, and return what is to be told of it."""
    scenes = []
    for row in rows:
        event = PLOT.get(row.door, DELIVERED)
        if event in DEEDS:
            DEEDS[event](find_mail(inbox, row.recipient))
        scenes.append(Scene(event=event, message_id=row.message_id, recipient=row.recipient))
    return scenes


def wait_for_scenes(
    account_id: int, scenes: Sequence[Scene], hooks: HookListener, *, tell: Callable[[Sequence[Scene]], None]
) -> list[Scene]:
    """Watch until everything was told by event and by webhook, or WAIT is over; `tell` at every look."""
    deadline = time.monotonic() + WAIT
    while True:
        told = [_look(account_id, scene, hooks) for scene in scenes]
        tell(told)
        if all(scene.is_right for scene in told) or time.monotonic() > deadline:
            return told
        time.sleep(_LOOK_EVERY)


def find_scene(account_id: int, subject: str, event: str) -> Scene:
    """Return what is to be told of the message with that subject."""
    message = Message.objects.for_account(account_id).get(subject=subject)
    return Scene(event=event, message_id=str(message.public_id), recipient=message.recipients.get().email)


def _look(account_id: int, scene: Scene, hooks: HookListener) -> Scene:
    event = Event.objects.for_account(account_id).filter(public_id=scene.message_id, type=scene.event).first()
    message = Message.objects.for_account(account_id).filter(public_id=scene.message_id).first()
    seconds = round((event.at - message.accepted_at).total_seconds(), 3) if event and message else None
    return Scene(
        event=scene.event,
        message_id=scene.message_id,
        recipient=scene.recipient,
        seconds=seconds,
        is_verified=(scene.message_id, f"email.{scene.event}") in hooks.verified,
    )
