"""Saving a form writes what its person changed, and nothing that somebody else has changed since it was read."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.db.models import Model
from django.test import RequestFactory

from accounts import actions
from accounts.models import Account, User
from domains.actions import delete_smtp_user, reset_smtp_secret
from domains.credentials import authenticate_smtp_user
from domains.models import SMTPUser
from gateway.base.errors import BadCredentials
from tests.support.cast import Tenant
from tests.support.factories import make_operator
from tests.support.rooms import ROOMS

pytestmark = pytest.mark.django_db


def save(person: User, row: Model, **changes: Any) -> None:
    """Save a row as the console does when a form of it has changed these fields."""
    for name, value in changes.items():
        setattr(row, name, value)
    request = RequestFactory().post("/")
    request.user = person
    ROOMS[type(row)].save_model(request, row, SimpleNamespace(changed_data=[*changes]), True)


def test_it_works(acme: Tenant) -> None:
    before = acme.smtp_user.updated_at
    save(acme.user, acme.smtp_user, note="of the shop", priority=5)
    stored = SMTPUser.objects.get(pk=acme.smtp_user.pk)
    assert (stored.note, stored.priority) == ("of the shop", 5)
    assert stored.updated_at > before


def test_a_secret_that_was_reset_meanwhile_stays_reset(acme: Tenant) -> None:
    stale = SMTPUser.objects.get(pk=acme.smtp_user.pk)
    secret = reset_smtp_secret(acme.smtp_user)
    save(acme.user, stale, note="of the shop")
    assert authenticate_smtp_user(stale.name, secret)
    with pytest.raises(BadCredentials):
        authenticate_smtp_user(stale.name, acme.smtp_secret)


def test_a_user_that_was_deleted_meanwhile_stays_deleted(acme: Tenant) -> None:
    stale = SMTPUser.objects.get(pk=acme.smtp_user.pk)
    delete_smtp_user(acme.smtp_user)
    save(acme.user, stale, is_enabled=False)
    assert SMTPUser.objects.get(pk=stale.pk).is_deleted


def test_an_account_that_was_suspended_meanwhile_stays_suspended(acme: Tenant) -> None:
    stale = Account.objects.get(pk=acme.account.pk)
    actions.suspend(acme.account, "Spam.")
    save(acme.user, stale, footer_text="Bye")
    stored = Account.objects.get(pk=stale.pk)
    assert (stored.status, stored.status_note, stored.footer_text) == (Account.Status.SUSPENDED, "Spam.", "Bye")


def test_a_password_that_was_changed_meanwhile_stays_changed(acme: Tenant) -> None:
    stale = User.objects.get(pk=acme.user.pk)
    acme.user.set_password("another one, and long")
    acme.user.save()
    save(make_operator(), stale, name="Ann")
    stored = User.objects.get(pk=stale.pk)
    assert (stored.name, stored.check_password("another one, and long")) == ("Ann", True)
