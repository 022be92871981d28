"""User.Login, and the life of a session."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts import sessions
from accounts.models import Account, ApiSession, Membership, User
from domains import credentials
from domains.models import APIKey
from gateway.base import clock
from gateway.base.errors import BadCredentials, RateExceeded
from tests.gateway.api.octeth.commands import NOBODY, PATH, done, log_in, refused
from tests.support.cast import Tenant
from tests.support.factories import PASSWORD, make_operator


def try_to(client: Client, **values: Any) -> Any:
    return client.post(PATH, {"Command": "User.Login"} | values, "application/json").json()


def is_alive(client: Client, session: str) -> bool:
    answer = client.post(PATH, {"Command": "EmailGateway.GetDomains", "SessionID": session}, "application/json").json()
    return bool(answer["Success"] or refused(answer) != 99998)


def test_it_works(client: Client, acme: Tenant) -> None:
    answer = done(try_to(client, username="OWNER@acme.example", password=acme.password, DisableCaptcha=True, tfacode="", x=1))
    assert is_alive(client, answer["SessionID"])
    assert answer["UserInfo"] == {
        "UserID": str(acme.account.pk),
        "EmailAddress": "owner@acme.example",
        "Username": "owner@acme.example",
        "FirstName": "Owner",
        "LastName": "of acme",
        "CompanyName": "Acme",
        "AccountStatus": "Enabled",
        "Accounts": [{"AccountID": acme.account.pk, "Name": "Acme", "Role": "owner", "Status": "Enabled"}],
    }
    assert answer["SessionID"].encode() not in bytes(ApiSession.objects.get().token_hash)
    acme.user.refresh_from_db()
    assert acme.user.last_login is not None


def test_a_key_of_the_account_is_a_session(client: Client, acme: Tenant) -> None:
    answer = done(try_to(client, apikey=acme.api_secret))
    assert answer["UserInfo"]["UserID"] == str(acme.account.pk)
    assert is_alive(client, answer["SessionID"])
    APIKey.objects.update(revoked_at=clock.now())
    credentials.forget()
    assert not is_alive(client, answer["SessionID"])


REFUSALS: dict[int, list[dict[str, str]]] = {
    1: [{"Password": "x"}, {"Username": "", "Password": "x"}],
    2: [{"Username": "owner@acme.example"}],
    3: [
        {"Username": "owner@acme.example", "Password": "wrong"},
        {"Username": "nobody@acme.example", "Password": "wrong"},
        {"Username": "owner@acme.example", "Password": "x" * 5000},
        {"APIKey": "no key"},
    ],
}


@pytest.mark.parametrize("code", REFUSALS)
def test_what_is_refused(client: Client, acme: Tenant, code: int) -> None:
    for call in REFUSALS[code]:
        assert refused(try_to(client, **call)) == [code]
    assert not ApiSession.objects.exists()


def test_all_that_is_missing_is_listed(client: Client, db: None) -> None:
    assert refused(try_to(client)) == [1, 2]


def test_the_key_of_a_domain_does_not_log_in(client: Client, acme: Tenant) -> None:
    assert refused(try_to(client, APIKey=acme.domain_secret)) == [3]


def test_whoever_has_no_account_that_is_there_is_told_so(client: Client, acme: Tenant) -> None:
    operator = make_operator()
    assert refused(try_to(client, Username=operator.email, Password=PASSWORD)) == [6]
    Account.objects.update(status=Account.Status.PURGED)
    assert refused(try_to(client, Username=acme.user.email, Password=acme.password)) == [6]
    for status in (Account.Status.SUSPENDED, Account.Status.DELETED):
        Account.objects.update(status=status)
        assert refused(try_to(client, APIKey=acme.api_secret)) == [6]
        assert refused(try_to(client, Username=acme.user.email, Password=acme.password)) == [6]


def test_an_inactive_person_is_nobody(client: Client, acme: Tenant) -> None:
    User.objects.update(is_active=False)
    assert refused(try_to(client, Username=acme.user.email, Password=acme.password)) == [3]


def test_a_person_of_several_accounts_chooses(client: Client, acme: Tenant, globex: Tenant) -> None:
    Membership.objects.create(account=globex.account, user=acme.user, role=Membership.Role.VIEWER)
    call = {"Username": acme.user.email, "Password": acme.password}
    assert done(try_to(client, **call))["UserInfo"]["CompanyName"] == "Acme"  # more may be done there
    assert done(try_to(client, **call, AccountID=globex.account.pk))["UserInfo"]["CompanyName"] == "Globex"
    Account.objects.filter(pk=acme.account.pk).update(status=Account.Status.SUSPENDED)
    assert done(try_to(client, **call))["UserInfo"]["CompanyName"] == "Globex"  # it is enabled


def test_another_account_is_like_one_that_is_not_there(client: Client, acme: Tenant, globex: Tenant) -> None:
    call = {"Username": acme.user.email, "Password": acme.password}
    theirs, nobody_s = (try_to(client, **call, AccountID=key) for key in (globex.account.pk, NOBODY))
    assert theirs == nobody_s
    assert refused(theirs) == [3]


# Its life -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def session(client: Client, acme: Tenant) -> str:
    return log_in(client, acme.user.email, acme.password)


def test_it_dies_of_two_idle_hours(client: Client, session: str) -> None:
    ApiSession.objects.update(used_at=clock.now() - timedelta(hours=1, minutes=59))
    assert is_alive(client, session)
    assert is_alive(client, session)
    assert ApiSession.objects.get().used_at > clock.now() - timedelta(minutes=1)  # it was used
    ApiSession.objects.update(used_at=clock.now() - timedelta(hours=2))
    assert not is_alive(client, session)


def test_it_dies_with_the_password(client: Client, acme: Tenant, session: str) -> None:
    acme.user.set_password("another")
    acme.user.save()
    assert not is_alive(client, session)


def test_it_dies_with_the_role(client: Client, session: str) -> None:
    Membership.objects.all().delete()
    assert not is_alive(client, session)


def test_it_dies_with_the_person(client: Client, session: str) -> None:
    User.objects.update(is_active=False)
    assert not is_alive(client, session)


def test_it_rests_while_the_account_is_suspended(client: Client, session: str) -> None:
    Account.objects.update(status=Account.Status.SUSPENDED)
    assert not is_alive(client, session)
    Account.objects.update(status=Account.Status.ENABLED)
    assert is_alive(client, session)


def test_it_does_what_the_role_may_now(client: Client, acme: Tenant, session: str) -> None:
    Membership.objects.update(role=Membership.Role.VIEWER)
    call = {"Command": "EmailGateway.AddSMTP", "SessionID": session, "DomainID": acme.domain.pk}
    assert refused(client.post(PATH, call, "application/json").json()) == 99999


def test_an_operator_s_session_is_of_its_role_alone(client: Client, acme: Tenant) -> None:
    operator = make_operator()
    Membership.objects.create(account=acme.account, user=operator, role=Membership.Role.VIEWER)
    found = sessions.find_session(log_in(client, operator.email, PASSWORD))
    assert found is not None
    assert found.level.name == "VIEWER"


def test_a_use_is_not_written_each_time(client: Client, session: str) -> None:
    used_at = ApiSession.objects.get().used_at
    assert is_alive(client, session)
    assert ApiSession.objects.get().used_at == used_at


def test_old_sessions_go_with_the_next_log_in(
    client: Client, acme: Tenant, session: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "MOST", 2)
    second, third = (log_in(client, acme.user.email, acme.password) for _ in range(2))
    assert [is_alive(client, one) for one in (session, second, third)] == [False, True, True]
    ApiSession.objects.update(used_at=clock.now() - timedelta(hours=2))
    log_in(client, acme.user.email, acme.password)
    assert ApiSession.objects.count() == 1


# Guessing -------------------------------------------------------------------------------------------------------------


def test_who_guesses_waits(client: Client, acme: Tenant) -> None:
    wrong = {"Username": acme.user.email, "Password": "wrong"}
    for _ in range(sessions.FAILURES):
        assert refused(try_to(client, **wrong)) == [3]
    response = client.post(PATH, {"Command": "User.Login", **wrong, "Password": acme.password}, "application/json")
    assert response.status_code == 429
    assert 0 < int(response.headers["Retry-After"]) <= sessions.WINDOW


def test_who_guesses_elsewhere_locks_nobody_out(client: Client, acme: Tenant) -> None:
    for _ in range(sessions.FAILURES):
        client.post(PATH, {"Command": "User.Login", "Username": acme.user.email, "Password": "x"}, REMOTE_ADDR="192.0.2.1")
    assert log_in(client, acme.user.email, acme.password)


def test_an_ipv6_network_is_one_client(client: Client, acme: Tenant) -> None:
    for host in range(sessions.FAILURES):
        with pytest.raises(BadCredentials):
            sessions.log_in(acme.user.email, "wrong", client=f"2001:db8:0:1::{host}")
    with pytest.raises(RateExceeded):
        sessions.log_in(acme.user.email, acme.password, client="2001:db8:0:1:ffff::")
    assert sessions.log_in(acme.user.email, acme.password, client="2001:db8:0:2::1") == acme.user


def test_one_client_does_not_go_through_all_names(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "FAILURES_OF_CLIENT", 3)
    codes = [try_to(client, Username=f"p{number}@acme.example", Password="x")["ErrorCode"] for number in range(4)]
    assert codes == [[3], [3], [3], 429]


def test_a_right_password_counts_as_no_failure(client: Client, acme: Tenant) -> None:
    for _ in range(sessions.FAILURES + 1):
        assert log_in(client, acme.user.email, acme.password)
