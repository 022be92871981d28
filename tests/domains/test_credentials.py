"""Who calls: what can be no name and no key of ours is not looked up."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from domains import credentials
from domains.actions import add_api_key, add_smtp_user
from domains.credentials import authenticate_api_key, authenticate_smtp_user, find_smtp_user, recall_smtp_user
from gateway.base.errors import BadCredentials
from tests.support.cast import Tenant

LOOK_UPS: list[Callable[[Tenant, str], object]] = [
    lambda tenant, text: authenticate_smtp_user(text, tenant.smtp_secret),
    lambda tenant, text: recall_smtp_user(text, tenant.smtp_secret),
    lambda tenant, text: find_smtp_user(tenant.account.pk, text),
    lambda _, text: authenticate_api_key(text),
]


def test_the_longest_name_and_every_key_are_found(acme: Tenant) -> None:
    user, secret = add_smtp_user(acme.account, name="n" * 64)  # a name has room for no more
    key, text = add_api_key(acme.account)
    assert authenticate_smtp_user("n" * 64, secret).smtp_user_id == user.pk
    assert find_smtp_user(acme.account.pk, "n" * 64) == recall_smtp_user("n" * 64, secret)
    assert authenticate_api_key(text).key_id == key.pk


@pytest.mark.parametrize("look_up", LOOK_UPS)
def test_what_is_too_long_is_neither_looked_up_nor_remembered(acme: Tenant, look_up: Callable[[Tenant, str], object]) -> None:
    with CaptureQueriesContext(connection) as queries, suppress(BadCredentials):
        assert look_up(acme, "n" * 65) is None
    assert len(queries) == 0
    assert not credentials._smtp_users._values
    assert not credentials._api_keys._values
