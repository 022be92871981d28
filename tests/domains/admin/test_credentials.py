"""The rooms of SMTP users and keys: secrets are shown once, and everything done is remembered."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, Membership
from domains.credentials import authenticate_api_key, authenticate_smtp_user
from domains.models import SMTPUser
from gateway.base import clock
from gateway.base.errors import BadCredentials, CredentialRevoked
from templates_app.models import UnsubscribePage
from tests.support.browsers import log_in
from tests.support.cast import Tenant
from tests.support.factories import make_person

SECRET = re.compile(r'id="secret">([^<]+)<')


@pytest.fixture
def browser(acme: Tenant) -> Client:
    return log_in(acme.user)


def user_page(tenant: Tenant, page: str = "change") -> str:
    return reverse(f"admin:domains_smtpuser_{page}", args=(tenant.smtp_user.pk,))


def secret_in(page: str) -> str:
    found = SECRET.search(page)
    assert found, "the page shows no secret"
    return found[1]


def test_it_works(browser: Client, acme: Tenant) -> None:
    answer = browser.post(reverse("admin:domains_smtpuser_add"), {"name": "shop", "domain": acme.domain.pk})
    secret = secret_in(answer.content.decode())
    credential = authenticate_smtp_user("shop", secret)
    assert (credential.account_id, credential.domain_id) == (acme.account.pk, acme.domain.pk)


def test_a_secret_is_shown_once_and_kept_by_nobody(browser: Client, acme: Tenant) -> None:
    answer = browser.post(reverse("admin:domains_smtpuser_add"), {"name": "shop"})
    secret = secret_in(answer.content.decode())
    assert "no-store" in answer.headers["Cache-Control"]
    made = SMTPUser.objects.get(name="shop")
    pages = ("changelist",), ("change", made.pk), ("history", made.pk)
    for page, *key in pages:
        assert secret not in browser.get(reverse(f"admin:domains_smtpuser_{page}", args=key)).content.decode()
    assert secret not in str(list(AuditEntry.objects.values()))


def test_a_name_left_empty_is_made_up(browser: Client, acme: Tenant) -> None:
    browser.post(reverse("admin:domains_smtpuser_add"), {"name": ""})
    assert acme.account.smtp_users.filter(name__startswith="smtp_").exclude(pk=acme.smtp_user.pk).exists()


@pytest.mark.parametrize("name", ["smtp_acme", "a b", "x", "-rf", "a\nb", "a" * 65])
def test_a_name_that_does_not_fit_is_refused(name: str, browser: Client, acme: Tenant) -> None:
    answer = browser.post(reverse("admin:domains_smtpuser_add"), {"name": name})
    assert answer.context["adminform"].form.errors["name"]
    assert acme.account.smtp_users.count() == 1


def test_a_reset_secret_replaces_the_old_one(browser: Client, acme: Tenant) -> None:
    assert acme.smtp_user.name in browser.get(user_page(acme, "reset")).content.decode()
    authenticate_smtp_user(acme.smtp_user.name, acme.smtp_secret)  # asking did nothing
    secret = secret_in(browser.post(user_page(acme, "reset")).content.decode())
    authenticate_smtp_user(acme.smtp_user.name, secret)
    with pytest.raises(BadCredentials):
        authenticate_smtp_user(acme.smtp_user.name, acme.smtp_secret)


def test_a_user_has_tracking_a_type_and_a_page_of_its_own(browser: Client, acme: Tenant) -> None:
    page = UnsubscribePage.objects.create(account=acme.account, name="Bye", language="de")
    form = {"is_enabled": "on", "priority": "3", "track_opens": "true", "track_clicks": "false", "unsubscribe_link": "unknown"}
    browser.post(user_page(acme), {**form, "email_type": "0", "unsubscribe_page_id": page.pk})
    credential = authenticate_smtp_user(acme.smtp_user.name, acme.smtp_secret)
    assert (credential.track_opens, credential.track_clicks, credential.unsubscribe_link) == (True, False, None)
    assert (credential.email_type, credential.unsubscribe_page_id) == (0, page.pk)
    assert "Bye (de)" in browser.get(user_page(acme)).content.decode()
    browser.post(user_page(acme), {**form, "email_type": "", "unsubscribe_page_id": ""})
    credential = authenticate_smtp_user(acme.smtp_user.name, acme.smtp_secret)
    assert (credential.email_type, credential.unsubscribe_page_id) == (None, None)


def test_another_accounts_page_is_neither_offered_nor_taken(browser: Client, acme: Tenant, globex: Tenant) -> None:
    page = UnsubscribePage.objects.create(account=globex.account, name="Theirs")
    answer = browser.post(user_page(acme), {"is_enabled": "on", "priority": "3", "unsubscribe_page_id": page.pk})
    assert answer.context["adminform"].form.errors["unsubscribe_page_id"]
    assert "Theirs" not in answer.content.decode()
    assert SMTPUser.objects.get(pk=acme.smtp_user.pk).unsubscribe_page_id is None


def test_a_deleted_user_is_refused_and_its_buttons_are_gone(browser: Client, acme: Tenant) -> None:
    browser.post(user_page(acme, "retire"))
    with pytest.raises(CredentialRevoked):
        authenticate_smtp_user(acme.smtp_user.name, acme.smtp_secret).check_usable()
    assert user_page(acme, "reset") not in browser.get(user_page(acme)).content.decode()
    assert browser.post(user_page(acme, "reset")).status_code == 403


def test_a_key_is_made_shown_once_and_revoked(browser: Client, acme: Tenant) -> None:
    answer = browser.post(reverse("admin:domains_apikey_add"), {"description": "of the shop"})
    key = authenticate_api_key(secret_in(answer.content.decode()))
    browser.post(reverse("admin:domains_apikey_revoke", args=(key.key_id,)))
    with pytest.raises(BadCredentials):
        authenticate_api_key(secret_in(answer.content.decode()))


def test_every_act_is_remembered(browser: Client, acme: Tenant) -> None:
    browser.post(reverse("admin:domains_apikey_add"), {"description": "of the shop"})
    browser.post(user_page(acme, "reset"))
    browser.post(user_page(acme), {"is_enabled": "", "may_manage": "on", "senders": "a@acme.example", "priority": "3"})
    entries = AuditEntry.objects.for_account(acme.account).order_by("pk")
    assert [entry.action for entry in entries] == ["added API key", "reset the secret of SMTP user", "changed SMTP user"]
    assert {entry.actor for entry in entries} == {acme.user.email}
    assert set(entries[2].detail["fields"]) == {"Is enabled", "Senders"}


@pytest.mark.parametrize(("days", "word"), [(1, "blocked"), (-1, "enabled")])
def test_a_user_shows_that_it_is_blocked_for_a_while(browser: Client, acme: Tenant, days: int, word: str) -> None:
    SMTPUser.objects.filter(pk=acme.smtp_user.pk).update(blocked_until=clock.now() + timedelta(days=days))
    page = browser.get(reverse("admin:domains_smtpuser_changelist")).content.decode()
    assert re.search(rf">\s*{word}\s*<", page)
    assert not re.search(rf">\s*{'enabled' if word == 'blocked' else 'blocked'}\s*<", page)


def test_only_the_operator_unblocks(browser: Client, acme: Tenant) -> None:
    SMTPUser.objects.filter(pk=acme.smtp_user.pk).update(is_blocked=True)
    browser.post(user_page(acme), {"is_enabled": "on", "is_blocked": "", "priority": "3"})
    assert SMTPUser.objects.get(pk=acme.smtp_user.pk).is_blocked


def test_acts_ask_for_the_token_of_the_page(acme: Tenant) -> None:
    browser = log_in(acme.user, checks_csrf=True)
    for path in (user_page(acme, "reset"), user_page(acme, "retire"), reverse("admin:domains_smtpuser_add")):
        assert browser.post(path, {"name": "forged"}).status_code == 403
    authenticate_smtp_user(acme.smtp_user.name, acme.smtp_secret)


def test_a_viewer_sees_no_button(acme: Tenant) -> None:
    viewer = log_in(make_person(acme.account, Membership.Role.VIEWER))
    page = viewer.get(user_page(acme)).content.decode()
    assert user_page(acme, "reset") not in page
    assert viewer.get(user_page(acme, "reset")).status_code == 403


@pytest.mark.parametrize(
    ("limit", "room", "form"), [("max_smtp_users", "smtpuser", {"name": "shop"}), ("max_keys", "apikey", {})]
)
def test_a_limit_is_told_on_the_page(limit: str, room: str, form: dict[str, str], browser: Client, acme: Tenant) -> None:
    type(acme.account).objects.filter(pk=acme.account.pk).update(**{limit: 1})
    answer = browser.post(reverse(f"admin:domains_{room}_add"), form, follow=True)
    assert "The account may have 1 " in answer.content.decode()
    assert not AuditEntry.objects.exists()
