"""SendCloud's conformance table over HTTP: each call answers what it says it does, and each code that it documents can be had.

A call's rows are tried in one test, each of them in a world that is put back after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any
from unittest.mock import patch

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.http import HttpResponse

from accounts import queries as accounts
from domains import credentials
from gateway.api.sendcloud.answers.v1 import Failure
from gateway.api.sendcloud.codes import CODES
from gateway.api.sendcloud.errors.never import NEVER
from gateway.base import clock, rates
from gateway.models import Message
from templates_app import queries
from tests.gateway.api.conformance import (
    differences,
    documents,
    is_a,
    rows_of_sendcloud,
    sendcloud,
)
from tests.gateway.api.customers import Customer
from tests.gateway.api.sendcloud import (
    test_address_lists,
    test_api_users,
    test_conformance,
    test_domains,
    test_labels,
    test_members,
    test_send_calendar,
    test_send_template,
    test_templates,
    test_v1_lists,
    test_v1_mail,
    test_webhooks,
)
from tests.gateway.api.sendcloud.examples import KEY, WRONG, After, example_of, in_its_names
from tests.gateway.api.sendcloud.reporting import suppress
from tests.gateway.api.sendcloud.strangers import tell_of
from tests.support.lists import make_list
from tracking import labels

DOCUMENTS = documents("sendcloud")
ROWS = rows_of_sendcloud()
DONE = {200, 40401, 40821}  # what is no refusal
STATUSES = {50000: 429, 49903: 405, 501: 500}
OF_ANY_REQUEST = {40005, 49903, 49906, 501}  # which check_any_request provokes
# What the tests of each module see: codes by call.
SEEN = {
    *((call, code) for code, call, _ in test_address_lists.REFUSED + test_labels.REFUSED + test_templates.REFUSED),
    *((call, code) for code, call, _ in test_api_users.REFUSED + test_webhooks.REFUSED),
    *((call, code) for code, call, _ in test_domains.REFUSED + test_domains.IN_JSON),
    *((f"addressmember/{call}", code) for call, code, _ in test_members.REFUSED),
    *((f"webapi/{call}", code) for code, call, _ in test_v1_lists.REFUSED),
    *(("mail/send", code) for code, _ in test_conformance.REFUSED + test_conformance.IN_JSON),
    *(("mail/sendtemplate", code) for code, _ in test_send_template.REFUSED),
    *(("mail/sendcalendar", code) for code, _ in test_send_calendar.REFUSED),
    *(("webapi/mail.send", code) for code, _ in test_v1_mail.REFUSED),
}


def test_every_code_is_documented_by_a_call_or_never_said(ours: Customer) -> None:
    unknown = ours.client.get("/apiv2/nothing").json()["statusCode"]
    had = {code for _, code in ROWS} | DONE | {unknown}
    assert had | {*NEVER} == {*CODES}
    assert not had & {*NEVER}


def test_what_the_modules_tests_see_is_documented() -> None:
    assert not SEEN - {*ROWS}


# What is done ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name, call in sendcloud().items() if call.answers])
def test_a_call_answers_what_it_says(ours: Customer, name: str) -> None:
    tell_of(ours)
    ours.made("mail/send", labelName="spring")
    assert ours.tenant is not None
    suppress(ours.tenant, "ann@inbox.example", "bounced", at=clock.now())
    right = ours.right(name)
    answer = ours.ask(name, right).json()
    assert is_a(answer, sendcloud()[name].answers[:1]), answer
    assert [*differences(DOCUMENTS.get(name, {}), answer)] == []
    if not name.startswith("webapi/"):
        assert answer["result"] is True
        assert (answer["statusCode"] in DONE, answer["message"]) == (True, CODES[answer["statusCode"]])


@pytest.mark.parametrize("name", ["mail/send", "mail/sendtemplate", "mail/sendcalendar", "webapi/mail.send"])
def test_a_send_to_lists_answers_what_it_says(ours: Customer, name: str) -> None:
    assert ours.tenant is not None
    make_list(ours.tenant.account.pk)
    lists = {"to": "news@lists.example", "useAddressList": "true", "use_maillist": "true"}
    answer = ours.made(name, **lists)
    assert is_a(answer, sendcloud()[name].answers[1:])
    assert answer.get("statusCode", 40821) == 40821


@pytest.mark.parametrize("name", ["statday/list", "stathour/list", "invalidstat/list"])
def test_all_lines_in_one_answer_what_it_says(ours: Customer, name: str) -> None:
    assert is_a(ours.made(name, aggregate="true"), sendcloud()[name].answers[1:])


# What is refused ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sendcloud())
def test_every_documented_code_can_be_had(ours: Customer, name: str) -> None:
    right = ours.right(name)
    before = Message.objects.count()
    for code in sorted(int(code) for call, code in ROWS if call == name and code not in OF_ANY_REQUEST):
        for fields, change in trials(name, code):
            with put_back():
                response = ask(ours, name, right, fields, change)
                check(response, name, code, fields)
                assert Message.objects.count() <= before + (code == 40000)
    with put_back():
        check_any_request(ours, name, right)


def trials(name: str, code: int) -> Iterator[tuple[dict[str, Any], After]]:
    """Yield each way to provoke a code: by every field that it is of, and by the call's own example; there must be one."""
    found: list[tuple[dict[str, Any], After]] = []
    example = example_of(name, code)
    if example is not None:
        after = example if isinstance(example, After) else After(fields=example)
        found.append(({}, after))
    else:
        for field in sendcloud()[name].fields:
            found += [({field.name: ""}, After())] if code == field.missing else []
            found += [({field.name: "x" if field.name == "vars" else WRONG}, After())] if code == field.invalid else []
    assert found, f"There is no example of {code} for {name}."
    yield from found


