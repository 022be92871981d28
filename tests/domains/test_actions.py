"""Adding and deleting what an account sends from, within what it may have."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from domains import credentials
from domains.actions import (
    add_api_key,
    add_domain,
    add_smtp_user,
    delete_domain,
    delete_smtp_user,
    revoke_api_key,
    set_prefixes,
)
from domains.models import APIKey, DKIMKey, SenderDomain, SMTPUser
from domains.queries import find_sender_domain
from domains.verification import check_domain
from gateway.base.errors import BadCredentials, CredentialRevoked, FieldInvalid, QuotaExceeded
from gateway.models import Message
from tests.domains.zones import publish
from tests.support.cast import Tenant
from tests.support.dns import FaultyNameServer
from tests.support.factories import make_message


def test_it_works(acme: Tenant) -> None:
    domain = add_domain(acme.account, "Shop.Example.")
    assert (domain.name, domain.is_verified, domain.subdomain, domain.track_prefix) == (
        "shop.example",
        False,
        "bounce",
        "track",
    )
    assert len(domain.verification_token) == 32
    assert sorted(domain.dkim_keys.values_list("algorithm", "published_at")) == [("ed25519", None), ("rsa", None)]


def test_a_domain_is_added_once(acme: Tenant, globex: Tenant) -> None:
    add_domain(acme.account, "shop.example")
    with pytest.raises(FieldInvalid, match="sender domain of this account already"):
        add_domain(acme.account, "SHOP.EXAMPLE")
    theirs = add_domain(globex.account, "shop.example")
    assert theirs.verification_token != acme.account.sender_domains.get(name="shop.example").verification_token


def test_a_name_that_is_refused_leaves_nothing(acme: Tenant) -> None:
    with pytest.raises(FieldInvalid):
        add_domain(acme.account, "co.uk")
    assert acme.account.sender_domains.count() == 1


@pytest.mark.parametrize("prefixes", [("track", "track"), ("a_b", "track"), ("bounce", "-")])
def test_prefixes_that_cannot_be(prefixes: tuple[str, str], acme: Tenant) -> None:
    with pytest.raises(FieldInvalid):
        add_domain(acme.account, "shop.example", subdomain=prefixes[0], track_prefix=prefixes[1])
    with pytest.raises(FieldInvalid):
        set_prefixes(acme.domain, subdomain=prefixes[0], track_prefix=prefixes[1])


def test_new_prefixes_wait_for_dns_again(shop: SenderDomain, dns: FaultyNameServer) -> None:
    publish(dns, shop)
    check_domain(shop)
    pending = shop.pending_since
    set_prefixes(shop, subdomain="Mail", track_prefix="track")
    shop.refresh_from_db()
    assert (shop.subdomain, shop.return_path_at) == ("mail", None)
    assert shop.tracking_at is not None
    assert shop.is_verified
    assert shop.pending_since > pending


LIMITS = {
    "max_domains": lambda tenant: add_domain(tenant.account, "shop.example"),
    "max_smtp_users": lambda tenant: add_smtp_user(tenant.account),
    "max_keys": lambda tenant: add_api_key(tenant.account),
}


@pytest.mark.parametrize("limit", LIMITS)
def test_an_account_has_no_more_than_it_may(limit: str, acme: Tenant, globex: Tenant) -> None:
    had = {"max_domains": 1, "max_smtp_users": 1, "max_keys": 2}[limit]
    for most in (0, had):
        type(acme.account).objects.filter(pk=acme.account.pk).update(**{limit: most})
        with pytest.raises(QuotaExceeded, match=f"may have {most} ") as caught:
            LIMITS[limit](acme)
        assert caught.value.limit == most
    LIMITS[limit](globex)
    type(acme.account).objects.filter(pk=acme.account.pk).update(**{limit: had + 1})
    LIMITS[limit](acme)
    with pytest.raises(QuotaExceeded):
        LIMITS[limit](acme)


def test_what_is_out_of_use_does_not_count(acme: Tenant) -> None:
    type(acme.account).objects.filter(pk=acme.account.pk).update(max_smtp_users=1, max_keys=2)
    delete_smtp_user(acme.smtp_user)
    add_smtp_user(acme.account)
    revoke_api_key(acme.api_key)
    add_api_key(acme.account)


def test_what_was_sent_from_a_deleted_domain_is_not_rewritten(acme: Tenant) -> None:
    message = make_message(acme.account, domain=acme.domain)
    with CaptureQueriesContext(connection) as asked:
        delete_domain(acme.domain)
    assert not [query["sql"] for query in asked if "gateway_message" in query["sql"]]
    assert not SenderDomain.objects.filter(pk=Message.objects.get(pk=message.pk).domain_id or 0).exists()


@pytest.mark.django_db(transaction=True)
def test_a_check_and_a_deletion_do_not_wait_for_each_other_for_ever(acme: Tenant) -> None:
    domain, begun = add_domain(acme.account, "shop.example"), threading.Event()

    def write_as_a_check() -> None:
        with transaction.atomic():
            SenderDomain.objects.filter(pk=domain.pk).update(checked_at=None)
            begun.set()
            time.sleep(0.3)  # the deletion is under way
            DKIMKey.objects.filter(domain_id=domain.pk).update(published_at=None)
        connection.close()

    with ThreadPoolExecutor(1) as threads:
        written = threads.submit(write_as_a_check)
        assert begun.wait(5)
        delete_domain(domain)
        written.result(10)


def test_a_deleted_domain_takes_its_credentials_with_it(acme: Tenant, globex: Tenant) -> None:
    bound, secret = add_smtp_user(acme.account, domain=acme.domain)
    delete_domain(acme.domain)
    assert find_sender_domain(acme.account.pk, "acme.example") is None
    assert not DKIMKey.objects.for_account(acme.account).exists()
    with pytest.raises(CredentialRevoked):
        credentials.authenticate_smtp_user(bound.name, secret).check_usable()
    with pytest.raises(BadCredentials):
        credentials.authenticate_api_key(acme.domain_secret)
    assert credentials.authenticate_api_key(acme.api_secret).account_id == acme.account.pk
    assert SMTPUser.objects.filter(pk=bound.pk).exists()  # its name is not given again
    assert APIKey.objects.filter(pk=globex.domain_key.pk).exists()
