"""settings/*Smtp* over HTTP: made with limits that limit, changed, listed, and nobody else's."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEntry
from domains import holdings
from domains.credentials import authenticate_smtp_user
from domains.models import SMTPUser
from gateway.base.errors import BadCredentials
from gateway.models import Message
from tests.gateway.api.mails import make_sendclean
from tests.gateway.api.sendclean.calls import Call, refused, said
from tests.support.cast import Tenant

pytestmark = pytest.mark.django_db

BIG = 9_223_372_036_854_775_807


def test_it_works(call: Call, acme: Tenant) -> None:
    status, answer = call("settings/addSmtp", total_limit=1000, hourly_limit="100")
    name, password = answer.pop("smtp_user_name"), answer.pop("smtp_password")
    assert (status, answer) == (200, {"status": "success", "message": "SMTP User Created"})
    made = SMTPUser.objects.for_account(acme.account).get(name=name)
    assert (made.total_limit, made.hourly_limit, made.is_enabled, made.domain) == (1000, 100, True, None)
    assert authenticate_smtp_user(name, password).hourly_limit == 100


def test_changes_are_in_the_account_s_audit(call: Call, acme: Tenant) -> None:
    name = call("settings/addSmtp", total_limit=1, hourly_limit=1)[1]["smtp_user_name"]
    call("settings/editSmtp", smtp_user_name=name, status="Disable")
    call("settings/resetSmtpPassword", smtp_user_name=name)
    entries = AuditEntry.objects.for_account(acme.account).order_by("pk")
    assert [entry.action for entry in entries] == ["added SMTP user", "changed SMTP user", "reset the secret of SMTP user"]
    assert {(entry.actor, entry.target, entry.address) for entry in entries} == {
        (f"{acme.api_key.secret_prefix}…", name, "127.0.0.1")
    }


def test_only_what_is_given_is_edited(call: Call, acme: Tenant) -> None:
    user = acme.smtp_user

    def edit(**fields: Any) -> tuple[int | None, int | None, bool]:
        assert call("settings/editSmtp", smtp_user_name=user.name, **fields) == said("SMTP User Updated")
        user.refresh_from_db()
        return user.total_limit, user.hourly_limit, user.is_enabled

    assert edit() == (None, None, True)
    assert edit(total_limit=7) == (7, None, True)
    assert edit(hourly_limit=BIG, status="disable") == (7, BIG, False)
    assert edit(total_limit=None, status="Enable") == (7, BIG, True)


def test_a_new_password_is_the_only_one(call: Call, acme: Tenant) -> None:
    authenticate_smtp_user(acme.smtp_user.name, acme.smtp_secret)
    status, answer = call("settings/resetSmtpPassword", smtp_user_name=acme.smtp_user.name)
    password = answer.pop("smtp_password")
    assert (status, answer) == (
        200,
        {"status": "success", "message": "password reseted", "smtp_user_name": acme.smtp_user.name},
    )
    assert authenticate_smtp_user(acme.smtp_user.name, password).smtp_user_id == acme.smtp_user.pk
    with pytest.raises(BadCredentials):
        authenticate_smtp_user(acme.smtp_user.name, acme.smtp_secret)


def test_the_list_shows_no_password(call: Call, acme: Tenant, globex: Tenant) -> None:
    acme.smtp_user.hourly_limit, acme.smtp_user.is_enabled = 5, False
    acme.smtp_user.save()
    row = {
        "smtp_user_name": acme.smtp_user.name,
        "password": f"{acme.smtp_secret[:4]}************",
        "status": "Disable",
        "total_limit": None,
        "hourly_limit": 5,
    }
    assert call("settings/listSmtp") == (200, {"status": "success", "smtp_list": [row]})


def test_the_python_client_s_add_gets_the_list(call: Call) -> None:
    status, answer = call("settings/listSmtp", total_limit=10, hourly_limit=1)
    assert (status, len(answer["smtp_list"])) == (200, 1)
    assert SMTPUser.objects.filter(account__owner_id="acme").count() == 1


def test_the_list_goes_on(call: Call, acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holdings, "PAGE", 2)
    names = [acme.smtp_user.name, *(call("settings/addSmtp", total_limit=1, hourly_limit=1)[1]["smtp_user_name"] for _ in "ab")]
    pages = [call("settings/listSmtp", skip_page=page)[1]["smtp_list"] for page in range(3)]
    assert [[row["smtp_user_name"] for row in page] for page in pages] == [names[:2], names[2:], []]


@pytest.mark.parametrize(
    ("action", "fields", "words"),
    [
        ("addSmtp", {"hourly_limit": 1}, "total_limit is required."),
        ("addSmtp", {"total_limit": 1}, "hourly_limit is required."),
        ("addSmtp", {"total_limit": 0, "hourly_limit": 1}, f"total_limit must be a whole number from 1 to {BIG}."),
        ("addSmtp", {"total_limit": 1, "hourly_limit": BIG + 1}, f"hourly_limit must be a whole number from 1 to {BIG}."),
        ("addSmtp", {"total_limit": "many", "hourly_limit": 1}, "total_limit must be a whole number."),
        ("editSmtp", {}, "smtp_user_name is required."),
        (
            "editSmtp",
            {"smtp_user_name": "smtp_acme", "hourly_limit": -1},
            f"hourly_limit must be a whole number from 1 to {BIG}.",
        ),
        ("editSmtp", {"smtp_user_name": "smtp_acme", "status": "on"}, "status must be Enable or Disable."),
        ("editSmtp", {"smtp_user_name": "nobody"}, "This account has no SMTP user nobody."),
        ("resetSmtpPassword", {"smtp_user_name": ""}, "smtp_user_name is required."),
        ("resetSmtpPassword", {"smtp_user_name": "x" * 256}, "smtp_user_name must have at most 255 characters."),
        ("listSmtp", {"skip_page": -1}, "skip_page must be the number of a page, from 0 to 9,999."),
    ],
)
def test_what_is_wrong_is_said(call: Call, action: str, fields: dict[str, Any], words: str) -> None:
    assert call(f"settings/{action}", **fields) == refused(words)


def test_the_account_has_a_limit(call: Call, acme: Tenant) -> None:
    acme.account.max_smtp_users = 1
    acme.account.save()
    words = "The account may have 1 SMTP users and has that many; delete one, or ask the operator for more."
    assert call("settings/addSmtp", total_limit=1, hourly_limit=1) == refused(words, status=429, kind="GeneralError")
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("action", ["editSmtp", "resetSmtpPassword"])
def test_a_stranger_s_user_is_as_good_as_none(action: str, stranger: Call, acme: Tenant) -> None:
    before = SMTPUser.objects.values().get(pk=acme.smtp_user.pk)
    given = {"smtp_user_name": acme.smtp_user.name, "hourly_limit": 1}
    assert stranger(f"settings/{action}", **given) == refused(f"This account has no SMTP user {acme.smtp_user.name}.")
    assert SMTPUser.objects.values().get(pk=acme.smtp_user.pk) == before
    assert acme.smtp_user.name not in str(stranger("settings/listSmtp"))


def test_a_deleted_user_is_gone(call: Call, acme: Tenant) -> None:
    SMTPUser.objects.update(is_deleted=True)
    assert call("settings/editSmtp", smtp_user_name="smtp_acme") == refused("This account has no SMTP user smtp_acme.")
    assert call("settings/listSmtp")[1]["smtp_list"] == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("limit", "span"), [("hourly_limit", "in this hour"), ("total_limit", "in all")])
def test_limits_limit(limit: str, span: str, call: Call, client: Client, live_acme: Tenant) -> None:
    limits = {"hourly_limit": 100, "total_limit": 100, limit: 2}
    name = call("settings/addSmtp", **limits)[1]["smtp_user_name"]
    mail = make_sendclean(live_acme) | {"smtp_user_name": name}
    answers = [client.post("/v1.0/messages/sendMail", mail, "application/json") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["message"] == f"The SMTP user's quota of 2 recipients {span} is used up."
    assert Message.objects.count() == 2
    call("settings/editSmtp", smtp_user_name=name, **{limit: 3})
    assert client.post("/v1.0/messages/sendMail", mail, "application/json").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_disabled_user_sends_nothing(call: Call, client: Client, live_acme: Tenant) -> None:
    call("settings/editSmtp", smtp_user_name=live_acme.smtp_user.name, status="Disable")
    assert client.post("/v1.0/messages/sendMail", make_sendclean(live_acme), "application/json").status_code == 403


def test_a_wrong_token_changes_nothing(call: Call, acme: Tenant) -> None:
    for token in ("wrong", acme.domain_secret):
        assert call("settings/addSmtp", total_limit=1, hourly_limit=1, token=token) == refused(
            "Token MissMatch", status=401, kind="AuthenticationError"
        )
    assert SMTPUser.objects.count() == 1
