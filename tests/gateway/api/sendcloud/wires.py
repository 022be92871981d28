"""What recipients of stored mail get, as a mail program reads it."""

from __future__ import annotations

from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

from django.db import connection

from gateway.base import bulk
from gateway.engine.compose import Composer, compose
from gateway.engine.letter import Copy
from gateway.engine.load import load_letters
from gateway.engine.submission import Kind
from gateway.engine.track import Tracker
from gateway.models import Recipient


def read_mails() -> dict[str, EmailMessage]:
    """Return the mail that each stored recipient gets, by address, unsigned and untracked."""
    return {copy.email: _read(compose(copy, ()).wire) for copy in _copies()}


def read_tracked_mails() -> dict[str, EmailMessage]:
    """Return the same with all that is tracked in it."""
    composer = Composer(Tracker())
    return {copy.email: _read(composer.compose(copy, ()).wire) for copy in _copies()}


def _copies() -> list[Copy]:
    recipients = list(Recipient.objects.order_by("message_id", "position"))
    with connection.cursor(), bulk.raw_cursor() as cursor:
        letters = load_letters(cursor, {recipient.message_id for recipient in recipients})
    return [
        Copy(
            recipient_id=one.pk,
            letter=letters[one.message_id],
            position=one.position,
            kind=Kind(one.kind),
            email=one.email,
            name=one.name,
            domain=one.domain,
            variables=one.variables or {},
        )
        for one in recipients
    ]


def _read(wire: bytes) -> EmailMessage:
    found = BytesParser(policy=policy.default).parsebytes(wire)
    assert isinstance(found, EmailMessage)
    return found


def part_of(mail: EmailMessage, subtype: str) -> str:
    """Return the text of a mail in plain or html."""
    part = mail.get_body((subtype,))
    assert part is not None
    return str(part.get_content())
