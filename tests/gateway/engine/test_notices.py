"""Mail of the platform itself."""

from __future__ import annotations

from typing import Any

import pytest

from domains.actions import add_domain
from domains.records import Purpose, records_of
from gateway.engine.notices import send_instructions
from gateway.models import Message
from tests.support.cast import Tenant

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_works(acme: Tenant) -> None:
    domain = add_domain(acme.account, "shop.example")
    assert send_instructions(domain, "dns", door="sendclean", client="192.0.2.1") == "dns@shop.example"
    message = Message.objects.get()
    assert (message.door, message.subject, message.sender) == (
        "sendclean",
        "DNS records of shop.example",
        "no-reply@acme.example",
    )
    text = message.content.text.replace('" "', "")  # long records stand in several strings
    records = records_of(domain)
    assert {record.purpose for record in records} == set(Purpose)
    assert not [record for record in records if record.value not in text or f"{record.name}." not in text]


def test_the_brand_signs_it(acme: Tenant, settings: Any) -> None:
    settings.GATEPOST_BRAND = "PowerEmail"
    send_instructions(acme.domain, "dns", door="sendclean")
    message = Message.objects.get()
    assert message.sender_name == "PowerEmail"
    assert "Somebody who sends mail with PowerEmail" in message.content.text
