"""domain/*: the account's sender domains, with the records to publish."""

from __future__ import annotations

from django.http import HttpResponse

from domains.actions import add_domain
from domains.holdings import get_domain
from domains.models import SenderDomain
from domains.published import find_domains
from domains.renaming import rename_domain
from gateway.api.asked import Asked
from gateway.api.sendcloud.answers.domains import DomainsListed, DomainTold, bits_of, say_domain, say_domains
from gateway.api.sendcloud.errors import coded
from gateway.api.sendcloud.parse.domains import ADDED, COMMON, LISTED, UPDATED, fits
from gateway.api.sendcloud.views.base import ChangingView, ModuleView
from gateway.base.errors import FieldInvalid, QuotaExceeded, Unsupported


class ListDomains(ModuleView):
    """domain/list

    Lists the sender domains, the oldest first, with the records to publish. `verify` is the sum of what DNS shows: 1 DKIM,
    2 SPF, 4 the return path, 8 the host of tracked links, 16 the ownership.
    """

    fields = LISTED
    codes = (41002, 41011)
    answers = (DomainsListed,)

    def act(self, asked: Asked) -> tuple[list[SenderDomain], int]:
        wanted = asked["verify"]
        if asked["type"] not in {None, COMMON}:
            return [], 0
        return find_domains(
            asked.account_id,
            names=asked["name"] or (),
            is_wanted=None if wanted is None else lambda domain: fits(wanted, bits_of(domain)),
            start=asked["start"],
            most=asked["limit"],
        )

    def answer(self, done: tuple[list[SenderDomain], int]) -> HttpResponse:
        return say_domains(*done)


class DomainChangingView(ChangingView):
    """A call that changes a domain, and shows it."""

    answers = (DomainTold,)

    def answer(self, done: SenderDomain) -> HttpResponse:
        return say_domain(done)


class AddDomain(DomainChangingView):
    """domain/add

    Adds a sender domain. Mail is sent from it once DNS shows its ownership record and its DKIM key.
    """

    fields = ADDED
    codes = (41002, 41012, 41013, 41015)

    def change(self, asked: Asked) -> SenderDomain:
        with coded({QuotaExceeded: 41012, FieldInvalid: 41015}):
            domain = add_domain(asked.get_account(), asked["name"])
        asked.remember(domain, "added")
        return domain


class UpdateDomain(DomainChangingView):
    """domain/update

    Gives another name to a sender domain of which DNS shows nothing yet. All its records are new.
    """

    fields = UPDATED
    codes = (41002, 41005, 41013, 41014, 41016)

    def change(self, asked: Asked) -> SenderDomain:
        with coded({FieldInvalid: 41014}):
            domain = get_domain(asked.account_id, asked["name"])
        with coded({FieldInvalid: 41016, Unsupported: 41016}):
            rename_domain(domain, asked["newName"])
        asked.remember(domain, "renamed")
        return domain
