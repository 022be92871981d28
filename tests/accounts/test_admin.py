"""The rooms of accounts and people: who may give which role, and who may not."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Account, AuditEntry, Membership, UsageCounter, User
from accounts.usage import Window, start_of
from tests.support.browsers import log_in
from tests.support.cast import Tenant
from tests.support.factories import make_operator, make_person

Role = Membership.Role
ADD = reverse("admin:accounts_membership_add")


def role_of(email: str, account: Account) -> str | None:
    return Membership.objects.filter(account=account, user__email=email).values_list("role", flat=True).first()


def change(browser: Client, membership: Membership, role: str) -> int:
    return browser.post(reverse("admin:accounts_membership_change", args=(membership.pk,)), {"role": role}).status_code


def test_it_works(acme: Tenant) -> None:
    answer = log_in(acme.user).post(ADD, {"email": "New@Person.example", "role": Role.DEVELOPER})
    password = re.search(r'id="secret">([^<]+)<', answer.content.decode())
    assert role_of("new@person.example", acme.account) == Role.DEVELOPER
    assert password
    assert Client().login(username="new@person.example", password=password[1])


def test_who_is_known_joins_with_the_password_they_have(acme: Tenant, globex: Tenant) -> None:
    answer = log_in(acme.user).post(ADD, {"email": globex.user.email, "role": Role.VIEWER})
    assert answer.status_code == 302
    assert role_of(globex.user.email, acme.account) == Role.VIEWER
    assert Client().login(username=globex.user.email, password=globex.password)


def test_nobody_joins_twice(acme: Tenant) -> None:
    answer = log_in(acme.user).post(ADD, {"email": acme.user.email, "role": Role.VIEWER})
    assert answer.context["adminform"].form.errors["email"]
    assert role_of(acme.user.email, acme.account) == Role.OWNER


def test_nobody_gives_a_role_above_their_own(acme: Tenant) -> None:
    admin = log_in(make_person(acme.account, Role.ADMIN))
    viewer = make_person(acme.account, Role.VIEWER).memberships.get()
    admin.post(ADD, {"email": "new@person.example", "role": Role.OWNER})
    change(admin, viewer, Role.OWNER)
    assert role_of("new@person.example", acme.account) is None
    assert role_of(viewer.user.email, acme.account) == Role.VIEWER


def test_nobody_touches_who_stands_above_them(acme: Tenant) -> None:
    admin = log_in(make_person(acme.account, Role.ADMIN))
    owner = acme.user.memberships.get()
    make_person(acme.account, Role.OWNER, "second@acme.example")
    assert change(admin, owner, Role.VIEWER) == 403
    assert admin.post(reverse("admin:accounts_membership_delete", args=(owner.pk,)), {"post": "yes"}).status_code == 403
    admin.post(
        reverse("admin:accounts_membership_changelist"),
        {"action": "delete_selected", "_selected_action": [owner.pk], "post": "yes"},
    )
    assert role_of(acme.user.email, acme.account) == Role.OWNER


def test_the_last_owner_stays(acme: Tenant) -> None:
    browser, owner = log_in(acme.user), acme.user.memberships.get()
    change(browser, owner, Role.VIEWER)
    browser.post(reverse("admin:accounts_membership_delete", args=(owner.pk,)), {"post": "yes"})
    assert role_of(acme.user.email, acme.account) == Role.OWNER


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.VIEWER])
def test_lesser_roles_do_not_invite(role: str, acme: Tenant) -> None:
    assert log_in(make_person(acme.account, role)).post(ADD, {"email": "a@b.example", "role": "viewer"}).status_code == 403


def test_an_account_changes_its_name_but_not_its_limits(acme: Tenant) -> None:
    path = reverse("admin:accounts_account_change", args=(acme.account.pk,))
    log_in(acme.user).post(path, {"name": "Acme Ltd", "status": "purged", "quota_day": "9", "requests_per_minute": "0"})
    acme.account.refresh_from_db()
    assert (acme.account.name, acme.account.status, acme.account.quota_day) == ("Acme Ltd", "enabled", None)


def test_an_account_designs_the_header_and_footer_of_its_mail(acme: Tenant) -> None:
    page = reverse("admin:accounts_account_change", args=(acme.account.pk,))
    designed = {"has_header": "on", "header_html": "<p>Above</p>", "header_text": "Above", "footer_text": "Below"}
    assert log_in(acme.user).post(page, {"name": "Acme"} | designed).status_code == 302
    account = Account.objects.get(pk=acme.account.pk)
    assert (account.has_header, account.header_html, account.header_text) == (True, "<p>Above</p>", "Above")
    assert (account.has_footer, account.footer_html, account.footer_text) == (False, "", "Below")
    viewer = log_in(make_person(acme.account, Role.VIEWER))
    viewer.post(page, {"name": "Acme", "header_text": "Other"})
    assert Account.objects.get(pk=acme.account.pk).header_text == "Above"


def test_a_design_has_an_end(acme: Tenant) -> None:
    page = reverse("admin:accounts_account_change", args=(acme.account.pk,))
    answer = log_in(acme.user).post(page, {"name": "Acme", "footer_html": "x" * 20_001})
    assert answer.context["adminform"].form.errors["footer_html"]


def test_an_operator_sets_limits(acme: Tenant) -> None:
    path = reverse("admin:accounts_account_change", args=(acme.account.pk,))
    log_in(make_operator()).post(path, {"name": "Acme", "quota_day": "9", "max_domains": "3"})
    acme.account.refresh_from_db()
    assert (acme.account.quota_day, acme.account.max_domains) == (9, 3)


def test_a_page_tells_how_much_of_a_quota_is_used(acme: Tenant) -> None:
    Account.objects.filter(pk=acme.account.pk).update(quota_month=5000)
    counters = {"account": acme.account, "window": "month"}
    UsageCounter.objects.create(**counters, starts_at=start_of(Window.MONTH, timezone.now()), used=1234)
    UsageCounter.objects.create(**counters, starts_at=start_of(Window.MONTH, timezone.now() - timedelta(days=40)), used=2345)
    page = log_in(acme.user).get(reverse("admin:accounts_account_change", args=(acme.account.pk,))).content.decode()
    assert "1,234 / 5,000" in page
    assert "2,345" not in page


def act_on(tenant: Tenant, act: str, browser: Client) -> str:
    browser.post(reverse(f"admin:accounts_account_{act}", args=(tenant.account.pk,)))
    tenant.account.refresh_from_db()
    return tenant.account.status


def test_an_operator_suspends_enables_deletes_and_purges(acme: Tenant) -> None:
    browser = log_in(make_operator())
    assert act_on(acme, "suspend", browser) == "suspended"
    assert act_on(acme, "enable", browser) == "enabled"
    assert act_on(acme, "purge", browser) == "enabled"  # not before it was deleted
    assert act_on(acme, "remove", browser) == "deleted"
    assert act_on(acme, "purge", browser) == "purged"
    assert act_on(acme, "enable", browser) == "purged"
    done = AuditEntry.objects.filter(account=acme.account).order_by("pk").values_list("action", flat=True)
    assert list(done) == ["suspended account", "enabled account", "deleted account", "purged account"]
    assert acme.account.status_at is not None


@pytest.mark.parametrize("act", ["suspend", "enable", "remove", "purge"])
def test_an_owner_does_none_of_that(act: str, acme: Tenant, globex: Tenant) -> None:
    for tenant in (acme, globex):
        assert act_on(tenant, act, log_in(acme.user)) == "enabled"


def test_an_operator_makes_accounts_and_others_do_not(acme: Tenant) -> None:
    path, form = reverse("admin:accounts_account_add"), {"name": "Hooli", "status": "enabled"}
    assert log_in(acme.user).post(path, form).status_code == 403
    log_in(make_operator()).post(path, form)
    assert Account.objects.filter(name="Hooli").exists()


def test_people_are_the_operators_business(acme: Tenant) -> None:
    assert log_in(acme.user).get(reverse("admin:accounts_user_changelist")).status_code == 403
    answer = log_in(make_operator()).post(reverse("admin:accounts_user_add"), {"email": "New@p.example", "is_active": "on"})
    password = re.search(r'id="secret">([^<]+)<', answer.content.decode())
    assert password
    assert User.objects.get(email="new@p.example").check_password(password[1])


def test_a_reset_password_ends_the_sessions_of_the_old_one(acme: Tenant) -> None:
    browser = Client()
    assert browser.login(username=acme.user.email, password=acme.password)
    assert browser.get("/console/").status_code == 200
    log_in(make_operator()).post(reverse("admin:accounts_user_password", args=(acme.user.pk,)))
    assert browser.get("/console/").status_code == 302


def test_the_audit_is_for_those_who_answer_for_the_account(acme: Tenant) -> None:
    path = reverse("admin:accounts_auditentry_changelist")
    assert log_in(make_person(acme.account, Role.ADMIN)).get(path).status_code == 200
    assert log_in(make_person(acme.account, Role.DEVELOPER)).get(path).status_code == 403
