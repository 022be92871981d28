"""settings/*Smtp*: the SMTP users of the account, and how much each may send."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

from domains.actions import add_smtp_user, edit_smtp_user, reset_smtp_secret
from domains.holdings import get_smtp_user, list_smtp_users
from domains.models import SMTPUser
from gateway.api.asked import Asked
from gateway.api.sendclean.answers.smtp_users import SmtpList, SmtpSecret, answer_secret, answer_smtp_users
from gateway.api.sendclean.parse.settings import PAGES
from gateway.api.sendclean.parse.smtp_users import EDITED, NEW, ONE
from gateway.api.sendclean.views.settings import ChangingView, SettingView


class SecretView(ChangingView):
    """A call that makes a password."""

    answers = (SmtpSecret,)

    def answer(self, done: tuple[SMTPUser, str]) -> HttpResponse:
        user, secret = done
        return answer_secret(self.message, user.name, secret)


class AddSmtp(SecretView):
    """settings/addSmtp

    Makes an SMTP user with limits in recipients, an hour and in all; its name is made up.
    """

    fields = NEW
    message = "SMTP User Created"

    def change(self, asked: Asked) -> tuple[SMTPUser, str]:
        user, secret = add_smtp_user(asked.get_account(), hourly_limit=asked["hourly_limit"], total_limit=asked["total_limit"])
        asked.remember(user, "added")
        return user, secret


class EditSmtp(ChangingView):
    """settings/editSmtp

    Changes the limits and the status that are given; the others stay.
    """

    fields = EDITED
    message = "SMTP User Updated"

    def change(self, asked: Asked) -> Any:
        user = get_smtp_user(asked.account_id, asked["smtp_user_name"])
        edit_smtp_user(user, hourly_limit=asked["hourly_limit"], total_limit=asked["total_limit"], is_enabled=asked["status"])
        asked.remember(user, "changed")


class ResetSmtpPassword(SecretView):
    """settings/resetSmtpPassword

    Gives an SMTP user a new password; the old one stops working within four seconds.
    """

    fields = ONE
    message = "password reseted"

    def change(self, asked: Asked) -> tuple[SMTPUser, str]:
        user = get_smtp_user(asked.account_id, asked["smtp_user_name"])
        secret = reset_smtp_secret(user)
        asked.remember(user, "reset the secret of")
        return user, secret


class ListSmtp(SettingView):
    """settings/listSmtp

    Lists the account's SMTP users, 1,000 at a time, the oldest first. The Python client's addSmtpUser posts here, with the
    limits that it means: it gets the list, as it does from the vendor.
    """

    fields = PAGES
    answers = (SmtpList,)

    def act(self, asked: Asked) -> list[SMTPUser]:
        return list_smtp_users(asked.account_id, asked["skip_page"])

    def answer(self, done: list[SMTPUser]) -> HttpResponse:
        return answer_smtp_users(done)
