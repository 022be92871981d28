"""The commands about the webhooks of sender domains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from django.db import transaction

from accounts.access import Level
from gateway.api.fields import Field
from gateway.api.octeth.answers.base import Done
from gateway.api.octeth.answers.webhooks import SigningKeyChanged, WebhookAdded, WebhookList, show
from gateway.api.octeth.parse.base import PAGE, identifier, not_there
from gateway.api.octeth.parse.webhooks import ADD, DELETE, LOCAL, NO_WEB, parse_add
from gateway.api.octeth.views.command import Caller, Command
from tracking.models import Webhook
from tracking.webhooks import keys, of_domain

BY_DOMAIN: Final = (Field("DomainID", identifier, required=True, missing=1),)


class AddWebhook(Command):
    """EmailGateway.AddWebhook: have a URL told of one kind of event of a sender domain."""

    name = "EmailGateway.AddWebhook"
    level = Level.DEVELOPER
    fields = ADD
    answers = (WebhookAdded,)
    errors: ClassVar = {
        1: "Missing required parameter DomainID",
        2: "Missing required parameter Event",
        3: "Invalid event type specified",
        4: "Domain not found or access denied",
        5: "Missing required parameter WebhookURL",
        NO_WEB: "WebhookURL must be a URL that begins with http:// or https://",
        LOCAL: "WebhookURL must not be a local address",
    }
    refusals: ClassVar = {"url": NO_WEB}
    lists_codes = True

    def parse(self, values: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        return parse_add(self.fields, values)

    @transaction.atomic
    def act(self, asked: Mapping[str, Any], caller: Caller) -> WebhookAdded:
        domain = caller.domain(asked["DomainID"], error=4)
        webhook = of_domain.add_webhook(domain, asked["WebhookURL"], asked["Event"])
        caller.remember(webhook, "added")
        return WebhookAdded(new_webhook_id=str(webhook.pk))


class DeleteWebhook(Command):
    """EmailGateway.DeleteWebhook: tell a URL nothing more."""

    name = "EmailGateway.DeleteWebhook"
    level = Level.DEVELOPER
    fields = DELETE
    answers = (Done,)
    errors: ClassVar = {
        1: "Missing required parameter: WebhookID or DomainID",
        2: "Invalid DomainID or DomainID not found",
        3: "Domain validation failed",
        4: "Webhook not found or user does not have permission to access it",
    }

    @transaction.atomic
    def act(self, asked: Mapping[str, Any], caller: Caller) -> Done:
        domain = caller.domain(asked["DomainID"], error=2)
        webhook = _get(caller, asked["WebhookID"])
        if webhook.domain_id != domain.pk:
            raise not_there(3, "DomainID")
        caller.remember(webhook, "deleted")
        of_domain.delete_webhook(caller.account_id, domain.pk, webhook.pk)
        return Done()


class GetWebhooks(Command):
    """EmailGateway.GetWebhooks: the webhooks of a sender domain, and the key that their calls are signed with."""

    name = "EmailGateway.GetWebhooks"
    fields = (*BY_DOMAIN, *PAGE)
    answers = (WebhookList,)
    errors: ClassVar = {
        1: "Missing required parameter DomainID",
        2: "Invalid domain or domain does not belong to the user",
    }

    def act(self, asked: Mapping[str, Any], caller: Caller) -> WebhookList:
        domain = caller.domain(asked["DomainID"], error=2)
        begin, end = asked["StartFrom"], asked["StartFrom"] + asked["RetrieveCount"]
        page = of_domain.webhooks_of(caller.account_id, domain.pk)[begin:end]
        key = keys.find_domain_key(domain) if caller.level >= Level.DEVELOPER else ""  # as the console shows keys
        return WebhookList(signing_key=key, webhooks=[show(webhook) for webhook in page])


class RegenerateSigningKey(Command):
    """EmailGateway.RegenerateSigningKey: sign the calls of a sender domain's webhooks with a new key from now on."""

    name = "EmailGateway.RegenerateSigningKey"
    level = Level.DEVELOPER
    fields = BY_DOMAIN
    answers = (SigningKeyChanged,)
    errors: ClassVar = {1: "Missing required parameter DomainID", 2: "Unable to retrieve sender domain"}

    @transaction.atomic
    def act(self, asked: Mapping[str, Any], caller: Caller) -> SigningKeyChanged:
        domain = caller.domain(asked["DomainID"], error=2)
        key = keys.reset_domain_key(domain)
        caller.remember(domain, "reset the signing key of")
        return SigningKeyChanged(signing_key=key)


def _get(caller: Caller, webhook_id: int) -> Webhook:
    rows = Webhook.objects.for_account(caller.account_id).filter(format=keys.FORMAT, domain__isnull=False)
    found: Webhook | None = rows.filter(pk=webhook_id).first()
    if found is None:
        raise not_there(4, "WebhookID")
    return found
