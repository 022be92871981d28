"""settings/*TrackingDomain: the hosts that the account's tracked links name."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

from domains.actions import look_at_tracking_domain
from domains.checking.findings import Finding
from domains.holdings import get_tracking_domain, list_tracking_domains
from domains.models import TrackingDomain
from domains.trackinghosts import add_tracking_domain, delete_tracking_domain
from gateway.api.asked import Asked
from gateway.api.sendclean.answers.tracking_domains import (
    TrackingDomainChecked,
    TrackingDomainList,
    answer_checked,
    answer_tracking_domains,
)
from gateway.api.sendclean.parse.settings import PAGES
from gateway.api.sendclean.parse.tracking_domains import ONE
from gateway.api.sendclean.views.settings import ChangingView, SettingView


class AddTrackingDomain(ChangingView):
    """settings/addTrackingDomain

    Adds a host; links may name it once DNS points it to us and shows whose it is.
    """

    fields = ONE
    message = "Tracking Domain Added"

    def change(self, asked: Asked) -> Any:
        asked.remember(add_tracking_domain(asked.get_account(), asked["domain"]), "added")


class CheckTrackingDomain(SettingView):
    """settings/checkTrackingDomain

    Looks at the host's DNS now, within five seconds.
    """

    fields = ONE
    answers = (TrackingDomainChecked,)

    def act(self, asked: Asked) -> tuple[TrackingDomain, Finding]:
        host = get_tracking_domain(asked.account_id, asked["domain"])
        return host, look_at_tracking_domain(host)

    def answer(self, done: tuple[TrackingDomain, Finding]) -> HttpResponse:
        return answer_checked(*done)


class ListTrackingDomain(SettingView):
    """settings/listTrackingDomain

    Lists the account's hosts, 1,000 at a time, the oldest first, as DNS showed them when it was last looked at.
    """

    fields = PAGES
    answers = (TrackingDomainList,)

    def act(self, asked: Asked) -> list[TrackingDomain]:
        return list_tracking_domains(asked.account_id, asked["skip_page"])

    def answer(self, done: list[TrackingDomain]) -> HttpResponse:
        return answer_tracking_domains(done)


class DeleteTrackingDomain(ChangingView):
    """settings/deleteTrackingDomain

    Deletes a host; links that were sent with it work for as long as its DNS does.
    """

    fields = ONE
    message = "Tracking Domain Deleted"

    def change(self, asked: Asked) -> Any:
        host = get_tracking_domain(asked.account_id, asked["domain"])
        asked.remember(host, "deleted")
        delete_tracking_domain(host)
