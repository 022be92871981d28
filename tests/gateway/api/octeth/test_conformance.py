"""Octeth's conformance table over HTTP: each call answers what it says it does, and each documented error can be had.

EXAMPLES has what provokes each row: another value in a right call, after a change to the world where it takes one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import OperationalError
from django.http import HttpResponse

from accounts.access import Level
from accounts.models import Account, Membership
from domains import credentials
from domains.models import SenderDomain
from gateway.api.octeth.errors import NEVER
from gateway.api.octeth.errors.commands import COMMAND_WORDS
from gateway.api.octeth.views.command import Command
from gateway.api.octeth.views.commands import PUBLIC
from gateway.models import Message
from tests.gateway.api.conformance import Row, differences, documents, is_a, octeth, rows_of_octeth, words_of
from tests.gateway.api.customers import COMMANDS, Customer
from tests.gateway.api.octeth.commands import NOBODY
from tests.support.factories import PASSWORD, make_person
from tests.support.lists import make_list
from tracking.models import Suppression

Change = Callable[[Customer], object]
DOCUMENTS = documents("octeth")
RITA = {"email": "rita@inbox.example", "name": "Rita"}
NAMELESS = {"email": "rita@inbox.example"}
BROKEN = {"email": "rita", "name": "Rita"}


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """Fields that provoke an error once the world was changed."""

    change: Change
    fields: dict[str, Any] | None = None


def close(status: str) -> After:
    """Close the account."""

    def change(_: Customer) -> None:
        Account.objects.update(status=status)
        credentials.forget()

    return After(change=change)


def limit(**fields: int) -> After:
    """Let the account have or do no more than this."""

    def change(_: Customer) -> None:
        Account.objects.update(**fields)
        credentials.forget()

    return After(change=change)


def add_another_domain(customer: Customer) -> None:
    """Give the customer a domain that has nothing; it is the first that the next AddDomain would make."""
    customer.made("EmailGateway.AddDomain", DomainName="second.example")


def use_the_rate_up(customer: Customer) -> None:
    """Let the account make one request a minute, and make it."""
    limit(requests_per_minute=1).change(customer)
    for name in ("POST /api/v1/email", "EmailGateway.SMTPRelay"):
        customer.ask(name, customer.right(name))


def _second_domain(_: Customer) -> int:
    return int(SenderDomain.objects.get(name="second.example").pk)


MISSING, OTHER = {"DomainID": None}, {"DomainID": NOBODY}
BY_DOMAIN = {1: MISSING, 2: OTHER}
OF_CALLERS = {1: {"bearer": None}, 13: {"bearer": "wrong"}, 429: After(change=use_the_rate_up)}
SUSPENDED = close("suspended")
LOCAL = {"WebhookURL": "http://10.1.2.3/hook"}

EXAMPLES: dict[str, dict[int, Any]] = {
    "User.Login": {
        1: {"Username": None},
        2: {"Password": None},
        3: {"Password": "wrong"},
        6: close("purged"),
    },
    "EmailGateway.AddDomain": {
        1: {"DomainName": None},
        2: {"DomainName": "no domain"},
        3: limit(max_domains=1),
        4: {"TrackPrefix": "a_b"},
    },
    "EmailGateway.DeleteDomain": BY_DOMAIN,
    "EmailGateway.GetDomain": BY_DOMAIN,
    "EmailGateway.UpdateDomain": {1: MISSING, 5: OTHER, 6: {"TrackPrefix": "a_b"}},
    "EmailGateway.VerifyDomain": BY_DOMAIN,
    "EmailGateway.AddAPI": {1: {"Description": None}, 2: MISSING, 3: OTHER},
    "EmailGateway.DeleteAPI": {1: {"ApiKeyId": None}, 2: {"ApiKeyId": NOBODY}},
    "EmailGateway.GetAPIs": BY_DOMAIN,
    "EmailGateway.ReplaceAPI": {1: {"ApiKeyId": None}, 2: {"ApiKeyId": NOBODY}},
    "EmailGateway.AddSMTP": BY_DOMAIN,
    "EmailGateway.DeleteSMTP": {1: {"smtpid": None}, 2: {"smtpid": NOBODY}},
    "EmailGateway.GetSMTPs": BY_DOMAIN,
    "EmailGateway.ResetSMTPPassword": {1: {"smtpid": None}, 2: {"smtpid": NOBODY}},
    "EmailGateway.AddWebhook": {
        1: MISSING,
        2: {"Event": None},
        3: {"Event": "send"},
        4: OTHER,
        5: {"WebhookURL": None},
        6: {"WebhookURL": "ftp://hooks.example.com/"},
        7: LOCAL,
    },
    "EmailGateway.DeleteWebhook": {
        1: {"WebhookID": None},
        2: OTHER,
        3: After(change=add_another_domain, fields={"DomainID": _second_domain}),
        4: {"WebhookID": NOBODY},
    },
    "EmailGateway.GetWebhooks": BY_DOMAIN,
    "EmailGateway.RegenerateSigningKey": BY_DOMAIN,
    "EmailGateway.GetEvents": BY_DOMAIN | {4: {"StartFrom": None}, 5: {"RetrieveCount": None}},
    "EmailGateway.ExportEvents": {2: OTHER},
    "EmailGateway.AggrEvents": BY_DOMAIN,
    "EmailGateway.ClearDomainQueue": BY_DOMAIN,
    "EmailGateway.DomainStats": BY_DOMAIN,
    "EmailGateway.DailySeries": {2: OTHER},
    "EmailGateway.RecipientDomainStats": {1: {"RecipientToDomain": None}, 2: OTHER},
    "EmailGateway.ListRecipientDomains": BY_DOMAIN,
    "EmailGateway.SMTPRelay": {
        1: {"SMTPUsername": None},
        2: {"SMTPPassword": None},
        3: {"SMTPPassword": "wrong"},
        4: {"RawEmail": "From: news@elsewhere.example\r\n\r\nHello\r\n"},
        5: After(change=lambda _: SenderDomain.objects.update(verified_at=None)),
        6: close("deleted"),
        7: SUSPENDED,
        8: After(change=lambda one: Suppression.objects.create(account=one.tenant.account, email=RITA["email"])),
        9: {"RcptTo": ",".join(f"u{number}@inbox.example" for number in range(1001))},
        12: After(change=use_the_rate_up),
        13: limit(quota_month=0),
    },
    "POST /api/v1/email": OF_CALLERS
    | {
        2: {"bearer": lambda one: one.given["api_key"]},
        3: {"From": {"email": "news@acme.example"}},
        8: {"Subject": None},
        9: {"ContentType": "video"},
        10: {"HtmlContent": None},
        11: {"ContentType": "plain"},
        12: SUSPENDED,
        14: After(change=lambda one: Suppression.objects.create(account=one.tenant.account, email=RITA["email"])),
        15: {"TemplateID": NOBODY},
        16: {"TargetListID": "7", "To": None},
        17: limit(quota_month=0),
        18: {"To": [RITA, NAMELESS]},
        19: {"To": [BROKEN]},
        20: {"To": []},
        21: {"CC": [NAMELESS]},
        22: {"CC": [BROKEN]},
        23: {"From": BROKEN},
        24: {"BCC": RITA},
        25: {"BCC": [NAMELESS]},
        26: {"BCC": [BROKEN]},
        27: {"BCC": [RITA] * 51},
        28: {"ReplyTo": RITA},
        29: {"ReplyTo": [NAMELESS]},
        30: {"ReplyTo": [BROKEN]},
        31: {"ReplyTo": [RITA] * 11},
        32: After(change=lambda _: SenderDomain.objects.update(verified_at=None)),
        35: {"ListID": NOBODY},
        36: {"SubscriberID": NOBODY},
        37: {"JourneyID": "first"},
        38: {"ActionID": -1},
        39: {"TargetListID": lambda one: make_list(one.tenant.account.pk, 0).pk, "To": None},
    },
    "POST /api/v1/webhooks": {
        2: {"Event": None},
        3: {"Event": "send"},
        5: {"WebhookURL": None},
        6: {"WebhookURL": "ftp://hooks.example.com/"},
        7: LOCAL,
        13: {"bearer": "wrong"},
        429: After(change=use_the_rate_up),
    },
    "GET /api/v1/webhooks": {2: SUSPENDED, 13: {"bearer": "wrong"}, 429: After(change=use_the_rate_up)},
    "DELETE /api/v1/webhooks": {
        1: {"WebhookID": None},
        2: SUSPENDED,
        4: {"WebhookID": NOBODY},
        13: {"bearer": "wrong"},
        429: After(change=use_the_rate_up),
    },
    "GET /api/v1/events": OF_CALLERS | {2: SUSPENDED, 4: {"StartFrom": "first"}, 5: {"RetrieveCount": "some"}},
    "GET /api/v1/sender.domains": {1: {"DomainsResponseFormat": "xml"}},
    "GET /api/v1/inbound-relay-domain-check": {1: {"bearer": "wrong"}},
}
ROWS = rows_of_octeth()
REACHED = [row for row in ROWS if row not in NEVER and (row[0].removeprefix("POST "), row[1]) not in NEVER]


# The table ------------------------------------------------------------------------------------------------------------


def test_every_row_has_an_example_and_no_other() -> None:
    assert {(name, code) for name, codes in EXAMPLES.items() for code in codes} == {*REACHED}


def test_what_is_never_answered_is_documented_and_has_a_reason() -> None:
    names = {*octeth(), "/api/v1/email", "/api.php"}
    assert {name for name, _ in NEVER} <= names
    assert all(reason.endswith(".") for reason in NEVER.values())
    assert not {row for row in NEVER if row in REACHED}


def test_every_call_of_the_documents_is_served() -> None:
    assert DOCUMENTS.keys() <= octeth().keys()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_error_of_the_documents_is_ours(name: str) -> None:
    words = words_of(octeth()[name])
    told = {sentence for call, sentence in NEVER if call == name.removeprefix("POST ") or call == name}
    for code, sentence in DOCUMENTS[name]["errors"]:
        assert code in words
        ours = words[code].replace("{seconds} seconds for another {attempts}", "X seconds for another Y")
        assert sentence in {words[code], ours} | told or code == 34


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_parameter_of_the_documents_is_taken(name: str) -> None:
    known = {known.lower() for field in octeth()[name].fields for known in (field.name, *field.aliases)}
    assert [field for field in DOCUMENTS[name]["fields"] if field.lower() not in known] == []


# Answers --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", octeth())
def test_a_call_answers_what_it_says(ours: Customer, name: str) -> None:
    call = octeth()[name]
    if not call.answers:
        assert ours.ask(name, ours.right(name)).headers["Content-Type"].startswith("text/csv")
        return
    answer = ours.made(name)
    assert is_a(answer, call.answers[:1])
    assert [*differences(DOCUMENTS[name]["answer"] if name in DOCUMENTS else {}, answer)] == []


def test_the_other_answers_of_a_call(ours: Customer) -> None:
    others: dict[str, list[dict[str, Any]]] = {
        "EmailGateway.SMTPRelay": [{"RawEmail": None}, {"SMTPPassword": "wrong"}],
        "GET /api/v1/inbound-relay-domain-check": [{"Domain": "elsewhere.example"}],
    }
    assert {name for name, call in octeth().items() if len(call.answers) > 1} == others.keys()
    for name, changes in others.items():
        for kind, change in zip(octeth()[name].answers[1:], changes, strict=True):
            assert is_a(ours.ask(name, ours.right(name) | change).json(), (kind,))


# Errors ---------------------------------------------------------------------------------------------------------------


def provoke(customer: Customer, name: str, example: Any, command: str = "") -> HttpResponse:
    """Make a call that is to be refused; `command` is its name at /api.php where it has two."""
    call = customer.right(command or name)
    if isinstance(example, After):
        example.change(customer)
    fields = (example.fields or {}) if isinstance(example, After) else example
    given = {key: value(customer) if callable(value) else value for key, value in fields.items()}
    if command and "bearer" in given:
        given["SenderAPIKey"] = given.pop("bearer")
    stored = Message.objects.count()
    response = customer.ask(command or name, call | given)
    assert Message.objects.count() == stored
    return response


def codes_of(response: HttpResponse) -> list[int]:
    if response.headers["Content-Type"].startswith("text/csv"):
        return [0]
    answer = response.json()
    if "Errors" in answer and "ErrorCode" not in answer:
        return [entry["Code"] for entry in answer["Errors"]]
    return answer["ErrorCode"] if isinstance(answer["ErrorCode"], list) else [answer["ErrorCode"]]


def says(response: HttpResponse, code: int, words: str) -> bool:
    """Tell whether the words beside the code are those of the table, with its numbers filled in."""
    answer = response.json()
    said = next((one["Message"] for one in answer.get("Errors", []) if one["Code"] == code), answer.get("ErrorText"))
    begin, _, end = words.partition("{")
    return said.startswith(begin) and said.endswith(end.rpartition("}")[2])


@pytest.mark.parametrize("row", REACHED, ids=lambda row: f"{row[0]}-{row[1]}")
def test_a_documented_error_can_be_had(ours: Customer, row: Row) -> None:
    name, code = row
    assert isinstance(code, int)
    response = provoke(ours, name, EXAMPLES[name][code])
    assert (codes_of(response), response.status_code) == ([code], status_of(name, code))
    assert says(response, code, words_of(octeth()[name])[code])
    example = DOCUMENTS.get(name, {}).get("refusal")
    assert [*differences(example or {}, response.json())] == []


def status_of(name: str, code: int) -> int:
    if name.endswith("relay-domain-check"):
        return 403
    return {39: 502, 429: 429}.get(code, 200)


PUBLIC_ROWS = [row for row in REACHED if row[0] in COMMANDS and row[0] != "GET /api/v1/sender.domains"]


@pytest.mark.parametrize("row", PUBLIC_ROWS, ids=lambda row: f"{COMMANDS[row[0]]}-{row[1]}")
def test_a_public_call_says_the_same_by_its_command(ours: Customer, row: Row) -> None:
    name, code = row
    assert isinstance(code, int)
    response = provoke(ours, name, EXAMPLES[name][code], COMMANDS[name])
    assert (codes_of(response), response.status_code) == ([code], status_of(name, code))


def test_every_public_call_has_its_command() -> None:
    assert {command.lower() for command in COMMANDS.values()} == {*PUBLIC}
    assert {name for name, call in octeth().items() if not issubclass(call.kind, Command)} == {*COMMANDS}


# What every command of /api.php may answer ----------------------------------------------------------------------------


def as_viewer(customer: Customer) -> dict[str, Any]:
    assert customer.tenant is not None
    person = make_person(customer.tenant.account, Membership.Role.VIEWER)
    return {"SessionID": customer.made("User.Login", Username=person.email, Password=PASSWORD)["SessionID"], "APIKey": None}


COMMAND_CALLS = [name for name, call in octeth().items() if issubclass(call.kind, Command)]


@pytest.mark.parametrize("name", COMMAND_CALLS)
def test_the_errors_of_every_command(ours: Customer, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    command = octeth()[name].kind
    call, viewer = ours.right(name), as_viewer(ours)
    if name not in {"User.Login", "EmailGateway.SMTPRelay"}:
        assert codes_of(ours.ask(name, call | {"APIKey": "wrong"})) == [99998]
        assert codes_of(ours.ask(name, call | {"APIKey": None})) == [99998]
        is_refused = issubclass(command, Command) and command.level > Level.VIEWER
        assert (codes_of(ours.ask(name, call | viewer)) == [99999]) is is_refused
    for error, code in ((OperationalError("gone"), 100004), (KeyError("bug"), 100005)):
        with monkeypatch.context() as patch:
            patch.setattr(command, "act", raising(error))
            response = ours.ask(name, call)
        assert (codes_of(response), response.status_code) == ([code], 500)


def raising(error: Exception) -> Callable[..., None]:
    def act(*_: object) -> None:
        raise error

    return act


def test_the_errors_before_a_command_is_known(ours: Customer) -> None:
    broken = ours.client.post("/api.php", b"{", "application/json")
    assert (codes_of(broken), broken.status_code) == ([100000], 400)
    method = ours.client.put("/api.php", b"{}", "application/json")
    assert (codes_of(method), method.status_code) == ([100001], 400)
    unknown = ours.ask("EmailGateway.Nothing", {})
    assert (codes_of(unknown), unknown.status_code) == ([100003], 400)


def test_the_rate_of_commands(ours: Customer) -> None:
    for name in COMMAND_CALLS:
        if name not in {"User.Login", "EmailGateway.SMTPRelay"}:
            limit(requests_per_minute=1).change(ours)
            ours.ask("EmailGateway.GetDomains", ours.right("EmailGateway.GetDomains"))
            response = ours.ask(name, {"APIKey": ours.given["api_key"]})
            assert (codes_of(response), response.status_code) == ([429], 429)


def test_every_common_error_is_tried() -> None:
    assert {*COMMAND_WORDS} == {99998, 99999, 100000, 100001, 100003, 100004, 100005, 429}
