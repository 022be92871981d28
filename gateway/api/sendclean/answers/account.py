"""What SendClean says of the account itself."""

from __future__ import annotations

import msgspec
from django.http import HttpResponse

from accounts.models import Account
from gateway.api.base import json_answer
from gateway.api.sendclean.answers.settings import seconds_of


class User(msgspec.Struct, frozen=True, kw_only=True):
    """The account. `mobile` is empty, as no telephone numbers are kept; `allowed_speed` is recipients an hour, 0: no limit."""

    name: str
    email: str
    mobile: str
    create_date: int
    allowed_speed: int
    reputation: str


class UserDetail(msgspec.Struct, frozen=True, kw_only=True):
    """account/viewUserDetail."""

    status: str = "success"
    user_data: User


class UserDetails(msgspec.Struct, frozen=True, kw_only=True):
    """accounts/userDetails: the same under the name that the vendor's OpenAPI document has."""

    status: str = "success"
    user_details: User


def make_user(account: Account, email: str, reputation: int) -> User:
    """Return the account as the vendor shows it; `reputation` is in percent."""
    return User(
        name=account.name,
        email=email,
        mobile="",
        create_date=seconds_of(account.created_at),
        allowed_speed=account.quota_hour or 0,
        reputation=f"{reputation}%",
    )


def answer_detail(user: User) -> HttpResponse:
    return json_answer(UserDetail(user_data=user))


def answer_details(user: User) -> HttpResponse:
    return json_answer(UserDetails(user_details=user))
