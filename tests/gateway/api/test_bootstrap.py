"""What `manage.py bootstrap` prints is enough for every call of every dialect."""

from __future__ import annotations

import json
from io import StringIO
from xml.etree.ElementTree import fromstring

import pytest
from django.core.management import call_command
from django.test import Client

from tests.gateway.api.conformance import mailup, octeth, sendclean, sendcloud
from tests.gateway.api.customers import COMMANDS, RIGHT, Customer

CALLS = [*sendclean(), *octeth(), *COMMANDS.values(), *mailup(), *sendcloud()]


def bootstrap(*options: str) -> dict[str, object]:
    out = StringIO()
    call_command("bootstrap", "--json", "--trust-domain", *options, stdout=out)
    made: dict[str, object] = json.loads(out.getvalue())
    return made


def test_every_call_has_a_right_one() -> None:
    assert {*CALLS} == {*RIGHT}


@pytest.mark.django_db
def test_its_credentials_work_for_every_call(client: Client, hook: str) -> None:
    customer = Customer(client=client, given=bootstrap("--no-limits"), hook=hook)
    for name in CALLS:
        if name == "template/submit":
            assert customer.ask(name, customer.right(name)).json()["statusCode"] == 40227  # there is nothing left to do
        else:
            customer.made(name)
    for name in sendcloud():
        if name.startswith("webapi/"):
            assert fromstring(client.post(f"/{name}.xml", customer.right(name)).content).findtext("message") == "success"
