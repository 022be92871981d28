"""settings/*Webhook*: where the account is told of events, in the body of this dialect (tracking/formats/sendclean.py)."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

from gateway.api.asked import Asked
from gateway.api.sendclean.answers.webhooks import (
    WebhookInfo,
    WebhookKey,
    WebhookList,
    answer_key,
    answer_webhook,
    answer_webhooks,
)
from gateway.api.sendclean.parse.settings import PAGES
from gateway.api.sendclean.parse.webhooks import EDITED, ONE, WHAT
from gateway.api.sendclean.views.settings import ChangingView, SettingView
from tracking.models import Webhook
from tracking.webhooks.actions import add_webhook, delete, edit_webhook, reset_key
from tracking.webhooks.queries import get_webhook, list_webhooks

FORMAT = Webhook.Format.SENDCLEAN


def find(asked: Asked) -> Webhook:
    """Return the webhook of this dialect that a call names; those of other formats are for the console."""
    return get_webhook(asked.account_id, asked["webhook_id"], format_name=FORMAT)


class AddWebhook(ChangingView):
    """settings/addWebhook

    Adds a webhook for the events that are given, all where none are. Its URL is called with a test, and must answer the text
    "God bless you, SendClean".
    """

    fields = WHAT
    message = "Webhook Added"
    is_atomic = False  # the URL is called meanwhile

    def change(self, asked: Asked) -> Any:
        webhook, _ = add_webhook(
            asked.get_account(),
            asked["url"],
            events=asked["event"] or (),
            format_name=FORMAT,
            description=asked["description"] or "",
            keeps_log=asked["store_log"] is not False,
        )
        asked.remember(webhook, "added")


class EditWebhook(ChangingView):
    """settings/editWebhook

    Changes a webhook's URL and what else is given. The URL is called with a test, as when it is added; a webhook that was
    disabled because it failed is enabled by that.
    """

    fields = EDITED
    message = "Webhook Edited"
    is_atomic = False  # as above

    def change(self, asked: Asked) -> Any:
        webhook = find(asked)
        edit_webhook(
            webhook,
            url=asked["url"],
            events=asked["event"],
            description=asked["description"],
            keeps_log=asked["store_log"],
        )
        asked.remember(webhook, "changed")


class KeyResetWebhook(ChangingView):
    """settings/keyResetWebhook

    Gives a webhook a new key, by which calls are signed from now on.
    """

    fields = ONE
    answers = (WebhookKey,)
    message = "Webhook key reseted"

    def change(self, asked: Asked) -> tuple[Webhook, str]:
        webhook = find(asked)
        key = reset_key(webhook)
        asked.remember(webhook, "reset the key of")
        return webhook, key

    def answer(self, done: tuple[Webhook, str]) -> HttpResponse:
        return answer_key(self.message, *done)


class ListWebhook(SettingView):
    """settings/listWebhook

    Lists the account's webhooks of this dialect, 1,000 at a time, the oldest first.
    """

    fields = PAGES
    answers = (WebhookList,)

    def act(self, asked: Asked) -> list[Webhook]:
        return list_webhooks(asked.account_id, asked["skip_page"], format_name=FORMAT)

    def answer(self, done: list[Webhook]) -> HttpResponse:
        return answer_webhooks(done)


class GetWebhookInfo(SettingView):
    """settings/getWebhookInfo

    Tells of one webhook, with the time of its last success and how many events arrived there.
    """

    fields = ONE
    answers = (WebhookInfo,)

    def act(self, asked: Asked) -> Webhook:
        return find(asked)

    def answer(self, done: Webhook) -> HttpResponse:
        return answer_webhook(done)


class DeleteWebhook(ChangingView):
    """settings/deleteWebhook

    Deletes a webhook; what waits for it is not sent any more.
    """

    fields = ONE
    message = "Webhook Deleted"

    def change(self, asked: Asked) -> Any:
        webhook = find(asked)
        asked.remember(webhook, "deleted")
        delete(webhook)
