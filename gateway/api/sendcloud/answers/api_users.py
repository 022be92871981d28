"""What apiuser/* says. A secret is said once, where it was made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
from django.http import HttpResponse

from domains.models import SMTPUser
from gateway.api.base import json_answer
from gateway.api.sendcloud.answers import Page, Told, say_time

COMMON: Final = "非测试"
EMAIL_TYPES: Final[Mapping[int | None, str]] = {
    SMTPUser.EmailType.TRIGGER: "触发",
    SMTPUser.EmailType.BATCH: "批量",
    None: "触发",  # that sends both: the vendor has no word for it
}


class ApiUser(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An API user: the domain that it sends from, empty for all of the account's, and what its mail has, 1 or 0.

    Of its secret the first letters are told, and asterisks; all of it where it was just made.
    """

    name: str
    name_key: str
    c_type: str = COMMON
    email_type: str
    domain_name: str
    open: int
    click: int
    unsubscribe: int
    gmt_created: str
    gmt_updated: str


class ApiUserData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    data: ApiUser


class ApiUserAdded(Told, frozen=True, kw_only=True):
    """An API user that was made, with its secret."""

    info: ApiUserData


class ApiUsers(Page, frozen=True, kw_only=True):
    data_list: list[ApiUser]


class ApiUsersListed(Told, frozen=True, kw_only=True):
    """A part of the API users."""

    info: ApiUsers


def say_added(user: SMTPUser, secret: str) -> HttpResponse:
    return json_answer(ApiUserAdded(info=ApiUserData(data=_show(user, secret))))


def say_api_users(users: Iterable[SMTPUser], total: int) -> HttpResponse:
    shown = [_show(user, f"{user.secret_prefix}{'*' * 12}") for user in users]
    return json_answer(ApiUsersListed(info=ApiUsers(count=len(shown), total=total, data_list=shown)))


def _show(user: SMTPUser, key: str) -> ApiUser:
    account, domain = user.account, user.domain
    opens = user.track_opens, domain.track_opens if domain else None, account.track_opens
    clicks = user.track_clicks, domain.track_clicks if domain else None, account.track_clicks
    return ApiUser(
        name=user.name,
        name_key=key,
        email_type=EMAIL_TYPES[user.email_type],
        domain_name=domain.name if domain else "",
        open=_first(*opens),
        click=_first(*clicks),
        unsubscribe=_first(user.unsubscribe_link, domain.unsubscribe_link if domain else False),
        gmt_created=say_time(user.created_at),
        gmt_updated=say_time(user.updated_at),
    )


def _first(*wishes: bool | None) -> int:
    """Return the first of the wishes that was said, as engine.track does."""
    return int(next(wish for wish in wishes if wish is not None))