def ask(customer: Customer, name: str, right: dict[str, Any], fields: dict[str, Any], after: After) -> HttpResponse:
    after.change(customer)
    given = after.fields(customer) if callable(after.fields) else after.fields
    call = right | fields | in_its_names(name, given or {})
    call = {field: value() if callable(value) else value for field, value in call.items() if value is not None}
    if any(isinstance(value, SimpleUploadedFile) for value in call.values()):
        return customer.ask(name, call)
    with patch(after.most, 0) if after.most else nullcontext():
        return customer.client.post(path_of(name), call, "application/json", headers=KEY if is_to_be_once(after) else {})


def is_to_be_once(after: After) -> bool:
    return after is example_of("mail/send", 40000)


def path_of(name: str) -> str:
    return f"/{name}.json" if name.startswith("webapi/") else f"/apiv2/{name}"


@contextmanager
def put_back() -> Iterator[None]:
    """Undo what is done within, and forget what is known of it."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    for module in (accounts, credentials, labels, queries, rates):
        module.forget()


def check(response: HttpResponse, name: str, code: int, why: object) -> None:
    """Check that a call was refused with a code, in the vendor's words and shape."""
    answer = response.json()
    assert response.status_code == STATUSES.get(code, 200), (code, why, answer)
    if name.startswith("webapi/"):
        assert is_a(answer, (Failure,))
        assert answer["errors"][0].startswith(CODES[code]), (code, why, answer)
        return
    assert (answer["result"], answer["statusCode"]) == (False, code), (why, answer)
    assert answer.keys() == {"result", "statusCode", "message", "info"}
    assert answer["message"].startswith(CODES[code])


def check_any_request(customer: Customer, name: str, right: dict[str, Any]) -> None:
    """Check the codes of OF_ANY_REQUEST."""
    secret = "api_key" if name.startswith("webapi/") else "apiKey"
    check(customer.ask(name, right | {secret: "wrong"}), name, 40005, "wrong secret")
    check(customer.client.post(path_of(name), b"{", "application/json"), name, 49906, "broken")
    check(customer.client.delete(path_of(name)), name, 49903, "method")
    with patch.object(sendcloud()[name].kind, "act", side_effect=KeyError("bug")):
        check(customer.ask(name, right), name, 501, "bug")
