from __future__ import annotations

import pytest
from django.apps import apps
from django.db.models import Model
from django.utils import timezone

from accounts import actions
from accounts.models import Account, ApiSession, AuditEntry, IdempotencyKey, UsageCounter, User
from accounts.scoping import AccountModel
from domains.credentials import authenticate_smtp_user
from domains.models import DKIMKey, SMTPUser
from gateway.base.errors import AccountPurged, Unsupported
from gateway.engine import purge
from gateway.models import Attachment, Content, Message, Recipient
from tests.gateway.console.everything import make_everything
from tests.support.cast import Tenant
from tracking.models import Event, HourlyStatistic

pytestmark = pytest.mark.django_db(transaction=True)


def fill(tenant: Tenant) -> None:
    """Give a tenant a row of everything."""
    now = timezone.now()
    make_everything(tenant, tenant.account.owner_id)
    HourlyStatistic.objects.create(
        account_id=tenant.account.pk, hour=now, domain_id=0, smtp_user_id=0, campaign="", tag=tenant.account.owner_id
    )
    UsageCounter.objects.create(account=tenant.account, window="day", starts_at=now)
    IdempotencyKey.objects.create(account=tenant.account, key="k", fingerprint=b"f", answer={}, expires_at=now)
    ApiSession.objects.create(
        account=tenant.account, user=tenant.user, token_hash=tenant.account.owner_id.encode(), password_mark="", used_at=now
    )


def purge_now(tenant: Tenant) -> None:
    actions.delete(tenant.account)
    actions.purge(tenant.account)
    AuditEntry.objects.create(account=tenant.account, actor="operator", action="purged account")
    assert purge.purge_all(60)


def owned() -> list[type[Model]]:
    return [model for model in apps.get_models() if issubclass(model, AccountModel)]


def rows_of(model: type[Model], tenant: Tenant) -> int:
    return model.objects.for_account(tenant.account).count()


def test_it_works(acme: Tenant) -> None:
    fill(acme)
    Account.objects.filter(pk=acme.account.pk).update(header_html="<b>Acme</b>", footer_text="Acme, 1 Main Street")
    purge_now(acme)
    left = {model: rows_of(model, acme) for model in owned()}
    assert {model for model, number in left.items() if number} == {SMTPUser, AuditEntry}
    assert not Content.objects.exists()
    assert not Attachment.objects.exists()
    assert not User.objects.filter(pk=acme.user.pk).exists()
    account = Account.objects.get(pk=acme.account.pk)
    assert (account.name, account.header_html, account.footer_text) == ("", "", "")


def test_every_model_of_an_account_is_removed_or_kept_on_purpose() -> None:
    named = {*purge._ORDER, *purge.KEPT}
    assert {model.__name__ for model in owned()} <= {model.__name__ for model in named} | {"Membership"}


def test_others_keep_all_that_they_have(acme: Tenant, globex: Tenant) -> None:
    for tenant in (acme, globex):
        fill(tenant)
    before = {model: rows_of(model, globex) for model in owned()}
    purge_now(acme)
    assert {model: rows_of(model, globex) for model in owned()} == before
    assert all(before[model] for model in (Message, Recipient, Event, DKIMKey))


def test_a_person_with_another_account_stays(acme: Tenant, globex: Tenant) -> None:
    globex.account.memberships.create(user=acme.user)
    purge_now(acme)
    assert User.objects.filter(pk=acme.user.pk).exists()


def test_it_goes_on_where_it_was_stopped(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(acme)
    actions.delete(acme.account)
    actions.purge(acme.account)
    monkeypatch.setattr(purge, "BATCH", 1)
    steps = 0
    while not purge.purge_all(-1.0):
        steps += 1
    assert steps > 10
    assert not Message.objects.for_account(acme.account).exists()


def test_nothing_is_removed_of_an_account_that_is_only_deleted(acme: Tenant) -> None:
    fill(acme)
    actions.delete(acme.account)
    assert purge.purge_all(60)
    assert Message.objects.for_account(acme.account).exists()


def test_its_credential_is_told_that_the_account_is_gone(acme: Tenant) -> None:
    purge_now(acme)
    with pytest.raises(AccountPurged):
        authenticate_smtp_user(acme.smtp_user.name, acme.smtp_secret).check_usable()


def test_only_a_deleted_account_is_purged(acme: Tenant) -> None:
    with pytest.raises(Unsupported, match="is enabled; it cannot become purged"):
        actions.purge(acme.account)
