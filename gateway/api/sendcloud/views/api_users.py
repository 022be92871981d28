"""apiuser/*: the account's SMTP users, by which calls are made and mail is sent."""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpResponse

from domains.actions import add_smtp_user
from domains.holdings import get_domain, get_smtp_user, live_smtp_users
from domains.models import SenderDomain, SMTPUser
from domains.options import set_options_of_user
from gateway.api.asked import Asked
from gateway.api.sendcloud.answers.api_users import ApiUserAdded, ApiUsersListed, say_added, say_api_users
from gateway.api.sendcloud.errors import coded
from gateway.api.sendcloud.parse.api_users import ADDED, COMMON, LISTED
from gateway.api.sendcloud.views.base import ChangingView, ModuleView
from gateway.api.sendcloud.views.paging import Part, take_part
from gateway.base.errors import FieldInvalid, QuotaExceeded, SenderNotAllowed

_OF_TYPE = {0: Q(email_type=0) | Q(email_type=None), 1: Q(email_type=1)}  # as answers/api_users.py tells them


def find_domain(asked: Asked) -> SenderDomain:
    """Return the account's domain that a call names."""
    with coded({FieldInvalid: 41108}):
        return get_domain(asked.account_id, asked["domainName"])


class ListApiUsers(ModuleView):
    """apiuser/list

    Lists the API users, the oldest first. Of their secrets the beginnings are told.
    """

    fields = LISTED
    codes = (41107, 41108)
    answers = (ApiUsersListed,)

    def act(self, asked: Asked) -> Part[SMTPUser]:
        users = live_smtp_users(asked.account_id).select_related("account", "domain").order_by("pk")
        if asked["domainName"] is not None:
            users = users.filter(domain=find_domain(asked))
        if asked["emailType"] is not None:
            users = users.filter(_OF_TYPE[asked["emailType"]])
        return take_part(users if asked["cType"] in {None, COMMON} else users.none(), asked)

    def answer(self, done: Part[SMTPUser]) -> HttpResponse:
        return say_api_users(done.rows, done.total)


class AddApiUser(ChangingView):
    """apiuser/add

    Makes an API user that sends from one domain, and shows its secret, `nameKey`, this once. What is not said of tracking is as
    the domain has it. A caller that may send from one domain or from some addresses can make none that may send from others;
    one that may send only so much can make none at all, as all of them together would send more.
    """

    fields = ADDED
    codes = (41107, 41108, 41109, 41112, 41119)
    answers = (ApiUserAdded,)

    def change(self, asked: Asked) -> tuple[SMTPUser, str]:
        domain = find_domain(asked)
        with coded({FieldInvalid: 41109}):  # deleted a moment ago
            caller = get_smtp_user(asked.account_id, asked.actor)
        with coded({QuotaExceeded: 41112, FieldInvalid: 41119, SenderNotAllowed: 41119}):
            check_within(caller, domain)
            user, secret = add_smtp_user(asked.get_account(), name=asked["name"], domain=domain)
        set_options_of_user(
            user,
            email_type=asked["emailType"],
            track_opens=asked["open"],
            track_clicks=asked["click"],
            unsubscribe_link=asked["unsubscribe"],
            senders=caller.senders,
        )
        asked.remember(user, "added")
        return user, secret

    def answer(self, done: tuple[SMTPUser, str]) -> HttpResponse:
        return say_added(*done)


def check_within(caller: SMTPUser, domain: SenderDomain) -> None:
    """Raise SenderNotAllowed for a caller that has limits of its own, or may send from another domain only."""
    if caller.hourly_limit is not None or caller.total_limit is not None:
        raise SenderNotAllowed("This API user may send only so much, so it can make no others, which would send more with it.")
    if caller.domain_id not in {None, domain.pk}:
        raise SenderNotAllowed(f"This API user sends from another domain than {domain.name}, and can make none for it.")
