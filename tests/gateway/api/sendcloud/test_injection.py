"""Control characters in any parameter of mail/send are refused, or change nothing but what they stand in."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from domains.credentials import Credential, find_smtp_user
from gateway.api.bodies import FormFile, Payload
from gateway.api.sendcloud.parse.mail import parse_send
from gateway.base.errors import Refused
from tests.gateway.api.mails import Path, find_texts, get, put
from tests.gateway.api.test_injection import ATTACKS
from tests.gateway.api.wire import list_headers, write_wire
from tests.support.cast import Tenant

CALL: dict[str, Any] = {
    "from": "Acme <news@acme.example>",
    "fromName": "Acme",
    "to": "Ben <ben@ifaxin.example>",
    "cc": "Carl <carl@b.example>",
    "bcc": "bea@b.example",
    "replyTo": "Help <help@acme.example>",
    "subject": "Hello %name%",
    "html": "<p>Hello %name%</p>",
    "plain": "Hello %name%",
    "contentSummary": "Greetings",
    "headers": {"SC-Custom-key1": "value1", "X-Shop": "7 %name%"},
    "labelName": "spring",
    "tag": "a;b",
    "sendRequestId": "order-7",
    "useNotification": "true",
    "embeddedCid": "logo",
}
FOR_ALL = CALL | {"xsmtpapi": {"pubsub": {"%name%": "you"}}}
FOR_EACH = CALL | {
    "xsmtpapi": {
        "to": ["Ben <ben@ifaxin.example>"],
        "sub": {"%name%": ["%long%"], "%other%": ["Ben"]},
        "section": {"long": "Benjamin %other%"},
    }
}
CALLS = {"pubsub": FOR_ALL, "sub": FOR_EACH}
FILES = (
    FormFile(name="attachments", filename="a.txt", content_type="text/plain", content=b"a"),
    FormFile(name="embeddedImage", filename="logo.png", content_type="image/png", content=b"b"),
)


@pytest.fixture
def user(acme: Tenant) -> Credential:
    found = find_smtp_user(acme.account.pk, acme.smtp_user.name)
    assert found is not None
    return found


def headers_of(user: Credential, call: dict[str, Any], files: tuple[FormFile, ...] = FILES) -> Counter[bytes]:
    """Return how often each header stands in what is sent, nothing where the call is refused."""
    try:
        submission = parse_send(Payload(values=call, files=files), user).submission
        return Counter(list_headers(write_wire(submission)))
    except Refused:
        return Counter()


def test_it_works(user: Credential) -> None:
    submission = parse_send(Payload(values=FOR_EACH, files=FILES), user).submission
    wire = write_wire(submission)
    assert b"Subject: Hello Benjamin Ben\r\n" in wire
    assert b"To: ben@ifaxin.example\r\n" in wire
    assert b"Disposition-Notification-To: news@acme.example\r\n" in wire
    assert b"carl@b.example" not in wire


@pytest.mark.parametrize(("kind", "path"), [(kind, path) for kind, call in CALLS.items() for path in find_texts(call)], ids=str)
def test_no_parameter_lets_a_header_in(user: Credential, kind: str, path: Path) -> None:
    call = CALLS[kind]
    expected = headers_of(user, call)
    assert expected
    for attack in ATTACKS:
        for value in (get(call, path) + attack, attack + get(call, path)):
            assert headers_of(user, put(call, path, value)) <= expected, repr(value)


@pytest.mark.parametrize(
    "name", [*(f"X-A{attack}" for attack in ATTACKS[:13]), "X A", "X-A:", "", "é", "Bcc", "to", "Received"]
)
def test_no_name_of_a_header_lets_another_in(user: Credential, name: str) -> None:
    assert headers_of(user, put(FOR_ALL, ("headers", name), "eve@evil.example")) == Counter()


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("attack", ATTACKS)
def test_no_file_lets_a_header_in(user: Credential, place: int, attack: str) -> None:
    expected = headers_of(user, FOR_ALL)
    file = FILES[place]
    for changed in (
        FormFile(name=file.name, filename=file.filename + attack, content_type=file.content_type, content=b""),
        FormFile(name=file.name, filename=file.filename, content_type=file.content_type + attack, content=b""),
    ):
        files = tuple(changed if other is file else other for other in FILES)
        assert headers_of(user, FOR_ALL, files) <= expected


def test_the_steering_header_never_leaves(user: Credential) -> None:
    for name in ("X-SMTPAPI", "x-smtpapi", "X-STes-TrackOpen"):
        assert headers_of(user, put(FOR_ALL, ("headers", name), "secret")) == headers_of(user, FOR_ALL)
