"""The door of the console: who may enter, where they go then, and what a browser is told."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account, Membership, User
from tests.support.browsers import log_in
from tests.support.cast import Tenant
from tests.support.factories import PASSWORD, make_operator

LOGIN = "/console/login/"


def enter(tenant: Tenant, query: str = "") -> tuple[Client, str]:
    browser = Client()
    answer = browser.post(LOGIN + query, {"username": tenant.user.email, "password": tenant.password})
    return browser, answer.headers.get("Location", "")


def test_it_works(acme: Tenant) -> None:
    browser, location = enter(acme)
    assert location == "/console/"
    assert browser.get("/console/").status_code == 200


def test_a_wrong_password_is_refused(acme: Tenant) -> None:
    answer = Client().post(LOGIN, {"username": acme.user.email, "password": "wrong"})
    assert answer.status_code == 200
    assert answer.context["form"].errors


def test_who_lost_the_last_membership_is_out_at_once(acme: Tenant) -> None:
    browser, _ = enter(acme)
    Membership.objects.all().delete()
    assert browser.get("/console/gateway/message/").status_code == 302


def test_who_is_only_in_a_purged_account_is_out(acme: Tenant) -> None:
    browser, _ = enter(acme)
    Account.objects.update(status=Account.Status.PURGED)
    assert browser.get("/console/").status_code == 302


def test_who_is_not_active_is_out(acme: Tenant) -> None:
    browser, _ = enter(acme)
    User.objects.update(is_active=False)
    assert browser.get("/console/").status_code == 302


def test_a_smaller_role_works_at_once(acme: Tenant) -> None:
    browser, _ = enter(acme)
    assert browser.get(reverse("admin:domains_apikey_add")).status_code == 200
    Membership.objects.update(role=Membership.Role.VIEWER)
    assert browser.get(reverse("admin:domains_apikey_add")).status_code == 403


def test_an_operator_needs_no_membership(db: None) -> None:
    operator = make_operator()
    assert Client().login(username=operator.email, password=PASSWORD)
    assert log_in(operator).get("/console/").status_code == 200


def test_a_new_password_ends_the_other_sessions(acme: Tenant) -> None:
    here, _ = enter(acme)
    there, _ = enter(acme)
    new = "staple battery horse"
    form = {"old_password": acme.password, "new_password1": new, "new_password2": new}
    assert here.post("/console/password_change/", form).status_code == 302
    assert here.get("/console/").status_code == 200
    assert there.get("/console/").status_code == 302


@pytest.mark.parametrize(
    "next_",
    [
        "//evil.example/",
        "https://evil.example/",
        r"/\evil.example",
        "javascript:alert(1)",
        "http:evil.example",
        "\t//evil.example",
    ],
)
def test_logging_in_leads_to_no_other_host(next_: str, acme: Tenant) -> None:
    browser = Client()
    answer = browser.post(f"{LOGIN}?next={next_}", {"username": acme.user.email, "password": acme.password, "next": next_})
    assert answer.headers["Location"] == "/console/"


def test_logging_in_leads_back(acme: Tenant) -> None:
    asked = Client().get("/console/gateway/message/").headers["Location"]
    assert asked == f"{LOGIN}?next=/console/gateway/message/"
    _, location = enter(acme, "?next=/console/gateway/message/")
    assert location == "/console/gateway/message/"


def test_logging_in_and_out_ask_for_the_token_of_the_page(acme: Tenant) -> None:
    browser = Client(enforce_csrf_checks=True)
    assert browser.post(LOGIN, {"username": acme.user.email, "password": acme.password}).status_code == 403
    assert log_in(acme.user, checks_csrf=True).post("/console/logout/").status_code == 403
    assert log_in(acme.user).get("/console/logout/").status_code == 405


def test_a_new_session_begins_at_the_door(acme: Tenant) -> None:
    browser = Client()
    browser.get(LOGIN)
    browser.session["fixed"] = "by somebody else"
    before = browser.session.session_key
    browser.post(LOGIN, {"username": acme.user.email, "password": acme.password})
    assert browser.session.session_key != before


@pytest.mark.parametrize("path", [LOGIN, "/console/", "/console/gateway/message/", "/console/jsi18n/"])
def test_every_page_carries_its_policy(path: str, acme: Tenant) -> None:
    for browser in (Client(), log_in(acme.user)):
        answer = browser.get(path)
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_pages_are_not_kept(acme: Tenant) -> None:
    assert "no-store" in log_in(acme.user).get("/console/gateway/message/").headers["Cache-Control"]


def test_a_missing_slash_is_added_and_what_is_not_there_is_not(acme: Tenant) -> None:
    browser = log_in(acme.user)
    assert browser.get("/console/gateway/message").headers["Location"] == "/console/gateway/message/"
    assert browser.get("/console/nothing/").status_code == 404
    assert Client().get("/console/nothing/").status_code == 302


def test_the_door_shows_the_brand_and_asks_for_an_address(db: None) -> None:
    page = Client().get(LOGIN).content.decode()
    assert "Gatepost" in page
    assert "E-mail address" in page
