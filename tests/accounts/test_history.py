"""The history of a row: what was done to it here and by each API, and nothing of other rows."""

from __future__ import annotations

from itertools import permutations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.audit import MOST_REMEMBERED, history_of, remember
from accounts.models import Account
from domains.actions import add_smtp_user
from domains.models import SMTPUser
from tests.support.browsers import log_in
from tests.support.cast import Tenant
from tests.support.rooms import ROOMS

pytestmark = pytest.mark.django_db


def page(browser: Client, user: SMTPUser) -> str:
    return browser.get(reverse("admin:domains_smtpuser_history", args=(user.pk,)), follow=True).content.decode()


def make_user(account: Account) -> SMTPUser:
    user, _ = add_smtp_user(account)
    return user


def test_it_works(acme: Tenant) -> None:
    user = make_user(acme.account)
    remember(user, "added", actor="gk_abc…", address="192.0.2.7")
    log_in(acme.user).post(reverse("admin:domains_smtpuser_reset", args=(user.pk,)))
    entries = history_of(user)
    assert [(entry.actor, entry.action) for entry in entries] == [
        (acme.user.email, "reset the secret of SMTP user"),
        ("gk_abc…", "added SMTP user"),
    ]
    seen = page(log_in(acme.user), user)
    assert seen.index("reset the secret of SMTP user") < seen.index("added SMTP user")
    assert "gk_abc…" in seen


def test_it_has_nothing_of_other_rows(acme: Tenant) -> None:
    user, other = make_user(acme.account), make_user(acme.account)
    remember(other, "added", actor="somebody")
    acme.domain.pk, is_same = user.pk, acme.domain
    remember(is_same, "changed", actor="somebody")  # of another kind, with the same key
    assert history_of(user) == []
    assert "somebody" not in page(log_in(acme.user), user)


def test_strangers_see_none(acme: Tenant, globex: Tenant) -> None:
    user = make_user(acme.account)
    remember(user, "added", actor="somebody")
    assert "somebody" not in page(log_in(globex.user), user)


def test_many_words_cut_nothing_of_what_it_was_done_to(acme: Tenant) -> None:
    user = make_user(acme.account)
    remember(user, f"did {'one thing and another ' * 4}to", actor="somebody")
    (entry,) = history_of(user)
    assert len(entry.action) == 60
    assert entry.action.endswith(" SMTP user")


def test_no_kind_of_row_is_taken_for_another() -> None:
    owned = [model for model in ROOMS if "account" in {field.name for field in model._meta.fields}]
    kinds = [f" {model._meta.verbose_name}" for model in owned]
    assert [(one, other) for one, other in permutations(kinds, 2) if one.endswith(other)] == []


def test_it_goes_back_so_far(acme: Tenant) -> None:
    user = make_user(acme.account)
    for number in range(MOST_REMEMBERED + 1):
        remember(user, f"change {number} of", actor="somebody")
    assert [entry.action for entry in history_of(user)][:: MOST_REMEMBERED - 1] == [
        f"change {MOST_REMEMBERED} of SMTP user",
        "change 1 of SMTP user",
    ]
