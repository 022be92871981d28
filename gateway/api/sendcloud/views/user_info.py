"""userinfo/*: the account itself."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse

from accounts.models import Account
from accounts.queries import find_owner_email
from accounts.usage import Window, start_of, used_of_quotas
from domains.holdings import find_verified_domain
from gateway.api.asked import Asked
from gateway.api.sendcloud.answers.user_info import UserTold, say_user
from gateway.api.sendcloud.views.base import ModuleView
from gateway.base import clock
from tracking.queries import EventFilter, totals
from tracking.reputation import reputation_of


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An account, and what is known of it."""

    account: Account
    email: str
    used: int
    reputation: int
    has_domain: bool


class GetUserInfo(ModuleView):
    """userinfo/get

    Tells of the account: how much it may send in a day and has sent today, its reputation, its owner.
    """

    answers = (UserTold,)

    def act(self, asked: Asked) -> User:
        account = asked.get_account()
        return User(
            account=account,
            email=find_owner_email(account.pk),
            used=used_today(account),
            reputation=reputation_of(account.pk),
            has_domain=find_verified_domain(account.pk) is not None,
        )

    def answer(self, done: User) -> HttpResponse:
        return say_user(done.account, email=done.email, used=done.used, reputation=done.reputation, has_domain=done.has_domain)


def used_today(account: Account) -> int:
    """Return the copies of today: as they are counted for the account's quota, or else as they were accepted."""
    counted = {window: used for window, _, used in used_of_quotas(account)}
    if Window.DAY in counted:
        return counted[Window.DAY]
    now = clock.now()
    today = EventFilter(account_id=account.pk, since=start_of(Window.DAY, now), until=now)
    return totals(today).counts["accepted"]
