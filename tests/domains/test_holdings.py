"""What an account has, by its names, and nobody else's."""

from __future__ import annotations

import pytest

from domains import holdings
from domains.actions import add_domain
from domains.models import SenderDomain
from domains.trackinghosts import add_tracking_domain
from gateway.base.errors import FieldInvalid
from tests.support.cast import Tenant

pytestmark = pytest.mark.django_db


def test_it_works(acme: Tenant) -> None:
    account = acme.account.pk
    host = add_tracking_domain(acme.account, "links.acme.example")
    assert holdings.get_smtp_user(account, "smtp_acme") == acme.smtp_user
    assert holdings.get_domain(account, " ACME.example.") == acme.domain
    assert holdings.get_tracking_domain(account, "LINKS.acme.example") == host
    assert holdings.list_smtp_users(account) == [acme.smtp_user]
    assert holdings.list_domains(account) == [acme.domain]
    assert holdings.list_tracking_domains(account) == [host]


def test_a_domain_is_found_in_any_spelling(acme: Tenant) -> None:
    domain = add_domain(acme.account, "bücher.example")
    for name in ("bücher.example", "Bücher\u3002example", "xn--bcher-kva.example"):
        assert holdings.get_domain(acme.account.pk, name) == domain


def test_a_stranger_s_is_not_there(acme: Tenant, globex: Tenant) -> None:
    add_tracking_domain(acme.account, "links.acme.example")
    stranger = globex.account.pk
    for get, name in (
        (holdings.get_smtp_user, "smtp_acme"),
        (holdings.get_domain, "acme.example"),
        (holdings.get_tracking_domain, "links.acme.example"),
    ):
        with pytest.raises(FieldInvalid, match=f"This account has no .* {name}"):
            get(stranger, name)
    assert holdings.list_tracking_domains(stranger) == []


def test_only_what_is_verified_may_send(acme: Tenant, globex: Tenant) -> None:
    second = add_domain(acme.account, "second.example")
    assert holdings.find_verified_domain(acme.account.pk) == acme.domain
    assert holdings.find_account_that_verified("acme.example") == acme.account.pk
    SenderDomain.objects.filter(pk=acme.domain.pk).update(is_active=False)
    assert holdings.find_account_that_verified("acme.example") is None
    assert holdings.find_verified_domain(acme.account.pk) is None
    SenderDomain.objects.filter(pk=second.pk).update(is_trusted=True)
    assert holdings.find_verified_domain(acme.account.pk) == second
