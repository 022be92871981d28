"""What Octeth's `/api/v1/email` says."""

from __future__ import annotations

from gateway.api.octeth.answers.base import Part
from gateway.engine.submission import Accepted


class EmailSent(Part, kw_only=True, frozen=True):
    """The id of the message, by which events and webhooks know it; of a send to a list, in an array."""

    message_id: str | list[str]


def tell_sent(done: Accepted) -> EmailSent:
    return EmailSent(message_id=[done.public_id] if done.task_ids else done.public_id)
