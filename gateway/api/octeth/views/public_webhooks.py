"""Octeth's calls about the webhooks of a key's domain, `/api/v1/webhooks`; also commands of /api.php."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from django.http import HttpResponse

from domains.credentials import Credential
from domains.models import SenderDomain
from gateway.api.base import json_answer
from gateway.api.bodies import Payload
from gateway.api.fields import fold
from gateway.api.octeth.answers.public_webhooks import (
    WebhookAdded,
    WebhookDeleted,
    WebhookRows,
    list_rows,
)
from gateway.api.octeth.errors.public import ADD_WEBHOOK, DELETE_WEBHOOK, LIST_WEBHOOKS
from gateway.api.octeth.parse.base import parse_fields
from gateway.api.octeth.parse.public_webhooks import ADD, DELETE, LIST
from gateway.api.octeth.views.base import ByMethod, OctethView
from gateway.base.errors import BadCredentials
from tracking.models import Webhook
from tracking.webhooks.of_domain import add_webhook, delete_webhook, webhooks_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked for, and of which domain."""

    account_id: int
    domain_id: int
    values: dict[str, Any]


class WebhookCall(OctethView):
    """What the three calls have in common."""

    def parse(self, payload: Payload, credential: Credential) -> Asked:
        return Asked(
            account_id=credential.account_id,
            domain_id=credential.domain_id or 0,
            values=parse_fields(self.fields, fold(payload.values)),
        )


class AddWebhook(WebhookCall):
    """POST /api/v1/webhooks: a URL to call when something happens to the domain's mail."""

    table = ADD_WEBHOOK
    fields = ADD
    answers = (WebhookAdded,)

    def act(self, asked: Asked) -> Webhook:
        domain = SenderDomain.objects.for_account(asked.account_id).filter(pk=asked.domain_id).first()
        if domain is None:
            raise BadCredentials  # it was deleted since its key was looked up
        return add_webhook(domain, asked.values["WebhookURL"], asked.values["Event"])

    def answer(self, done: Webhook) -> HttpResponse:
        return json_answer(WebhookAdded(new_webhook_id=str(done.pk)))


class ListWebhooks(WebhookCall):
    """GET /api/v1/webhooks: the domain's webhooks, the oldest first."""

    http_method_names: tuple[str, ...] = ("get",)
    table = LIST_WEBHOOKS
    fields = LIST
    answers = (WebhookRows,)

    def act(self, asked: Asked) -> WebhookRows:
        rows, start = webhooks_of(asked.account_id, asked.domain_id), asked.values["StartFrom"]
        page = rows[start : start + asked.values["RetrieveCount"]]
        return WebhookRows(webhooks=list_rows(page), total_records=rows.count())

    def answer(self, done: WebhookRows) -> HttpResponse:
        return json_answer(done)


class DeleteWebhook(WebhookCall):
    """DELETE /api/v1/webhooks: one of the domain's webhooks."""

    http_method_names: tuple[str, ...] = ("delete",)
    table = DELETE_WEBHOOK
    fields = DELETE
    answers = (WebhookDeleted,)

    def act(self, asked: Asked) -> WebhookDeleted:
        delete_webhook(asked.account_id, asked.domain_id, asked.values["WebhookID"])
        return WebhookDeleted()

    def answer(self, done: WebhookDeleted) -> HttpResponse:
        return json_answer(done)


class Webhooks(ByMethod):
    """/api/v1/webhooks"""

    http_method_names: tuple[str, ...] = ("get", "post", "delete")
    calls: ClassVar = {"GET": ListWebhooks, "POST": AddWebhook, "DELETE": DeleteWebhook}
