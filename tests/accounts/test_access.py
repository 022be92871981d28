"""What a person may do follows from their roles, as they are now."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from accounts.access import LEVELS, NO_ACCESS, Access, Level, access_of, account_of, load_access
from accounts.models import Account, Membership, User
from domains.models import DKIMKey
from tests.support.cast import Tenant
from tests.support.factories import make_operator


def test_it_works(acme: Tenant) -> None:
    access = load_access(acme.user)
    assert access == Access(levels={acme.account.pk: Level.OWNER})
    assert access.sole_account == acme.account.pk
    assert access.level_in(acme.account.pk) is Level.OWNER
    assert access.level_in(acme.account.pk + 1) is Level.STRANGER
    assert access.level_in(None) is Level.STRANGER


def test_every_role_has_a_level_and_they_differ() -> None:
    assert set(LEVELS) == set(Membership.Role)
    assert len(set(LEVELS.values())) == len(LEVELS)


def test_an_operator_stands_above_all(acme: Tenant) -> None:
    access = load_access(make_operator())
    assert access.level_in(acme.account.pk) is access.level_in(None) is access.highest is Level.OPERATOR
    assert access.highest < Level.NOBODY
    assert access.sole_account is None


@pytest.mark.parametrize(
    ("status", "highest"),
    [("enabled", Level.OWNER), ("suspended", Level.OWNER), ("deleted", Level.VIEWER), ("purged", Level.STRANGER)],
)
def test_a_deleted_account_is_only_looked_at_and_a_purged_one_is_gone(status: str, highest: Level, acme: Tenant) -> None:
    Account.objects.filter(pk=acme.account.pk).update(status=status)
    assert load_access(acme.user).highest is highest


def test_who_is_not_active_may_nothing(acme: Tenant) -> None:
    acme.user.is_active = False
    assert load_access(acme.user) == NO_ACCESS
    operator = make_operator()
    operator.is_active = False
    assert load_access(operator) == NO_ACCESS


def test_a_role_that_nobody_knows_is_none(acme: Tenant) -> None:
    Membership.objects.update(role="emperor")
    assert load_access(acme.user).highest is Level.STRANGER


def test_who_has_not_logged_in_may_nothing(rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = AnonymousUser()
    assert access_of(request) is NO_ACCESS


def test_the_accounts_with_a_level(acme: Tenant, globex: Tenant) -> None:
    Membership.objects.create(account=globex.account, user=acme.user, role=Membership.Role.VIEWER)
    access = load_access(acme.user)
    assert access.accounts_with(Level.ADMIN) == [acme.account.pk]
    assert sorted(access.accounts_with(Level.VIEWER)) == sorted([acme.account.pk, globex.account.pk])
    assert access.sole_account is None


def test_the_account_of_a_row_is_found_along_its_path(acme: Tenant) -> None:
    key = DKIMKey(domain=acme.domain, selector="a")
    assert account_of(key) == account_of(acme.account) == account_of(acme.domain) == acme.account.pk
    assert account_of(User()) is None
