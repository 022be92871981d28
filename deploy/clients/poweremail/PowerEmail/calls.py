"""The API's calls, by the names that it gives them. An argument that is None is not sent.

Each returns what the server answered, as a dict, and raises an Error (errors.py).
"""

# What `_call` returns is Any, and declared here to be of the shape that the API documents.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from PowerEmail.answers import (
    MessageInfos,
    NewSmtpUser,
    Said,
    SendingDomainCheck,
    SendingDomains,
    SmtpUsers,
    TrackingDomainCheck,
    TrackingDomains,
    UserDetail,
    WebhookInfo,
    WebhookKey,
    Webhooks,
)


class Call(Protocol):
    """How a call is made: PowerEmail.call."""

    def __call__(self, url: str, params: Mapping[str, object], *, idempotency_key: str | None = None) -> Any: ...


class Messages:
    """messages/*: send, and ask what became of it.

    Under one `idempotency_key` the server sends a message once, however often it is handed in: with a key, such as your order's
    number, it is safe to try again after a NetworkError.
    """

    def __init__(self, call: Call) -> None:
        self._call = call

    def sendMail(
        self,
        smtp_user_name: str | None = None,
        message: Mapping[str, object] | None = None,
        *,
        idempotency_key: str | None = None,
    ) -> Said:
        """Send a message with the bodies that it has."""
        params = {"smtp_user_name": smtp_user_name, "message": message}
        return self._call("messages/sendMail", params, idempotency_key=idempotency_key)

    def sendTemplate(
        self,
        smtp_user_name: str | None = None,
        message: Mapping[str, object] | None = None,
        *,
        idempotency_key: str | None = None,
    ) -> Said:
        """Send a message made of a template, `message["template_id"]`, and its `dynamic_value`."""
        params = {"smtp_user_name": smtp_user_name, "message": message}
        return self._call("messages/sendTemplate", params, idempotency_key=idempotency_key)

    def sendRaw(
        self,
        smtp_user_name: str | None = None,
        raw_message: str | None = None,
        *,
        idempotency_key: str | None = None,
    ) -> Said:
        """Send a whole message, headers and all (RFC 5322)."""
        params = {"smtp_user_name": smtp_user_name, "raw_message": raw_message}
        return self._call("messages/sendRaw", params, idempotency_key=idempotency_key)

    senRaw = sendRaw  # as the vendor's library spells it

    def getMessageInfo(self, x_unique_id: str | None = None, skip_page: int | None = None) -> MessageInfos:
        """Tell what became of the messages with this X-Unique-Id: a page of at most 100, after `skip_page` of them."""
        return self._call("messages/getMessageInfo", {"x_unique_id": x_unique_id, "skip_page": skip_page})


class Account:
    """account/*"""

    def __init__(self, call: Call) -> None:
        self._call = call

    def viewUserDetail(self) -> UserDetail:
        """Tell about the account."""
        return self._call("account/viewUserDetail", {})


class Settings:
    """settings/*: SMTP users, sending domains, tracking domains, webhooks. Lists come in pages, as with getMessageInfo."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def addSmtp(self, total_limit: int | None = None, hourly_limit: int | None = None) -> NewSmtpUser:
        """Add an SMTP user, who may send so many messages in all, and in an hour."""
        return self._call("settings/addSmtp", {"total_limit": total_limit, "hourly_limit": hourly_limit})

    addSmtpUser = addSmtp  # as the vendor's library calls it

    def editSmtp(
        self,
        smtp_user_name: str | None = None,
        total_limit: int | None = None,
        hourly_limit: int | None = None,
        status: str | None = None,
    ) -> Said:
        """Change what is given of an SMTP user; `status` is Enable or Disable."""
        limits = {"total_limit": total_limit, "hourly_limit": hourly_limit}
        return self._call("settings/editSmtp", {"smtp_user_name": smtp_user_name, **limits, "status": status})

    def resetSmtpPassword(self, smtp_user_name: str | None = None) -> NewSmtpUser:
        """Give an SMTP user a new password; the old one ends."""
        return self._call("settings/resetSmtpPassword", {"smtp_user_name": smtp_user_name})

    def listSmtp(self, skip_page: int | None = None) -> SmtpUsers:
        """List the SMTP users."""
        return self._call("settings/listSmtp", {"skip_page": skip_page})

    def addSendingDomain(self, domain: str | None = None) -> Said:
        """Add a domain to send from."""
        return self._call("settings/addSendingDomain", {"domain": domain})

    def checkSendingDomain(self, domain: str | None = None) -> SendingDomainCheck:
        """Look up what DNS has of a sending domain's records."""
        return self._call("settings/checkSendingDomain", {"domain": domain})

    def verifySendingDomain(self, domain: str | None = None, mailbox: str | None = None) -> Said:
        """Have instructions sent to `mailbox` at the domain."""
        return self._call("settings/verifySendingDomain", {"domain": domain, "mailbox": mailbox})

    def listSendingDomain(self, skip_page: int | None = None) -> SendingDomains:
        """List the sending domains."""
        return self._call("settings/listSendingDomain", {"skip_page": skip_page})

    def deleteSendingDomain(self, domain: str | None = None) -> Said:
        """Remove a sending domain."""
        return self._call("settings/deleteSendingDomain", {"domain": domain})

    def addTrackingDomain(self, domain: str | None = None) -> Said:
        """Add a host for tracked links."""
        return self._call("settings/addTrackingDomain", {"domain": domain})

    def checkTrackingDomain(self, domain: str | None = None) -> TrackingDomainCheck:
        """Look up what DNS has of a tracking domain's records."""
        return self._call("settings/checkTrackingDomain", {"domain": domain})

    def listTrackingDomain(self, skip_page: int | None = None) -> TrackingDomains:
        """List the tracking domains."""
        return self._call("settings/listTrackingDomain", {"skip_page": skip_page})

    def deleteTrackingDomain(self, domain: str | None = None) -> Said:
        """Remove a tracking domain."""
        return self._call("settings/deleteTrackingDomain", {"domain": domain})

    def addWebhook(
        self,
        url: str | None = None,
        event: str | None = None,
        description: str | None = None,
        store_log: str | None = None,
    ) -> Said:
        """Add a webhook. `event`: of send, open, click, soft_bounce, hard_bounce, spam, with commas between."""
        params = {"url": url, "event": event, "description": description, "store_log": store_log}
        return self._call("settings/addWebhook", params)

    def editWebhook(
        self,
        webhook_id: int | str | None = None,
        url: str | None = None,
        event: str | None = None,
        description: str | None = None,
        store_log: str | None = None,
    ) -> Said:
        """Change what is given of a webhook."""
        params = {"webhook_id": webhook_id, "url": url, "event": event, "description": description, "store_log": store_log}
        return self._call("settings/editWebhook", params)

    def deleteWebhook(self, webhook_id: int | str | None = None) -> Said:
        """Remove a webhook."""
        return self._call("settings/deleteWebhook", {"webhook_id": webhook_id})

    def keyResetWebhook(self, webhook_id: int | str | None = None) -> WebhookKey:
        """Give a webhook a new key, in force at once."""
        return self._call("settings/keyResetWebhook", {"webhook_id": webhook_id})

    def listWebhook(self, skip_page: int | None = None) -> Webhooks:
        """List the webhooks."""
        return self._call("settings/listWebhook", {"skip_page": skip_page})

    def getWebhookInfo(self, webhook_id: int | str | None = None) -> WebhookInfo:
        """Tell about a webhook."""
        return self._call("settings/getWebhookInfo", {"webhook_id": webhook_id})
