"""What userinfo/get says."""

from __future__ import annotations

from typing import Final

import msgspec
from django.http import HttpResponse
from msgspec import field

from accounts.models import Account
from gateway.api.base import json_answer
from gateway.api.sendcloud.answers import Told, say_time

PAYING: Final = "付费用户"
NO_QUOTA: Final = 2_147_483_647  # so that clients which compare have room


class UserInfo(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The account. Nothing costs money here, and no telephone numbers are kept.

    `quota` and `todayUsedQuota` are copies of the day that began at midnight UTC, `reputation` is in percent,
    `websiteAuthStatus` tells whether there is a domain that mail may be sent from.
    """

    available_balance: float = field(name="avaliableBalance", default=0.0)  # sic
    balance: float = 0.0
    email: str
    phone: str = ""
    quota: int
    today_used_quota: int
    reg_time: str
    reputation: float
    user_name: str
    account_type: str = PAYING
    website_auth_status: bool
    business_auth_status: bool = False


class UserTold(Told, frozen=True, kw_only=True):
    """The account that the API user is of."""

    info: UserInfo


def say_user(account: Account, *, email: str, used: int, reputation: int, has_domain: bool) -> HttpResponse:
    info = UserInfo(
        email=email,
        quota=NO_QUOTA if account.quota_day is None else account.quota_day,
        today_used_quota=used,
        reg_time=say_time(account.created_at)[:10],
        reputation=float(reputation),
        user_name=account.name,
        website_auth_status=has_domain,
    )
    return json_answer(UserTold(info=info))
