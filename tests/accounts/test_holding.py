"""Who holds an account while its rows are counted: others that count wait, mail does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.db import OperationalError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test.utils import CaptureQueriesContext

from accounts.queries import hold_account
from domains.actions import add_api_key, add_domain, add_smtp_user
from domains.models import SenderDomain
from domains.renaming import rename_domain
from domains.trackinghosts import add_tracking_domain
from templates_app.members import Entry, put_members
from tests.support.cast import Tenant
from tests.support.lists import make_list
from tracking.webhooks import of_domain
from tracking.webhooks.actions import add_webhook

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("on_postgresql")]

ACTS: dict[str, Callable[[Tenant], object]] = {
    "domain": lambda one: add_domain(one.account, "shop.example"),
    "renamed domain": lambda one: rename_domain(add_domain(one.account, "shop.example"), "store.example"),
    "tracking domain": lambda one: add_tracking_domain(one.account, "links.shop.example"),
    "SMTP user": lambda one: add_smtp_user(one.account),
    "key": lambda one: add_api_key(one.account, domain=one.domain),
    "webhook": lambda one: add_webhook(one.account, "https://hooks.acme.com/"),
}


@pytest.fixture
def elsewhere(on_postgresql: None) -> Iterator[BaseDatabaseWrapper]:
    """Another connection to the same database, which waits for no lock."""
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SET lock_timeout = '200ms'")
    yield other
    other.close()


def name_account(elsewhere: BaseDatabaseWrapper, account_id: int) -> None:
    """Add a row that names the account, as a message does."""
    with elsewhere.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tracking_label (account_id, name, created_at, updated_at) VALUES (%s, 'x', now(), now())", [account_id]
        )


@pytest.mark.parametrize("what", ACTS)
def test_mail_does_not_wait(what: str, acme: Tenant, elsewhere: BaseDatabaseWrapper) -> None:
    with transaction.atomic():
        ACTS[what](acme)
        name_account(elsewhere, acme.account.pk)


def test_others_that_count_wait(acme: Tenant, elsewhere: BaseDatabaseWrapper) -> None:
    with transaction.atomic(), elsewhere.cursor() as cursor:
        hold_account(acme.account.pk)
        with pytest.raises(OperationalError):
            cursor.execute("SELECT 1 FROM accounts_account WHERE id = %s FOR NO KEY UPDATE", [acme.account.pk])


def test_sends_to_a_list_do_not_wait_for_its_members(acme: Tenant, elsewhere: BaseDatabaseWrapper) -> None:
    row = make_list(acme.account.pk, 1, "news@lists.example")
    with transaction.atomic(), elsewhere.cursor() as cursor:
        put_members(acme.account.pk, row.pk, [Entry(email="ann@inbox.example")])
        cursor.execute("SELECT 1 FROM templates_app_addresslist WHERE id = %s FOR KEY SHARE", [row.pk])  # as a task of it does


@pytest.mark.parametrize("what", ["webhook", "name"])
def test_an_account_is_held_before_its_domain(what: str, acme: Tenant) -> None:
    fresh: SenderDomain = add_domain(acme.account, "shop.example")
    with CaptureQueriesContext(connection) as queries:
        if what == "webhook":
            of_domain.add_webhook(fresh, "https://hooks.acme.com/", [])
        else:
            rename_domain(fresh, "store.example")
    held = [query["sql"].partition(' FROM "')[2].partition('"')[0] for query in queries if " FOR " in query["sql"]]
    assert held[:2] == ["accounts_account", "domains_senderdomain"]
