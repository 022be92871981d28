"""The commands about keys and SMTP users, each with each of its numbers."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import Account, AuditEntry
from domains.credentials import authenticate_api_key, authenticate_smtp_user
from domains.models import APIKey, SMTPUser
from gateway.base.environment import Endpoint
from gateway.base.errors import NotAuthenticated
from tests.gateway.api.octeth.commands import NOBODY, PATH, ask, done, refused
from tests.support.cast import Tenant

# Keys -----------------------------------------------------------------------------------------------------------------


def test_add_api(client: Client, acme: Tenant) -> None:
    call = {"Description": "My new API key", "DomainID": str(acme.domain.pk), "ListID": 7}
    answer = done(ask(client, acme, "EmailGateway.AddAPI", **call))
    shown = answer["APIKey"]
    key = APIKey.objects.get(pk=answer["NewAPIKeyID"])
    assert authenticate_api_key(shown["Key"]).domain_id == acme.domain.pk
    assert (shown["DomainID"], shown["Description"]) == (str(acme.domain.pk), "My new API key")
    assert (shown["APIKeyID"], shown["APIKey"], shown["Status"]) == (str(key.pk), shown["Key"], "Enabled")
    assert shown["Permissions"]
    assert AuditEntry.objects.get().action == "added API key"


@pytest.mark.parametrize(
    ("code", "change"),
    [
        (1, {"Description": None}),
        (1, {"Description": ""}),
        (1, {"Description": "  "}),
        (1, {"Description": "x" * 251}),
        (1, {"Description": ["x"]}),
        (2, {"DomainID": None}),
        (2, {"DomainID": "x"}),
        (2, {"DomainID": -1}),
        (3, {"DomainID": NOBODY}),
    ],
)
def test_add_api_refuses(client: Client, acme: Tenant, code: int, change: dict[str, Any]) -> None:
    call = {"Description": "A key", "DomainID": acme.domain.pk} | change
    assert refused(ask(client, acme, "EmailGateway.AddAPI", **call)) == code
    assert APIKey.objects.count() == 2


def test_more_keys_than_are_allowed(client: Client, acme: Tenant) -> None:
    Account.objects.update(max_keys=2)
    call = {"Command": "EmailGateway.AddAPI", "APIKey": acme.api_secret, "Description": "x", "DomainID": acme.domain.pk}
    response = client.post(PATH, call, "application/json")
    assert (response.status_code, response.json()["ErrorCode"]) == (403, 403)
    assert response.json()["ErrorText"].startswith("The account may have 2 API keys")


def test_get_apis(client: Client, acme: Tenant) -> None:
    (shown,) = done(ask(client, acme, "EmailGateway.GetAPIs", DomainID=acme.domain.pk))["APIKeys"]
    assert (shown["KeyID"], shown["DomainID"]) == (str(acme.domain_key.pk), str(acme.domain.pk))
    assert shown["UserID"] == str(acme.account.pk)
    assert shown["Key"] == shown["APIKey"] == f"{acme.domain_secret[:4]}{'*' * 12}"
    assert (shown["CreationDate"], shown["LastUsedDate"]) == (f"{acme.domain_key.created_at:%Y-%m-%d %H:%M:%S}", "")


@pytest.mark.parametrize("name", ["ApiKeyId", "APIKeyID", "apikeyid"])
def test_delete_api(client: Client, acme: Tenant, name: str) -> None:
    assert done(ask(client, acme, "EmailGateway.DeleteAPI", **{name: str(acme.domain_key.pk)})) == {}
    with pytest.raises(NotAuthenticated):
        authenticate_api_key(acme.domain_secret)
    assert done(ask(client, acme, "EmailGateway.GetAPIs", DomainID=acme.domain.pk))["APIKeys"] == []
    assert refused(ask(client, acme, "EmailGateway.DeleteAPI", ApiKeyId=acme.domain_key.pk)) == 2
    assert AuditEntry.objects.get().action == "revoked API key"


def test_replace_api(client: Client, acme: Tenant) -> None:
    answer = done(ask(client, acme, "emailgateway.replaceapi", ApiKeyId=acme.domain_key.pk))
    assert answer["NewAPIKeyID"] == answer["APIKey"]["KeyID"] == str(acme.domain_key.pk)
    assert authenticate_api_key(answer["APIKey"]["Key"]).key_id == acme.domain_key.pk
    with pytest.raises(NotAuthenticated):
        authenticate_api_key(acme.domain_secret)
    assert AuditEntry.objects.get().action == "reset the secret of API key"


@pytest.mark.parametrize("command", ["EmailGateway.DeleteAPI", "EmailGateway.ReplaceAPI"])
def test_a_key_that_is_not_there(client: Client, acme: Tenant, command: str) -> None:
    assert refused(ask(client, acme, command)) == 1
    for key_id in (NOBODY, "x", acme.api_key.pk):  # the last is of the whole account, which this vendor's calls do not show
        assert refused(ask(client, acme, command, ApiKeyId=key_id)) == 2
    assert authenticate_api_key(acme.api_secret)


# SMTP users -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def user(acme: Tenant) -> SMTPUser:
    """Acme's SMTP user, of its domain."""
    acme.smtp_user.domain = acme.domain
    acme.smtp_user.senders = "acme.example; news@acme.example"
    acme.smtp_user.save()
    return acme.smtp_user


