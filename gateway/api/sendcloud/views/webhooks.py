"""webhook/*: where the account is told of events, in the body of this dialect (tracking/formats/sendcloud.py)."""

from __future__ import annotations

from django.http import HttpResponse

from domains.holdings import get_any_smtp_user, get_smtp_user
from domains.models import SMTPUser
from gateway.api.asked import Asked
from gateway.api.fields import fault_in
from gateway.api.sendcloud.answers.webhooks import HooksListed, HookTold, say_hook, say_hooks
from gateway.api.sendcloud.errors import coded
from gateway.api.sendcloud.parse.webhooks import ADDED, ALL, LISTED, ONE, UPDATED
from gateway.api.sendcloud.views.base import ChangingView, ModuleView
from gateway.api.sendcloud.views.paging import Part
from gateway.base.errors import FieldInvalid, QuotaExceeded, Unsupported
from tracking.models import Webhook
from tracking.webhooks import of_user
from tracking.webhooks.actions import delete

CHANGES = ("newUrl", "newCategoryName", "newEvent")


def choose_user(asked: Asked, field: str) -> SMTPUser | None:
    """Return the account's SMTP user that a webhook is to be of, None for `all`."""
    with coded({FieldInvalid: 40702}):
        return None if asked[field] == ALL else get_smtp_user(asked.account_id, asked[field])


def find_user(asked: Asked) -> SMTPUser | None:
    """Return the account's SMTP user that webhooks are of, also one that was deleted; None for `all`."""
    with coded({FieldInvalid: 40702}):
        return None if asked["categoryName"] == ALL else get_any_smtp_user(asked.account_id, asked["categoryName"])


def find_webhook(asked: Asked) -> Webhook:
    return of_user.get_webhook(asked.account_id, asked["url"], find_user(asked), asked["event"])


class ListWebhooks(ModuleView):
    """webhook/list

    Lists the account's webhooks of this dialect, the oldest first: those of a URL, of an API user's mail or of `all`, told of
    all of the kinds of events that are given.
    """

    fields = LISTED
    answers = (HooksListed,)

    def act(self, asked: Asked) -> Part[Webhook]:
        rows = of_user.webhooks_of(asked.account_id)
        if asked["url"] is not None:
            rows = rows.filter(url=asked["url"])
        if asked["categoryName"] is not None:
            rows = rows.filter(smtp_user=find_user(asked))
        wanted: frozenset[int] = asked["event"] or frozenset()
        found = [webhook for webhook in rows if wanted <= of_user.choices_of(webhook)]
        return Part(rows=found[asked["start"] : asked["start"] + asked["limit"]], total=len(found))

    def answer(self, done: Part[Webhook]) -> HttpResponse:
        return say_hooks(done.rows, done.total)


class AddWebhook(ChangingView):
    """webhook/add

    Adds a webhook for the mail of an API user or of `all`: 1 delivered, 3 reported as spam, 4 invalid address, 5 soft bounce,
    10 click, 11 open, 12 unsubscribed, 18 requested; all where none are given. The URL must answer a test with 200.
    """

    fields = ADDED
    codes = (40707, 40708, 40710)
    answers = (HookTold,)
    is_atomic = False  # the URL is called meanwhile

    def change(self, asked: Asked) -> Webhook:
        user = choose_user(asked, "categoryName")
        with coded({QuotaExceeded: 40710}):
            webhook = of_user.add_webhook(asked.get_account(), asked["url"], user, asked["event"] or ())
        asked.remember(webhook, "added")
        return webhook

    def answer(self, done: Webhook) -> HttpResponse:
        return say_hook(done)


class UpdateWebhook(ChangingView):
    """webhook/update

    Changes one thing of a webhook that `url` and `categoryName` name: its URL, which is tested, or the API user, or the kinds
    of events.
    """

    fields = UPDATED
    codes = (40707, 40708, 40709, 40712)
    is_atomic = False  # the URL is called meanwhile

    def change(self, asked: Asked) -> int:
        changed = [field for field in CHANGES if asked[field] is not None]
        if len(changed) != 1:
            raise fault_in("newUrl", 40712, f"Give exactly one of {', '.join(CHANGES)}.")
        webhook = find_webhook(asked)
        if asked["newUrl"] is not None:
            with coded({Unsupported: 40712}):
                of_user.move(webhook, asked["newUrl"])
        elif asked["newCategoryName"] is not None:
            of_user.tell_of(webhook, choose_user(asked, "newCategoryName"))
        else:
            of_user.choose(webhook, asked["newEvent"])
        asked.remember(webhook, "changed")
        return 1


class DeleteWebhook(ChangingView):
    """webhook/delete

    Deletes the webhook that `url` and `categoryName` name; what waits for it is not sent any more.
    """

    fields = ONE
    codes = (40709,)

    def change(self, asked: Asked) -> int:
        webhook = find_webhook(asked)
        asked.remember(webhook, "deleted")
        delete(webhook)
        return 1
