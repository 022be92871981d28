"""Octeth's statistics: of a sender domain, of an account, by day, and by receiving domain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from domains.models import SenderDomain
from gateway.api.octeth.answers.statistics import (
    SPEEDS,
    AccountStatsAnswer,
    DailySeriesAnswer,
    DomainStatsAnswer,
    RecipientDomainsAnswer,
    RecipientDomainStatsAnswer,
    account_stats,
    daily_series,
    domain_stats,
    recipient_domain_stats,
    recipient_domains,
)
from gateway.api.octeth.parse.statistics import (
    ACCOUNT_STATS,
    DAILY_SERIES,
    DOMAIN_STATS,
    LIST_RECIPIENT_DOMAINS,
    MOST_DOMAINS,
    RECIPIENT_DOMAIN_STATS,
)
from gateway.api.octeth.parse.times import past_of, span_of
from gateway.api.octeth.views.command import Caller, Command
from gateway.api.octeth.views.events import domain_of
from tracking.queries import EventFilter, break_down, bucketed, compare, endings, receivers

MOST_TAGS = 100  # of TagStats: those with most mail


class DomainStats(Command):
    """EmailGateway.DomainStats: what became of a sender domain's mail, beside the span before and by tag."""

    name = "EmailGateway.DomainStats"
    fields = DOMAIN_STATS
    answers = (DomainStatsAnswer,)
    errors: ClassVar = {1: "Required parameter missing: DomainID", 2: "Unable to retrieve domain information"}

    def act(self, asked: Mapping[str, Any], caller: Caller) -> DomainStatsAnswer:
        domain = caller.domain(asked["DomainID"], error=2)
        wanted = _filter_of(caller, asked, 28, domain_id=domain.pk)
        return domain_stats(*compare(wanted), break_down(wanted, "tag", MOST_TAGS))


class AccountStats(Command):
    """EmailGateway.AccountStats: what became of the mail of sender domains, at most 1,000 of them, beside the span before."""

    name = "EmailGateway.AccountStats"
    fields = ACCOUNT_STATS
    answers = (AccountStatsAnswer,)

    def act(self, asked: Mapping[str, Any], caller: Caller) -> AccountStatsAnswer:
        span = span_of(asked, 30)
        domains = SenderDomain.objects.for_account(caller.account_id).order_by("name")
        if asked["DomainIDs"] is not None:
            domains = domains.filter(pk__in=asked["DomainIDs"])
        names = dict(domains.values_list("pk", "name")[:MOST_DOMAINS])
        # The totals are those of the rows below them: mail of domains that were deleted is in neither.
        wanted = EventFilter(account_id=caller.account_id, domain_ids=tuple(names) or (0,)).between(*span)
        numbers = dict(break_down(wanted, "domain_id", MOST_DOMAINS))
        return account_stats(span, *compare(wanted), [(key, name, numbers.get(key)) for key, name in names.items()])


class DailySeries(Command):
    """EmailGateway.DailySeries: what became of the mail of one sender domain or of all, by day."""

    name = "EmailGateway.DailySeries"
    fields = DAILY_SERIES
    answers = (DailySeriesAnswer,)
    errors: ClassVar = {2: "Unable to retrieve domain information"}

    def act(self, asked: Mapping[str, Any], caller: Caller) -> DailySeriesAnswer:
        wanted = EventFilter(account_id=caller.account_id, domain_id=domain_of(asked, caller))
        span = past_of(span_of(asked, 30))
        return daily_series(bucketed(wanted.between(*span), "day", by="counter"))


class RecipientDomainStats(Command):
    """EmailGateway.RecipientDomainStats: how much of the mail to one receiving domain arrived, and how fast."""

    name = "EmailGateway.RecipientDomainStats"
    fields = RECIPIENT_DOMAIN_STATS
    answers = (RecipientDomainStatsAnswer,)
    errors: ClassVar = {
        1: "Required parameter missing: DomainID or RecipientToDomain",
        2: "Unable to retrieve domain information",
    }

    def act(self, asked: Mapping[str, Any], caller: Caller) -> RecipientDomainStatsAnswer:
        domain = caller.domain(asked["DomainID"], error=2)
        receiver = asked["RecipientToDomain"].strip()
        wanted = _filter_of(caller, asked, 28, domain_id=domain.pk, recipient_domain=receiver)
        return recipient_domain_stats(endings(wanted, tuple(SPEEDS.values())))


class ListRecipientDomains(Command):
    """EmailGateway.ListRecipientDomains: the domains that received most mail of a sender domain."""

    name = "EmailGateway.ListRecipientDomains"
    fields = LIST_RECIPIENT_DOMAINS
    answers = (RecipientDomainsAnswer,)
    errors: ClassVar = {1: "Required parameter missing: DomainID", 2: "Unable to retrieve domain information"}

    def act(self, asked: Mapping[str, Any], caller: Caller) -> RecipientDomainsAnswer:
        domain = caller.domain(asked["DomainID"], error=2)
        wanted = _filter_of(caller, asked, 30, domain_id=domain.pk)
        found = receivers(wanted, asked["Limit"])
        return recipient_domains(span_of(asked, 30), asked["Limit"], found)


def _filter_of(caller: Caller, asked: Mapping[str, Any], days: int, **fields: Any) -> EventFilter:
    return EventFilter(account_id=caller.account_id, **fields).between(*span_of(asked, days))
