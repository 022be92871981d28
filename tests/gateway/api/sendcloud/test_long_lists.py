"""Lists that are longer than a call takes are refused without being taken apart: a body has room for millions of items."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from domains.credentials import authenticate_smtp_user
from gateway.api.bodies import Payload
from gateway.api.fields import FieldsRefused
from gateway.api.sendcloud.errors import find_row
from gateway.api.sendcloud.parse import domains, kinds, mail_fields, members, webhooks
from gateway.api.sendcloud.parse.mail import parse_send
from gateway.base.errors import Refused
from tests.gateway.api.sendcloud.conftest import make_mail
from tests.support.cast import Tenant

ITEMS = 100_000
ROOM = 3_000_000  # octets: a list of so many texts takes more
ADDRESSES = "".join(f"a{number}@b.example;" for number in range(ITEMS))
NUMBERS = "".join(f"{number};" for number in range(ITEMS))


@contextmanager
def little_memory() -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < ROOM
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (members.addresses, ADDRESSES),
        (members.names, NUMBERS),
        (members.objects, "{};" * ITEMS),
        (mail_fields.addresses, ADDRESSES),
        (mail_fields.labels, NUMBERS),
        (kinds.listed, NUMBERS),
        (domains.names, "a.example;" * ITEMS),
        (webhooks.events, "1,7," * ITEMS),
    ],
)
def test_a_long_list_takes_little_memory(kind: Callable[[Any], Any], given: str) -> None:
    with little_memory():
        try:
            found = kind(given)
        except (ValueError, FieldsRefused):
            return
    assert len(found) < 1100


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("to", ADDRESSES, 40807),
        ("cc", ADDRESSES, 40854),
        ("bcc", f'"A" <a@b.example>;{ADDRESSES}', 40857),
        ("replyTo", ADDRESSES, 40879),
    ],
)
def test_a_mail_to_very_many_takes_little_memory(acme: Tenant, name: str, value: str, code: int) -> None:
    mail = make_mail(acme)
    credential = authenticate_smtp_user(mail.pop("apiUser"), mail.pop("apiKey"))
    with little_memory(), pytest.raises(Refused) as caught:
        parse_send(Payload(values=mail | {name: value}), credential)
    assert find_row(caught.value)[1] == code


def test_a_send_to_very_many_lists_takes_little_memory(acme: Tenant) -> None:
    mail = make_mail(acme)
    credential = authenticate_smtp_user(mail.pop("apiUser"), mail.pop("apiKey"))
    with little_memory(), pytest.raises(Refused) as caught:
        parse_send(Payload(values=mail | {"to": ADDRESSES, "useAddressList": "true"}), credential)
    assert find_row(caught.value)[1] == 40864