@pytest.fixture(autouse=True)
def _ports(settings: Settings) -> None:
    settings.GATEPOST_SMTP, settings.GATEPOST_SMTPS = Endpoint("0.0.0.0", 587), Endpoint("0.0.0.0", 465)
    settings.GATEPOST_HOSTNAME = "smtp.platform.example"


def test_add_smtp(client: Client, acme: Tenant) -> None:
    answer = done(ask(client, acme, "EmailGateway.AddSMTP", DomainID=acme.domain.pk))
    shown = answer["SMTP"]
    assert answer["NewSMTPID"] == shown["SMTPID"]
    assert (shown["SMTPHost"], shown["SMTPPorts"]) == ("smtp.platform.example", ["587", "465"])
    assert authenticate_smtp_user(shown["SMTPUsername"], shown["SMTPPassword"]).domain_id == acme.domain.pk


def test_more_smtp_users_than_are_allowed(client: Client, acme: Tenant) -> None:
    Account.objects.update(max_smtp_users=1)
    call = {"Command": "EmailGateway.AddSMTP", "APIKey": acme.api_secret, "DomainID": acme.domain.pk}
    assert client.post(PATH, call, "application/json").status_code == 403


def test_get_smtps(client: Client, acme: Tenant, user: SMTPUser) -> None:
    (shown,) = done(ask(client, acme, "EmailGateway.GetSMTPs", DomainID=acme.domain.pk))["SMTPs"]
    assert shown == {
        "SMTPID": str(user.pk),
        "SMTPHost": "smtp.platform.example",
        "SMTPPorts": ["587", "465"],
        "Server": "smtp.platform.example",
        "Port": 587,
        "Username": "smtp_acme",
        "SMTPUsername": "smtp_acme",
        "Password": f"{acme.smtp_secret[:4]}{'*' * 12}",
        "SMTPPassword": f"{acme.smtp_secret[:4]}{'*' * 12}",
        "FromEmail": "news@acme.example",
        "FromName": "",
        "ReplyToEmail": "",
        "ReplyToName": "",
        "IsActive": True,
    }


def test_reset_smtp_password(client: Client, acme: Tenant, user: SMTPUser) -> None:
    shown = done(ask(client, acme, "EmailGateway.ResetSMTPPassword", smtpid=str(user.pk)))["SMTP"]
    assert (shown["SMTPID"], shown["Server"], shown["Port"]) == (str(user.pk), "smtp.platform.example", 587)
    assert authenticate_smtp_user(shown["Username"], shown["SMTPPassword"])
    with pytest.raises(NotAuthenticated):
        authenticate_smtp_user("smtp_acme", acme.smtp_secret)
    assert AuditEntry.objects.get().action == "reset the secret of SMTP user"


def test_delete_smtp(client: Client, acme: Tenant, user: SMTPUser) -> None:
    assert done(ask(client, acme, "EmailGateway.DeleteSMTP", SMTPID=user.pk)) == {}
    assert done(ask(client, acme, "EmailGateway.GetSMTPs", DomainID=acme.domain.pk))["SMTPs"] == []
    user.refresh_from_db()
    assert user.is_deleted
    assert refused(ask(client, acme, "EmailGateway.DeleteSMTP", smtpid=user.pk)) == 2


@pytest.mark.parametrize("command", ["EmailGateway.DeleteSMTP", "EmailGateway.ResetSMTPPassword"])
def test_an_smtp_user_that_is_not_there(client: Client, acme: Tenant, command: str) -> None:
    assert refused(ask(client, acme, command)) == 1
    for user_id in (NOBODY, "x", acme.smtp_user.pk):  # the last is of the whole account
        assert refused(ask(client, acme, command, smtpid=user_id)) == 2


@pytest.mark.parametrize("command", ["EmailGateway.AddSMTP", "EmailGateway.GetSMTPs", "EmailGateway.GetAPIs"])
def test_the_domain_of_it(client: Client, acme: Tenant, command: str) -> None:
    assert refused(ask(client, acme, command)) == 1
    assert refused(ask(client, acme, command, DomainID=NOBODY)) == 2


def test_lists_come_in_pages(client: Client, acme: Tenant, user: SMTPUser) -> None:
    for command, rows in (("EmailGateway.GetSMTPs", "SMTPs"), ("EmailGateway.GetAPIs", "APIKeys")):
        pages = [
            done(ask(client, acme, command, DomainID=acme.domain.pk, StartFrom=start, RetrieveCount=1))[rows]
            for start in (0, 1)
        ]
        assert [len(page) for page in pages] == [1, 0]
