"""What an account chooses for a sender domain: only what is given changes, and the tracking host is given up and taken up."""

from __future__ import annotations

from django.utils import timezone

from domains import queries
from domains.models import SenderDomain
from domains.options import set_options
from domains.records import Purpose, records_of
from tests.support.cast import Tenant


def tracking_url(domain: SenderDomain) -> str:
    found = queries.get_sender_domain(domain.pk)
    assert found is not None
    return found.tracking_url


def test_it_works(acme: Tenant) -> None:
    set_options(acme.domain, track_opens=True, unsubscribe_link=True, hosting_provider="Acme Hosting")
    set_options(acme.domain, track_clicks=False)
    acme.domain.refresh_from_db()
    assert (acme.domain.track_opens, acme.domain.track_clicks) == (True, False)
    assert (acme.domain.unsubscribe_link, acme.domain.hosting_provider) == (True, "Acme Hosting")


def test_a_domain_without_a_tracking_host_uses_the_platform_s(acme: Tenant) -> None:
    SenderDomain.objects.update(tracking_at=timezone.now())
    assert tracking_url(acme.domain) == "http://track.acme.example"
    set_options(acme.domain, uses_tracking_host=False)
    assert tracking_url(acme.domain) == ""
    assert Purpose.TRACKING not in {record.purpose for record in records_of(acme.domain)}


def test_a_host_that_is_taken_up_again_is_looked_for_anew(acme: Tenant) -> None:
    SenderDomain.objects.update(tracking_at=timezone.now(), next_check_at=None)
    acme.domain.refresh_from_db()
    set_options(acme.domain, uses_tracking_host=False)
    set_options(acme.domain, uses_tracking_host=True)
    acme.domain.refresh_from_db()
    assert acme.domain.next_check_at is not None
    assert tracking_url(acme.domain) == ""
    assert Purpose.TRACKING in {record.purpose for record in records_of(acme.domain)}


def test_the_same_again_changes_nothing(acme: Tenant) -> None:
    SenderDomain.objects.update(tracking_at=timezone.now())
    acme.domain.refresh_from_db()
    set_options(acme.domain, uses_tracking_host=True)
    assert tracking_url(acme.domain) == "http://track.acme.example"
