"""The cast is what the other tests take it for."""

from __future__ import annotations

from threading import Thread

import pytest
from django.contrib.auth import authenticate
from django.db import connection

from accounts.models import Account
from domains.credentials import authenticate_api_key, authenticate_smtp_user
from tests.support.cast import Tenant


def test_it_works(acme: Tenant) -> None:
    assert authenticate_smtp_user("smtp_acme", acme.smtp_secret).account_id == acme.account.pk
    assert authenticate_api_key(acme.api_secret).domain_id is None
    assert authenticate_api_key(acme.domain_secret).domain_id == acme.domain.pk
    assert authenticate(username=acme.user.email, password=acme.password) == acme.user
    assert acme.domain.is_verified


def test_tenants_share_nothing(acme: Tenant, globex: Tenant) -> None:
    assert acme.account != globex.account
    assert acme.domain.name != globex.domain.name
    assert acme.user.memberships.get().account == acme.account


@pytest.mark.django_db(transaction=True)
def test_a_thread_sees_what_was_committed() -> None:
    Account.objects.create(name="Acme")
    seen: list[int] = []

    def count() -> None:
        seen.append(Account.objects.count())
        Account.objects.create(name="Globex")
        connection.close()

    thread = Thread(target=count)
    thread.start()
    thread.join(10)
    assert seen == [1]
    assert Account.objects.count() == 2
