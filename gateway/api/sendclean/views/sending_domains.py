"""settings/*SendingDomain: the domains that the account may send from."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

from domains.actions import add_domain, delete_domain, look_at_domain
from domains.checking.findings import Finding
from domains.holdings import get_domain, list_domains
from domains.models import SenderDomain
from gateway.api.asked import Asked
from gateway.api.base import json_answer
from gateway.api.sendclean.answers import Said
from gateway.api.sendclean.answers.sending_domains import (
    SendingDomainChecked,
    SendingDomainList,
    answer_checked,
    answer_sending_domains,
)
from gateway.api.sendclean.parse.sending_domains import ONE, VERIFIED
from gateway.api.sendclean.parse.settings import PAGES
from gateway.api.sendclean.views.settings import ChangingView, SettingView
from gateway.engine.notices import send_instructions


class AddSendingDomain(ChangingView):
    """settings/addSendingDomain

    Adds a domain; mail may be sent from it once DNS shows its records.
    """

    fields = ONE
    message = "Sending Domain Added"

    def change(self, asked: Asked) -> Any:
        asked.remember(add_domain(asked.get_account(), asked["domain"]), "added")


class CheckSendingDomain(SettingView):
    """settings/checkSendingDomain

    Looks at the domain's DNS now, within five seconds.
    """

    fields = ONE
    answers = (SendingDomainChecked,)

    def act(self, asked: Asked) -> tuple[SenderDomain, tuple[Finding, ...]]:
        domain = get_domain(asked.account_id, asked["domain"])
        return domain, look_at_domain(domain)

    def answer(self, done: tuple[SenderDomain, tuple[Finding, ...]]) -> HttpResponse:
        return answer_checked(*done)


class VerifySendingDomain(ChangingView):
    """settings/verifySendingDomain

    Mails the domain's DNS records to one of its mailboxes, with the request to publish them.
    """

    fields = VERIFIED
    message = "Verification instruction has been sent to {address}"
    is_atomic = False  # the mail is stored by another thread

    def change(self, asked: Asked) -> str:
        domain = get_domain(asked.account_id, asked["domain"])
        address = send_instructions(domain, asked["mailbox"], door=self.dialect, client=asked.client)
        asked.remember(domain, "mailed the records of")
        return address

    def answer(self, done: str) -> HttpResponse:
        return json_answer(Said(message=self.message.format(address=done)))


class ListSendingDomain(SettingView):
    """settings/listSendingDomain

    Lists the account's domains, 1,000 at a time, the oldest first, as DNS showed them when it was last looked at.
    """

    fields = PAGES
    answers = (SendingDomainList,)

    def act(self, asked: Asked) -> list[SenderDomain]:
        return list_domains(asked.account_id, asked["skip_page"])

    def answer(self, done: list[SenderDomain]) -> HttpResponse:
        return answer_sending_domains(done)


class DeleteSendingDomain(ChangingView):
    """settings/deleteSendingDomain

    Deletes a domain with its keys; SMTP users that are bound to it are deleted, too.
    """

    fields = ONE
    message = "Sending Domain Deleted"

    def change(self, asked: Asked) -> Any:
        domain = get_domain(asked.account_id, asked["domain"])
        asked.remember(domain, "deleted")
        delete_domain(domain)
