"""Rows for tests that read: messages with recipients, tries and events, written past the engine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from accounts.models import Account, Membership, User
from gateway.base import bulk
from gateway.models import Attachment, Attempt, Content, Message, Recipient
from tracking import statistics
from tracking.events import Fact, Origin, event_id
from tracking.models import Event, EventType

PASSWORD = "correct horse battery"


def make_person(account: Account, role: str = Membership.Role.OWNER, email: str = "", name: str = "") -> User:
    """Make a person with a role in an account, who logs in with PASSWORD."""
    user = User.objects.create_user(email or f"{role}@{account.owner_id}.example", PASSWORD, name=name)
    Membership.objects.create(account=account, user=user, role=role)
    return user


def make_operator(email: str = "operator@platform.example") -> User:
    """Make a person who runs the platform, and logs in with PASSWORD."""
    return User.objects.create_superuser(email, PASSWORD)


def make_message(
    account: Account,
    recipients: Sequence[str] = ("ann@example.net",),
    *,
    state: str = Recipient.State.QUEUED,
    text: str = "Hello",
    html: str = "",
    raw: bytes | None = None,
    **fields: Any,
) -> Message:
    """Make a message of an account, its content, and its recipients in `state`, each with the accepted event."""
    defaults = {"door": "smtp", "accepted_at": timezone.now(), "subject": "Hello", "sender": f"a@{account.owner_id}.example"}
    size = len(raw) if raw is not None else len(text) + len(html)
    message = Message.objects.create(account=account, is_raw=raw is not None, size=size, **defaults | fields)
    Content.objects.create(message=message, text=text, html=html, raw=raw)
    for position, email in enumerate(recipients):
        make_recipient(message, email, position=position, state=state)
    return message


def make_recipient(message: Message, email: str, *, position: int = 0, state: str = "queued", **fields: Any) -> Recipient:
    """Make one recipient of a message, with the accepted event."""
    recipient: Recipient = Recipient.objects.create(
        message=message,
        account=message.account,
        position=position,
        email=email,
        domain=email.rpartition("@")[2],
        state=state,
        **fields,
    )
    make_event(recipient, EventType.ACCEPTED, at=message.accepted_at, sequence=1)
    return recipient


def make_attempt(recipient: Recipient, result: str = "delivered", *, at: datetime | None = None, **fields: Any) -> Attempt:
    """Make the next try of a recipient, a few seconds after the message was accepted, and the event that tells of it."""
    number = recipient.attempts + 1
    at = at or recipient.message.accepted_at + timedelta(seconds=3 * number)
    defaults = {
        "code": 250,
        "enhanced": "2.0.0",
        "reply": "Ok: queued",
        "host": f"mx.{recipient.domain}",
        "address": "192.0.2.7",
    }
    values = defaults | fields
    recipient.attempts = number
    recipient.sequence += 1
    recipient.save(update_fields=["attempts", "sequence"])
    said = {name: values[name] for name in ("code", "enhanced", "reply", "host", "address")}
    make_event(recipient, result, at=at, sequence=recipient.sequence, **said)
    attempt: Attempt = Attempt.objects.create(recipient=recipient, number=number, at=at, result=result, **values)
    return attempt


def make_event(recipient: Recipient, kind: str, *, at: datetime, sequence: int, **fields: Any) -> Event:
    """Make one event of a recipient."""
    message = recipient.message
    event: Event = Event.objects.create(
        at=at,
        id=event_id(recipient.pk, sequence),
        account_id=message.account_id,
        domain_id=message.domain_id,
        smtp_user_id=message.smtp_user_id,
        message_id=message.pk,
        recipient_id=recipient.pk,
        public_id=message.public_id,
        position=recipient.position,
        sequence=sequence,
        type=kind,
        subject=message.subject,
        sender=message.sender,
        recipient=recipient.email,
        recipient_domain=recipient.domain,
        **fields,
    )
    _count(event)
    return event


def _count(event: Event) -> None:
    """Count an event, as its writer would: what is read of events trusts the roll-ups."""
    origin = Origin(
        account_id=event.account_id,
        domain_id=event.domain_id,
        smtp_user_id=event.smtp_user_id,
        message_id=event.message_id,
        public_id=str(event.public_id),
        subject=event.subject,
        sender=event.sender,
        tags=event.tags,
        campaign=event.campaign,
    )
    fact = Fact(
        origin=origin,
        type=EventType(event.type),
        at=event.at,
        recipient_id=event.recipient_id,
        position=event.position,
        sequence=event.sequence,
        recipient=event.recipient,
        recipient_domain=event.recipient_domain,
        is_first=event.is_first,
        category=event.category,
    )
    with bulk.raw_cursor() as cursor:
        statistics.add(cursor, [fact])


def make_file(message: Message, filename: str = "a.txt", content: bytes = b"a", **fields: Any) -> Attachment:
    """Make an attachment of a message."""
    values = {"position": message.attachments.count(), "content_type": "text/plain"} | fields
    return Attachment.objects.create(message=message, filename=filename, content=content, **values)
