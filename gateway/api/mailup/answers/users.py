"""ListUserInfo's answer: SendResponseDTO with the users. What is no date is .NET's first one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

import msgspec
from django.http import HttpRequest, HttpResponse

from domains.models import SMTPUser
from gateway.api.mailup.answers import SendResponse
from gateway.api.mailup.answers.documents import write
from gateway.api.mailup.errors import CODES

LIST: Final = 1  # decision 21: an account has one list
_NO_DATE: Final = "0001-01-01T00:00:00"


class UserInfo(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """An SMTP+ user. The vendor's table calls the note Notes, its example Note."""

    username: str
    id_console: int
    id_list: int
    is_enabled: bool
    priority: int
    note: str
    notes: str
    creation_date: str
    update_date: str
    domain_list: str
    sender_list: str
    block_until: str
    admin_block: bool


class UserList(SendResponse, frozen=True, kw_only=True, rename="pascal", omit_defaults=True):
    """The users that were asked for."""

    user_list: tuple[UserInfo, ...]


def say_users(users: Iterable[SMTPUser], request: HttpRequest, *, detail: str = "") -> HttpResponse:
    listed = tuple(_describe(user) for user in users)
    return write(UserList(status="done", code="0", message=CODES["0"], detail=detail, user_list=listed), request)


def _describe(user: SMTPUser) -> UserInfo:
    allowed = [one.strip() for one in user.senders.split(";") if one.strip()]
    domains = [user.domain.name] if user.domain is not None else []
    return UserInfo(
        username=user.name,
        id_console=user.account_id,
        id_list=LIST,
        is_enabled=user.is_enabled,
        priority=user.priority,
        note=user.note,
        notes=user.note,
        creation_date=_date(user.created_at),
        update_date=_date(user.updated_at),
        domain_list=";".join(dict.fromkeys([*domains, *(one for one in allowed if not _is_address(one))])),
        sender_list=";".join(one for one in allowed if _is_address(one)),
        block_until=_date(user.blocked_until),
        admin_block=user.is_blocked,
    )


def _is_address(one: str) -> bool:
    """Tell an address from a domain, which may be written `@example.com` or `*@example.com` as well."""
    return one.rpartition("@")[0] not in {"", "*"}


def _date(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S") if at is not None else _NO_DATE
