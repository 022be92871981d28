"""The commands about sender domains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar, Final

from django.db import transaction
from django.db.models import Count, QuerySet

from accounts.access import Level
from domains import actions
from domains.models import APIKey, SenderDomain, SMTPUser
from domains.options import set_options
from gateway.api.fields import Field, boolean
from gateway.api.octeth.answers.base import Done
from gateway.api.octeth.answers.domains import (
    Counts,
    DomainAdded,
    DomainList,
    DomainShown,
    DomainUpdated,
    DomainVerified,
    results_of,
    show,
)
from gateway.api.octeth.parse.base import PAGE, identifier
from gateway.api.octeth.parse.domains import ADD, BAD_PREFIX_IN_ADD, BAD_PREFIX_IN_UPDATE, UPDATE, prefixes_of
from gateway.api.octeth.views.command import Caller, Command
from gateway.base import clock
from gateway.base.errors import QuotaExceeded
from tracking.models import Webhook

BY_ID: Final = (Field("DomainID", identifier, required=True, missing=1),)
PAUSE: Final = timedelta(seconds=3)  # between two looks at one domain's DNS, as in the console


class AddDomain(Command):
    """EmailGateway.AddDomain: add a sender domain, whose DNS records are in the answer."""

    name = "EmailGateway.AddDomain"
    level = Level.DEVELOPER
    fields = ADD
    answers = (DomainAdded,)
    errors: ClassVar = {
        1: "Missing required parameter: DomainName",
        2: "Invalid domain name provided",
        3: "User has reached the maximum number of sender domains allowed",
        BAD_PREFIX_IN_ADD: "Invalid Subdomain or TrackPrefix",
    }
    refusals: ClassVar = {
        "domain": 2,
        "subdomain": BAD_PREFIX_IN_ADD,
        "track_prefix": BAD_PREFIX_IN_ADD,
        QuotaExceeded: 3,
    }

    @transaction.atomic
    def act(self, asked: Mapping[str, Any], caller: Caller) -> DomainAdded:
        prefixes = prefixes_of(asked, subdomain="bounce", prefix="track")
        domain = actions.add_domain(caller.account(), asked["DomainName"], **prefixes)
        set_options(domain, uses_tracking_host=not asked["TrackPrefixDisabled"])
        caller.remember(domain, "added")
        return DomainAdded(new_sender_domain_id=domain.pk, domain=show(domain, as_text=False))


class DeleteDomain(Command):
    """EmailGateway.DeleteDomain: delete a sender domain with its keys and webhooks; its SMTP users stop working."""

    name = "EmailGateway.DeleteDomain"
    level = Level.DEVELOPER
    fields = BY_ID
    answers = (Done,)
    errors: ClassVar = {
        1: "Missing required parameter: DomainID",
        2: "Domain not found or user does not have permission to delete the domain",
    }

    @transaction.atomic
    def act(self, asked: Mapping[str, Any], caller: Caller) -> Done:
        domain = caller.domain(asked["DomainID"], error=2)
        caller.remember(domain, "deleted")
        actions.delete_domain(domain)
        return Done()


class GetDomain(Command):
    """EmailGateway.GetDomain: one sender domain."""

    name = "EmailGateway.GetDomain"
    fields = BY_ID
    answers = (DomainShown,)
    errors: ClassVar = {1: "Required parameter missing: DomainID", 2: "Unable to retrieve domain information"}

    def act(self, asked: Mapping[str, Any], caller: Caller) -> DomainShown:
        return DomainShown(domain=show(caller.domain(asked["DomainID"], error=2), as_text=False))


class GetDomains(Command):
    """EmailGateway.GetDomains: the account's sender domains, with WithCounts also how many keys and webhooks each has."""

    name = "EmailGateway.GetDomains"
    fields = (Field("WithCounts", boolean, default=False), *PAGE)
    answers = (DomainList,)

    def act(self, asked: Mapping[str, Any], caller: Caller) -> DomainList:
        rows = SenderDomain.objects.for_account(caller.account_id).select_related("account").prefetch_related("dkim_keys")
        begin, end = asked["StartFrom"], asked["StartFrom"] + asked["RetrieveCount"]
        page = list(rows.order_by("pk")[begin:end])
        counts = _count(caller.account_id, page) if asked["WithCounts"] else {}
        return DomainList(domains=[show(domain, as_text=True, counts=counts.get(domain.pk)) for domain in page])


class UpdateDomain(Command):
    """EmailGateway.UpdateDomain: change tracking, the unsubscribe link, the provider's name or the hosts of a sender domain."""

    name = "EmailGateway.UpdateDomain"
    level = Level.DEVELOPER
    fields = UPDATE
    answers = (DomainUpdated,)
    errors: ClassVar = {
        1: "Required field 'DomainID' is missing.",
        5: "Unable to retrieve sender domain information.",
        BAD_PREFIX_IN_UPDATE: "Invalid Subdomain or TrackPrefix",
    }
    refusals: ClassVar = {"subdomain": BAD_PREFIX_IN_UPDATE, "track_prefix": BAD_PREFIX_IN_UPDATE}

    @transaction.atomic
    def act(self, asked: Mapping[str, Any], caller: Caller) -> DomainUpdated:
        domain = caller.domain(asked["DomainID"], error=5)
        before = domain.subdomain
        actions.set_prefixes(domain, **prefixes_of(asked, subdomain=before, prefix=domain.track_prefix))
        disabled = asked["TrackPrefixDisabled"]
        set_options(
            domain,
            track_opens=asked["OpenTracking"],
            track_clicks=asked["LinkTracking"],
            unsubscribe_link=asked["UnsubscribeLink"],
            hosting_provider=asked["HostingProvider"],
            uses_tracking_host=None if disabled is None else not disabled,
        )
        caller.remember(domain, "changed", fields=[name for name, value in asked.items() if value is not None])
        return DomainUpdated(domain=show(domain, as_text=True), subdomain_changed=domain.subdomain != before)


class VerifyDomain(Command):
    """EmailGateway.VerifyDomain: look at a sender domain's DNS now, within five seconds, and say what was found."""

    name = "EmailGateway.VerifyDomain"
    level = Level.DEVELOPER
    fields = BY_ID
    answers = (DomainVerified,)
    errors: ClassVar = {
        1: "Required field 'DomainID' is missing.",
        2: "Unable to retrieve the sender domain information.",
    }

    def act(self, asked: Mapping[str, Any], caller: Caller) -> DomainVerified:
        domain = caller.domain(asked["DomainID"], error=2)
        if domain.checked_at is None or clock.now() - domain.checked_at > PAUSE:
            actions.look_at_domain(domain)
        return DomainVerified(domain=show(domain, as_text=True), dns_verification_results=results_of(domain))


def _count(account_id: int, domains: Sequence[SenderDomain]) -> dict[int, Counts]:
    """Return how much each of some domains has."""
    keys = APIKey.objects.for_account(account_id).filter(revoked_at=None)
    users = SMTPUser.objects.for_account(account_id).filter(is_deleted=False)
    tallies = [_tally(rows, domains) for rows in (keys, users, Webhook.objects.for_account(account_id))]
    return {
        domain.pk: Counts(**dict(zip(("api_keys", "smtps", "webhooks"), [tally[domain.pk] for tally in tallies], strict=True)))
        for domain in domains
    }


def _tally(rows: QuerySet[Any], domains: Sequence[SenderDomain]) -> Counter[int]:
    return Counter(dict(rows.filter(domain__in=domains).order_by().values_list("domain_id").annotate(Count("pk"))))
