"""MailUp's conformance table over HTTP: each call answers what it says it does, and each code that it may answer can be had.

Every row is asked in JSON and in XML.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Account
from domains import credentials
from domains.models import SMTPUser
from gateway.api.mailup.answers import SendResponse
from gateway.api.mailup.errors import CODES
from gateway.base import clock
from gateway.models import Message
from tests.gateway.api.conformance import Row, differences, documents, is_a, mailup, rows_of_mailup
from tests.gateway.api.customers import Customer
from tests.gateway.api.mailup.documents import read_xml, write_xml

Change = Callable[[Customer], object]
DOCUMENTS = documents("mailup")
NOBODY = 999_999_999


def nothing(_: Customer) -> None:
    """Leave the world as it is."""


def close(status: str) -> Change:
    return lambda _: Account.objects.update(status=status)


def bar(**fields: Any) -> Change:
    return lambda _: SMTPUser.objects.update(**fields)


TOMORROW = clock.now() + timedelta(days=1)
# What is put into a right call, None for no document at all, and what happens before.
EXAMPLES: dict[str, tuple[dict[str, Any] | None, Change]] = {
    "1": ({"From": {"Email": "nobody"}, "Username": "nobody"}, nothing),
    "101": (None, nothing),
    "102": ({"User": {"Username": "nobody", "Secret": "wrong"}}, nothing),
    "103": ({}, bar(is_enabled=False)),
    "104": ({}, bar(is_blocked=True)),
    "105": ({}, bar(blocked_until=TOMORROW)),
    "106": ({}, close("purged")),
    "107": ({}, close("suspended")),
    "108": ({}, close("deleted")),
    "109": ({"To": []}, nothing),
    "110": ({"From": None}, nothing),
    "111": ({"TemplateId": NOBODY}, nothing),
    "112": ({}, bar(is_deleted=True)),
}
ROWS = rows_of_mailup()


def test_every_row_has_an_example() -> None:
    assert {code for _, code in ROWS} == EXAMPLES.keys()
    assert DOCUMENTS.keys() == mailup().keys()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_call_answers_what_it_says(ours: Customer, name: str) -> None:
    answer = ours.made(name)
    assert is_a(answer, mailup()[name].answers)
    assert [*differences(DOCUMENTS[name]["answer"], answer)] == []
    assert [field.name for field in mailup()[name].fields] == DOCUMENTS[name]["fields"]


@pytest.mark.parametrize("row", ROWS, ids="-".join)
def test_a_documented_error_can_be_had(ours: Customer, row: Row) -> None:
    name, code = row[0], str(row[1])
    fields, change = EXAMPLES[code]
    call = ours.right(name) | fields if fields is not None else {}
    change(ours)
    credentials.forget()
    response = ours.ask(name, call)
    answer = response.json()
    assert (response.status_code, answer["Code"]) == (400 if code == "1" else 403, code)
    assert (answer["Status"], answer["Message"]) == ("error", CODES[code])
    assert is_a(answer, (SendResponse,))
    assert [*differences(DOCUMENTS[name]["refusal"], answer)] == []
    assert Message.objects.count() == 0
    path, root = response.wsgi_request.path, mailup()[name].kind.root  # type: ignore[attr-defined]
    again = ours.client.post(path, write_xml(root, call), "text/xml")
    assert (again.status_code, read_xml(again.content)) == (response.status_code, answer)


def test_the_vendors_example_of_a_refusal(ours: Customer) -> None:
    for name, document in DOCUMENTS.items():
        assert document["refusal"]["Message"] == CODES[document["refusal"]["Code"]]
        assert (name, document["refusal"]["Code"]) in ROWS
