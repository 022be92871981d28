"""Control characters in any member of a MessageDTO are refused, or change nothing but what they stand in."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from domains.credentials import Credential, find_smtp_user
from gateway.api.bodies import Payload
from gateway.api.mailup.parse.messages import parse_message
from gateway.base.errors import Refused
from tests.gateway.api.mails import Path, find_texts, get, put
from tests.gateway.api.test_injection import ATTACKS
from tests.gateway.api.wire import list_headers, write_wire
from tests.support.cast import Tenant

CALL: dict[str, Any] = {
    "Html": {
        "DocType": "<!DOCTYPE html>",
        "Head": "<title>T</title>",
        "Body": "<p>Hello [name]</p>",
        "BodyTag": "<body>",
    },
    "Text": "Hello [name]",
    "Subject": "Hello [name]",
    "From": {"Name": "Acme", "Email": "news@acme.example"},
    "To": [{"Name": "Massimo", "Email": "info@mailup.example"}],
    "Cc": [{"Name": "Carl", "Email": "carl@b.example"}],
    "Bcc": ["bea@b.example"],
    "ReplyTo": "Help <help@acme.example>",
    "CharSet": "utf-8",
    "ExtendedHeaders": [{"N": "X-Shop", "V": "7 [name]"}, {"N": "List-Id", "V": "<a.acme.example>"}],
    "Attachments": [{"Filename": "a.txt", "ContentId": "a", "Body": "YQ=="}],
    "EmbeddedImages": [{"Filename": "b.png", "ContentId": "b", "Body": "Yg=="}],
    "XSmtpAPI": {
        "CampaignName": "Spring",
        "CampaignCode": "1001",
        "CampaignReport": "Report",
        "DynamicFields": [{"N": "name", "V": "Mario"}],
    },
}


@pytest.fixture
def user(acme: Tenant) -> Credential:
    found = find_smtp_user(acme.account.pk, acme.smtp_user.name)
    assert found is not None
    return found


def headers_of(user: Credential, call: dict[str, Any]) -> Counter[bytes]:
    """Return how often each header stands in what is sent, nothing where the call is refused."""
    try:
        return Counter(list_headers(write_wire(parse_message(Payload(values=call), user))))
    except Refused:
        return Counter()


def test_it_works(user: Credential) -> None:
    wire = write_wire(parse_message(Payload(values=CALL), user))
    assert b"Subject: Hello Mario\r\n" in wire
    assert b"To: Massimo <info@mailup.example>\r\n" in wire
    assert b"bea@b.example" not in wire


@pytest.mark.parametrize("path", list(find_texts(CALL)), ids=str)
def test_no_member_lets_a_header_in(user: Credential, path: Path) -> None:
    expected = headers_of(user, CALL)
    assert expected
    for attack in ATTACKS:
        for value in (get(CALL, path) + attack, attack + get(CALL, path)):
            assert headers_of(user, put(CALL, path, value)) <= expected, repr(value)
