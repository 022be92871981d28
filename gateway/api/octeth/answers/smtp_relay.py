"""What EmailGateway.SMTPRelay answers, with the reply that the relay is to give its client."""

from __future__ import annotations

from typing import Final

from gateway.api.base import row_of
from gateway.api.octeth.answers.base import Done, Part
from gateway.api.octeth.errors.commands import SMTP_RELAY
from gateway.base.errors import Refused

QUEUED: Final = "250 2.0.0 Ok: queued"


class LoggedIn(Done, kw_only=True, frozen=True):
    """The login is right."""

    smtp_username: str
    smtp_password: str


class Relayed(LoggedIn, kw_only=True, frozen=True):
    """The mail is on disk."""

    smtp_response: str = QUEUED


class NotRelayed(Part, kw_only=True, frozen=True):
    """The login, or the mail, was refused."""

    success: bool = False
    error_code: int
    smtp_response: str
    error_text: str


def tell_refused(refusal: Refused) -> NotRelayed:
    code, reply = row_of(SMTP_RELAY, refusal)
    return NotRelayed(error_code=code, smtp_response=reply.format(words=refusal.message), error_text=refusal.message)
