"""account/*: the account itself."""

from __future__ import annotations

from django.http import HttpResponse

from accounts.queries import find_owner_email
from gateway.api.asked import Asked
from gateway.api.sendclean.answers.account import User, UserDetail, UserDetails, answer_detail, answer_details, make_user
from gateway.api.sendclean.views.settings import SettingView
from tracking.reputation import reputation_of


class AccountView(SettingView):
    """A call that tells of the account."""

    def act(self, asked: Asked) -> User:
        account = asked.get_account()
        return make_user(account, find_owner_email(account.pk), reputation_of(account.pk))


class ViewUserDetail(AccountView):
    """account/viewUserDetail

    Tells of the account: its owner, how fast it may send, and its reputation.
    """

    answers = (UserDetail,)

    def answer(self, done: User) -> HttpResponse:
        return answer_detail(done)


class AccountUserDetails(AccountView):
    """accounts/userDetails

    The same, as the vendor's OpenAPI document names it.
    """

    answers = (UserDetails,)

    def answer(self, done: User) -> HttpResponse:
        return answer_details(done)
