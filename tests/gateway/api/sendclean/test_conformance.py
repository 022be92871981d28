"""SendClean's conformance table over HTTP: each call answers what it says it does, and with each type of error.

The vendor's documents know three types, so a row is a call and a type. Each row of the table of refusals is tried, too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError
from django.http import HttpResponse

from accounts.models import Account
from domains import credentials
from domains.models import SMTPUser
from gateway.api.base import DialectView, Unexpected
from gateway.api.fields import FieldsRefused
from gateway.api.sendclean.answers import Failure
from gateway.api.sendclean.errors import ERRORS, NEVER
from gateway.base import clock, errors
from gateway.base.errors import Refused
from gateway.models import Recipient
from tests.gateway.api.conformance import Row, differences, documents, is_a, rows_of_sendclean, sendclean
from tests.gateway.api.customers import Customer
from tests.support.factories import make_event

DOCUMENTS = documents("sendclean")
SEND = "messages/sendMail"


def limit_the_rate(customer: Customer) -> None:
    Account.objects.update(requests_per_minute=1)
    credentials.forget()
    for name in (SEND, "settings/addSmtp"):
        customer.ask(name, customer.right(name))


def use_up_the_quota(_: Customer) -> None:
    Account.objects.update(quota_month=0)


# What is left out or put into a right call, after a change to the world, by the type that it is answered with.
EXAMPLES: dict[str, tuple[dict[str, Any], Callable[[Customer], None]]] = {
    "ValidationError": ({"owner_id": None}, lambda _: None),
    "AuthenticationError": ({"token": "wrong"}, lambda _: None),
    "GeneralError": ({}, limit_the_rate),
}
STATUSES = {"ValidationError": 400, "AuthenticationError": 401, "GeneralError": 429}
ROWS = [row for row in rows_of_sendclean() if row[1] not in NEVER]


def test_every_row_has_an_example_and_no_other() -> None:
    assert {kind for _, kind in ROWS} == EXAMPLES.keys()


def test_every_call_has_a_document() -> None:
    assert DOCUMENTS.keys() == sendclean().keys()


@pytest.mark.parametrize("name", sendclean())
def test_a_call_answers_what_it_says(ours: Customer, name: str) -> None:
    SMTPUser.objects.update(total_limit=9, hourly_limit=9)  # without one it is null
    ours.made("settings/addWebhook")  # so that no list is empty
    call = ours.right(name)
    for recipient in Recipient.objects.all():
        for place, kind in enumerate(("opened", "clicked")):
            make_event(recipient, kind, at=clock.now(), sequence=place + 2, address="192.0.2.7", agent="Mail")
    answer = ours.ask(name, call).json()
    assert is_a(answer, sendclean()[name].answers)
    assert [*differences(DOCUMENTS[name]["answer"], answer)] == []
    if name.startswith("messages/send"):
        assert answer == DOCUMENTS[name]["answer"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}-{row[1]}")
def test_a_documented_error_can_be_had(ours: Customer, row: Row) -> None:
    name, kind = row
    fields, change = EXAMPLES[str(kind)]
    call = ours.right(name) | fields
    change(ours)
    response = ours.ask(name, call)
    answer = response.json()
    assert (response.status_code, answer["type"]) == (STATUSES[str(kind)], kind)
    assert is_a(answer, (Failure,))
    assert [*differences(DOCUMENTS[name]["refusal"], answer)] == []
    if kind == "AuthenticationError":
        assert answer | DOCUMENTS[name]["refusal"] == answer


# The table of refusals ------------------------------------------------------------------------------------------------


def message(**fields: Any) -> Callable[[Customer], HttpResponse]:
    """Spoil the message of sendMail."""

    def ask(customer: Customer) -> HttpResponse:
        call = customer.right(SEND)
        return customer.ask(SEND, call | {"message": call["message"] | fields})

    return ask


def spoil(change: Callable[[Customer], object], **fields: Any) -> Callable[[Customer], HttpResponse]:
    """Change the world, and the call."""

    def ask(customer: Customer) -> HttpResponse:
        call = customer.right(SEND) | fields
        change(customer)
        return customer.ask(SEND, call)

    return ask


def twice(customer: Customer) -> HttpResponse:
    """Use a key for two mails."""
    call = customer.right(SEND)
    key = {"Idempotency-Key": "k"}
    customer.ask(SEND, call, **key)
    return customer.ask(SEND, call | {"message": call["message"] | {"subject": "Other"}}, **key)


PROVOKED: dict[type[Refused], Callable[[Customer], Any]] = {
    FieldsRefused: spoil(lambda _: None, message=None),
    errors.NotAuthenticated: spoil(lambda _: SMTPUser.objects.update(is_deleted=True)),
    errors.BadCredentials: spoil(lambda _: None, token="wrong"),
    errors.NotAllowed: spoil(lambda _: SMTPUser.objects.update(is_enabled=False)),
    errors.SenderRefused: message(from_email="news@elsewhere.example"),
    errors.RecipientRefused: message(to=[{"email": "rita@"}]),
    errors.ContentRefused: message(html="", text=""),
    errors.TooLarge: message(html="x" * 16_000_001),
    errors.OverLimit: spoil(use_up_the_quota),
    errors.RequestRefused: lambda one: one.client.post(f"/v1.0/{SEND}", b"{", "application/json"),
    errors.MethodNotAllowed: lambda one: one.client.get(f"/v1.0/{SEND}"),
    errors.UnknownCall: lambda one: one.client.post("/v1.0/messages/nothing"),
    errors.IdempotencyConflict: twice,
}
RAISED = {errors.Unavailable: OperationalError("gone"), Unexpected: KeyError("bug"), errors.BodyTooLarge: errors.BodyTooLarge()}


def test_every_refusal_is_provoked() -> None:
    assert {Refused} | PROVOKED.keys() | RAISED.keys() == ERRORS.keys()


@pytest.mark.parametrize("kind", PROVOKED)
def test_a_refusal_is_answered_by_its_row(ours: Customer, kind: type[Refused]) -> None:
    response = PROVOKED[kind](ours)
    answer = response.json()
    row = ERRORS[kind]
    assert (response.status_code, answer["type"], answer["name"]) == (row.status, row.type, row.type)
    assert answer["message"] == row.words or not row.words


@pytest.mark.parametrize("kind", RAISED)
def test_what_goes_wrong_here_is_answered_by_its_row(
    ours: Customer, kind: type[Refused], monkeypatch: pytest.MonkeyPatch
) -> None:
    def act(*_: object) -> None:
        raise RAISED[kind]

    monkeypatch.setattr(DialectView, "act", act)
    response = ours.ask(SEND, ours.right(SEND))
    assert (response.status_code, response.json()["type"]) == (ERRORS[kind].status, ERRORS[kind].type)
