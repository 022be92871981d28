"""ListUserInfo: the SMTP+ users of an account, as they are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from domains import credentials, holdings
from domains.actions import add_smtp_user, delete_smtp_user
from domains.models import SMTPUser
from gateway.api.mailup.errors import CODES
from gateway.base.errors import CredentialSendsOnly
from tests.gateway.api.mailup.documents import read_xml, write_xml
from tests.support.cast import Tenant

PATH = "/API/v2.0/users/listuserinfo"
AT = datetime(2015, 3, 31, 12, 12, 4, tzinfo=UTC)


def ask(tenant: Tenant, path: str = PATH, **members: Any) -> dict[str, Any]:
    user = {"Username": tenant.smtp_user.name, "Secret": tenant.smtp_secret}
    answer: dict[str, Any] = Client().post(path, {"User": user} | members, "application/json").json()
    return answer


def change(tenant: Tenant, **fields: Any) -> None:
    SMTPUser.objects.filter(pk=tenant.smtp_user.pk).update(**fields)
    credentials.forget()


def test_it_works(acme: Tenant) -> None:
    change(acme, created_at=AT, updated_at=AT.replace(second=34), note="Shop", priority=2)
    assert ask(acme) == {
        "Status": "done",
        "Code": "0",
        "Message": "Ok",
        "UserList": [
            {
                "Username": "smtp_acme",
                "IdConsole": acme.account.pk,
                "IdList": 1,
                "IsEnabled": True,
                "Priority": 2,
                "Note": "Shop",
                "Notes": "Shop",
                "CreationDate": "2015-03-31T12:12:04",
                "UpdateDate": "2015-03-31T12:12:34",
                "DomainList": "",
                "SenderList": "",
                "BlockUntil": "0001-01-01T00:00:00",
                "AdminBlock": False,
            }
        ],
    }


def test_it_works_in_xml(acme: Tenant) -> None:
    user = {"Username": acme.smtp_user.name, "Secret": acme.smtp_secret}
    response = Client().post(PATH, write_xml("ListUsersDTO", {"User": user, "Username": None}), "text/xml")
    (info,) = read_xml(response.content)["UserList"]
    assert (info["Username"], info["IsEnabled"], info["AdminBlock"], info["IdList"]) == ("smtp_acme", "true", "false", "1")


@pytest.mark.parametrize("path", [f"{PATH}%20", f"{PATH}/", "/api/V2.0/Users/ListUserInfo%20"])
def test_the_path_has_no_case_and_may_end_in_a_space(acme: Tenant, path: str) -> None:
    assert ask(acme, path)["Code"] == "0"


def test_all_users_of_the_account_are_listed_and_no_others(acme: Tenant, globex: Tenant) -> None:
    add_smtp_user(acme.account, name="smtp_second")
    gone, _ = add_smtp_user(acme.account, name="smtp_gone")
    delete_smtp_user(gone)
    assert [user["Username"] for user in ask(acme)["UserList"]] == ["smtp_acme", "smtp_second"]
    assert [user["Username"] for user in ask(acme, Username="smtp_second")["UserList"]] == ["smtp_second"]
    assert acme.smtp_secret not in str(ask(acme))


def test_who_may_only_send_is_told_of_itself_and_nobody_else(acme: Tenant, globex: Tenant) -> None:
    other, _ = add_smtp_user(acme.account, name="smtp_other")
    SMTPUser.objects.filter(pk=other.pk).update(note="Payroll", senders="pay@acme.example")
    change(acme, may_manage=False, note="Shop")
    for named in ({}, {"Username": None}, {"Username": ""}, {"Username": "smtp_acme"}):
        (user,) = ask(acme, **named)["UserList"]
        assert (user["Username"], user["Note"]) == ("smtp_acme", "Shop")
    refusals = [ask(acme, Username=name) for name in ("smtp_other", "smtp_globex", "nobody")]
    said = {"Status": "error", "Code": "102", "Message": CODES["102"], "Detail": CredentialSendsOnly.message}
    assert refusals == [said] * 3


def test_a_user_that_was_deleted_is_told_of(acme: Tenant) -> None:
    gone, _ = add_smtp_user(acme.account, name="smtp_gone")
    delete_smtp_user(gone)
    said = {"Status": "error", "Code": "112", "Message": "User is deleted."}
    assert ask(acme, Username="smtp_gone") == said


@pytest.mark.parametrize("name", ["smtp_globex", "nobody", "n" * 5000])
def test_a_user_that_is_not_the_accounts(acme: Tenant, globex: Tenant, name: str) -> None:
    answer = ask(acme, Username=name)
    assert (answer["Code"], answer["Detail"]) == ("1", f"This account has no SMTP user {name[:64]}.")


def test_domains_and_senders_are_told_apart(acme: Tenant) -> None:
    senders = "news@acme.example; other.example;@third.example;*@fourth.example; sales@acme.example;;"
    change(acme, domain=acme.domain, senders=senders)
    (user,) = ask(acme)["UserList"]
    assert user["DomainList"] == "acme.example;other.example;@third.example;*@fourth.example"
    assert user["SenderList"] == "news@acme.example;sales@acme.example"


@pytest.mark.parametrize("fields", [{"is_blocked": True}, {"blocked_until": AT.replace(year=2999)}])
def test_a_caller_who_is_blocked_is_answered(acme: Tenant, fields: dict[str, Any]) -> None:
    change(acme, **fields)
    (user,) = ask(acme)["UserList"]
    assert user["AdminBlock"] is fields.get("is_blocked", False)
    assert user["BlockUntil"] == ("2999-03-31T12:12:04" if "blocked_until" in fields else "0001-01-01T00:00:00")


@pytest.mark.parametrize("fields", [{"is_enabled": False}, {"is_deleted": True}])
def test_a_caller_who_is_not_there_any_more_is_refused(acme: Tenant, fields: dict[str, Any]) -> None:
    change(acme, is_blocked=True, **fields)
    assert ask(acme)["Code"] == ("112" if "is_deleted" in fields else "103")


def test_a_long_list_is_cut_and_says_so(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        add_smtp_user(acme.account, name=f"smtp_{number}")
    monkeypatch.setattr(holdings, "PAGE", 2)
    monkeypatch.setattr("gateway.api.mailup.views.PAGE", 2)
    answer = ask(acme)
    assert [user["Username"] for user in answer["UserList"]] == ["smtp_acme", "smtp_0"]
    assert answer["Detail"] == "These are the first 2; ask for others by Username."
