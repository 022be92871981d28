"""What SendClean says of SMTP users."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from django.http import HttpResponse

from domains.models import SMTPUser
from gateway.api.base import json_answer


class SmtpSecret(msgspec.Struct, frozen=True, kw_only=True):
    """A name with its password, which is shown this once."""

    status: str = "success"
    message: str
    smtp_user_name: str
    smtp_password: str


class SmtpUser(msgspec.Struct, frozen=True, kw_only=True):
    """One SMTP user. Of the password only the beginning is known; a limit of null is none."""

    smtp_user_name: str
    password: str
    status: str
    total_limit: int | None
    hourly_limit: int | None


class SmtpList(msgspec.Struct, frozen=True, kw_only=True):
    """The account's SMTP users."""

    status: str = "success"
    smtp_list: list[SmtpUser]


def answer_secret(message: str, name: str, secret: str) -> HttpResponse:
    return json_answer(SmtpSecret(message=message, smtp_user_name=name, smtp_password=secret))


def answer_smtp_users(users: Iterable[SMTPUser]) -> HttpResponse:
    return json_answer(SmtpList(smtp_list=[_smtp_user(user) for user in users]))


def _smtp_user(user: SMTPUser) -> SmtpUser:
    return SmtpUser(
        smtp_user_name=user.name,
        password=f"{user.secret_prefix}{'*' * 12}",
        status="Enable" if user.is_enabled else "Disable",
        total_limit=user.total_limit,
        hourly_limit=user.hourly_limit,
    )
