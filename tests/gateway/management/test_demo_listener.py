"""The demo's endpoint of webhooks believes nothing that is not signed."""

from __future__ import annotations

import urllib.error
import urllib.request
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook

from gateway.management.demo.listener import HookListener, is_signed

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"type":"email.opened","data":{"message_id":"m1"}}'


def sign(body: bytes) -> dict[str, str]:
    now = datetime.now(UTC)
    signature = Webhook(SECRET).sign("msg_1", now, body.decode())
    return {"webhook-id": "msg_1", "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature}


def call(listener: HookListener, headers: dict[str, str], body: bytes = BODY) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(listener.url, body, headers), timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_it_works() -> None:
    with HookListener() as listener:
        listener.secret = SECRET
        assert call(listener, sign(BODY)) == 204
        assert ("m1", "email.opened") in listener.verified


@pytest.mark.parametrize("headers", [{}, sign(b"{}"), sign(BODY) | {"webhook-id": "msg_2"}])
def test_other_calls_are_refused(headers: dict[str, str]) -> None:
    assert not is_signed(SECRET, headers, BODY)
    with HookListener() as listener:
        listener.secret = SECRET
        assert call(listener, headers) == 401
        assert listener.verified == {}
        assert listener.refused == 1
