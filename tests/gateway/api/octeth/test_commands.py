"""/api.php itself: how commands are found, who may call, in which words it refuses, JSON and XML."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.db import OperationalError
from django.test import Client
from pytest_django import Settings

from accounts.access import Level
from accounts.models import Account, AuditEntry, Membership
from domains.models import APIKey, SenderDomain
from gateway.api.octeth.answers.base import vendor_name
from gateway.api.octeth.answers.xml import write_xml
from gateway.api.octeth.views.commands import COMMANDS
from tests.gateway.api.octeth.commands import PATH, ask, done, log_in, refused
from tests.support.cast import Tenant
from tests.support.factories import PASSWORD, make_person

GET_DOMAINS = "EmailGateway.GetDomains"


def names(answer: dict[str, Any]) -> list[str]:
    return [domain["DomainName"] for domain in done(answer)["Domains"]]


def test_it_works(client: Client, acme: Tenant) -> None:
    assert names(ask(client, acme, GET_DOMAINS)) == ["acme.example"]


@pytest.mark.parametrize("command", ["emailgateway.getdomains", "EMAILGATEWAY.GETDOMAINS", " EmailGateway.GetDomains "])
def test_commands_have_no_case(client: Client, acme: Tenant, command: str) -> None:
    assert names(ask(client, acme, command)) == ["acme.example"]


def test_parameters_have_no_case(client: Client, acme: Tenant) -> None:
    call = {"command": "EmailGateway.GetDomain", "ApiKey": acme.api_secret, "domainid": acme.domain.pk}
    assert client.post(PATH, call, "application/json").json()["Domain"]["DomainID"] == acme.domain.pk


def test_any_body_and_the_query_will_do(client: Client, acme: Tenant) -> None:
    call = {"Command": GET_DOMAINS, "APIKey": acme.api_secret}
    form = "&".join(f"{name}={value}" for name, value in call.items())
    answers = [
        client.post(PATH, call, "application/json"),
        client.post(PATH, json.dumps(call), "application/x-www-form-urlencoded"),
        client.post(PATH, form, "application/x-www-form-urlencoded"),
        client.post(PATH, call),  # multipart
        client.get(PATH, call),
        client.post(f"{PATH}?{form}"),
    ]
    assert [names(answer.json()) for answer in answers] == [["acme.example"]] * len(answers)


def test_every_command_describes_itself() -> None:
    for name, command in COMMANDS.items():
        assert name == command.name.lower()
        assert (command.__doc__ or "").startswith(f"{command.name}: ")


def test_every_number_of_a_field_or_refusal_is_documented() -> None:
    for command in COMMANDS.values():
        numbers = {number for field in command.fields for number in (field.missing, field.invalid) if number is not None}
        assert numbers | set(command.refusals.values()) <= set(command.errors), command.name


# Who may call ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "credentials", [{}, {"APIKey": "no key"}, {"SessionID": "no session"}, {"AdminAPIKey": "no key"}, {"APIKey": ""}]
)
def test_a_stranger_is_nobody(client: Client, acme: Tenant, credentials: dict[str, str]) -> None:
    answer = client.post(PATH, {"Command": GET_DOMAINS} | credentials, "application/json").json()
    assert refused(answer) == 99998
    assert answer["ErrorText"] == "Authentication failure or session expired"


def test_the_key_of_a_domain_administers_nothing(client: Client, acme: Tenant) -> None:
    assert refused(ask(client, acme, GET_DOMAINS, APIKey=acme.domain_secret)) == 99998


def test_a_revoked_key_is_nobody_s(client: Client, acme: Tenant) -> None:
    APIKey.objects.filter(pk=acme.api_key.pk).update(revoked_at=acme.api_key.created_at)
    assert refused(ask(client, acme, GET_DOMAINS)) == 99998


def test_the_key_of_a_suspended_account_is_refused(client: Client, acme: Tenant) -> None:
    Account.objects.update(status=Account.Status.SUSPENDED)
    assert refused(ask(client, acme, GET_DOMAINS)) == 99998


def test_either_credential_suffices(client: Client, acme: Tenant) -> None:
    session = log_in(client, acme.user.email, acme.password)
    assert names(ask(client, acme, GET_DOMAINS, SessionID="your-session-id"))
    assert names(ask(client, acme, GET_DOMAINS, SessionID=session, APIKey="your-api-key"))


@pytest.mark.parametrize("name", [name for name, command in COMMANDS.items() if command.level > Level.VIEWER])
def test_a_viewer_changes_nothing(client: Client, acme: Tenant, name: str) -> None:
    viewer = make_person(acme.account, Membership.Role.VIEWER)
    session = log_in(client, viewer.email, PASSWORD)
    assert refused(ask(client, acme, name, SessionID=session)) == 99999
    assert not AuditEntry.objects.exists()


def test_a_viewer_reads(client: Client, acme: Tenant) -> None:
    viewer = make_person(acme.account, Membership.Role.VIEWER)
    assert names(ask(client, acme, GET_DOMAINS, SessionID=log_in(client, viewer.email, PASSWORD)))


def test_a_developer_changes_things(client: Client, acme: Tenant) -> None:
    developer = make_person(acme.account, Membership.Role.DEVELOPER)
    session = log_in(client, developer.email, PASSWORD)
    done(ask(client, acme, "EmailGateway.AddSMTP", SessionID=session, APIKey="", DomainID=acme.domain.pk))
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.action, entry.address) == (developer.email, "added SMTP user", "127.0.0.1")
    assert entry.account == acme.account


def test_a_key_is_audited_by_its_beginning(client: Client, acme: Tenant) -> None:
    done(ask(client, acme, "EmailGateway.AddSMTP", DomainID=acme.domain.pk))
    assert AuditEntry.objects.get().actor == f"{acme.api_key.secret_prefix}…"


# Refusals -------------------------------------------------------------------------------------------------------------


def hard(code: int, words: str, detail: str = "") -> dict[str, Any]:
    answer: dict[str, Any] = {"Success": False, "ErrorCode": code, "ErrorText": words, "ErrorMessage": words}
    return answer | ({"Detail": detail} if detail else {}) | {"Errors": [{"Code": code, "Message": words}]}


@pytest.mark.parametrize("call", [{"Command": "EmailGateway.Nothing"}, {"Command": 7}, {}])
def test_a_command_that_is_not_there(client: Client, call: dict[str, Any]) -> None:
    response = client.post(PATH, call, "application/json")
    assert response.status_code == 400
    assert response.json() == hard(100003, "There is no such command", "There is no such call.")


def test_json_that_is_broken(client: Client) -> None:
    response = client.post(PATH, b"{", "application/json")
    words = "The JSON of the request is not valid"
    assert response.status_code == 400
    assert response.json() == hard(100000, words, response.json()["Detail"])


@pytest.mark.parametrize("method", ["PUT", "DELETE", "BREW"])
def test_a_method_that_is_not_taken(client: Client, method: str) -> None:
    response = client.generic(method, PATH, b"{}", "application/json")
    assert (response.status_code, response.json()["ErrorCode"]) == (400, 100001)
    assert response.headers["Allow"] == "GET, POST"


@pytest.mark.parametrize(("error", "code"), [(OperationalError("gone"), 100004), (KeyError("bug"), 100005)])
def test_what_goes_wrong_here(
    client: Client, acme: Tenant, monkeypatch: pytest.MonkeyPatch, error: Exception, code: int
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(SenderDomain.objects, "for_account", fail)
    response = client.post(PATH, {"Command": GET_DOMAINS, "APIKey": acme.api_secret}, "application/json")
    assert (response.status_code, response.json()["ErrorCode"]) == (500, code)
    assert response.json()["Errors"][0]["Code"] == code


def test_a_body_that_is_too_large(client: Client, settings: Settings) -> None:
    settings.GATEPOST_MAX_BODY = 100
    response = client.post(PATH, {"Command": "x" * 200}, "application/json")
    assert (response.status_code, response.json()["ErrorCode"]) == (413, 413)


def test_a_value_without_a_number_of_its_own(client: Client, acme: Tenant) -> None:
    call = {"Command": GET_DOMAINS, "APIKey": acme.api_secret, "RetrieveCount": "many"}
    response = client.post(PATH, call, "application/json")
    assert response.status_code == 400
    assert response.json() == hard(400, "RetrieveCount must be a whole number.")


def test_the_101st_request_in_a_minute_waits(client: Client, acme: Tenant) -> None:
    for _ in range(100):
        ask(client, acme, GET_DOMAINS)
    response = client.post(PATH, {"Command": GET_DOMAINS, "APIKey": acme.api_secret}, "application/json")
    wait = response.headers["Retry-After"]
    words = f"Too many requests. Wait for {wait} seconds for another 100 attempts."
    assert response.status_code == 429
    assert response.json() == hard(429, words, response.json()["Detail"])
    session = log_in(client, acme.user.email, acme.password)
    assert names(ask(client, acme, GET_DOMAINS, SessionID=session))


@pytest.mark.parametrize(("limit", "status"), [(2, 429), (0, 200)])
def test_an_account_has_a_rate_of_its_own(client: Client, acme: Tenant, limit: int, status: int) -> None:
    Account.objects.update(requests_per_minute=limit)
    call = {"Command": GET_DOMAINS, "APIKey": acme.api_secret}
    assert [client.post(PATH, call, "application/json").status_code for _ in range(3)] == [200, 200, status]


# XML ------------------------------------------------------------------------------------------------------------------


def test_an_answer_in_xml(client: Client, acme: Tenant) -> None:
    call = {"Command": GET_DOMAINS, "APIKey": acme.api_secret, "ResponseFormat": "XML"}
    response = client.post(PATH, call, "application/json")
    assert response.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert (
        b"<response><Success><![CDATA[true]]></Success><ErrorCode><![CDATA[0]]></ErrorCode><Domains><node_0>"
        in response.content
    )
    assert ET.fromstring(response.content).findtext("Domains/node_0/DomainName") == "acme.example"


def test_a_refusal_in_xml(client: Client) -> None:
    response = client.get(PATH, {"Command": GET_DOMAINS, "responseformat": "XML"})
    assert ET.fromstring(response.content).findtext("ErrorCode") == "99998"
    broken = client.get(PATH, {"Command": "x", "ResponseFormat": "XML"})
    assert (broken.status_code, ET.fromstring(broken.content).findtext("Errors/node_0/Code")) == (400, "100003")


@pytest.mark.parametrize("word", ["xml", "JSON", "other", "", 7])
def test_everything_else_is_json(client: Client, acme: Tenant, word: Any) -> None:
    assert names(ask(client, acme, GET_DOMAINS, ResponseFormat=word))


def test_xml_holds_whatever_it_is_given() -> None:
    value = {"1.example": ["a]]>b", "\x00<&>"], "ä b": None, "5": True, "_x": 1.5}
    root = ET.fromstring(write_xml("response", value))
    assert [(child.tag, child.text) for child in root] == [
        ("node_1.example", None),
        ("__b", None),
        ("node_5", "true"),
        ("_x", "1.5"),
    ]
    assert [item.text for item in root[0]] == ["a]]>b", "\ufffd<&>"]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("new_api_key_id", "NewAPIKeyID"), ("smtps", "SMTPs"), ("dns_verification_results", "DNSVerificationResults")],
)
def test_names_are_spelt_as_the_vendor_does(ours: str, theirs: str) -> None:
    assert vendor_name(ours) == theirs
