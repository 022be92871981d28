"""What is tried again, and what never is."""

from __future__ import annotations

import asyncio
from typing import Any
from unittest.mock import patch

import pytest

import PowerEmail
from PowerEmail import client as client_module
from PowerEmail.retries import READS, SENDS
from tests.deploy.clients.poweremail.wire import OK, http, meet
from tests.support.web import Behave

BUSY = {"status": "error", "code": -1, "name": "GeneralError", "message": "Busy."}


@pytest.fixture
def pauses():
    """Record the pauses, without making any."""
    made: list[float] = []
    with patch.object(client_module.time, "sleep", made.append):
        yield made


def one_by_one(*answers: bytes | None) -> Behave:
    """Return a behaviour that gives these answers in turn; None breaks the connection."""
    left = list(answers)

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = left.pop(0)
        if said is None:
            writer.transport.abort()
        else:
            writer.write(said)

    return behave


def send(client: PowerEmail.PowerEmail, **options: Any) -> Any:
    return client.sendMail("smtp12345", {}, **options)


def ask(client: PowerEmail.PowerEmail) -> Any:
    return client.messages.getMessageInfo("order 7")


def keys_of(requests: list[bytes]) -> list[bytes]:
    """Return the idempotency keys that came."""
    return [line.split(b": ")[1] for one in requests for line in one.splitlines() if line.startswith(b"Idempotency-Key")]


@pytest.mark.parametrize("fault", [None, http(BUSY, 503), http(b"<html>", 502), http(BUSY, 429)])
def test_it_works(pauses: list[float], fault: bytes | None) -> None:
    said, web = meet(one_by_one(fault, fault, http(OK)), send, retries=2)
    assert said == OK
    first, second, third = keys_of(web.requests)
    assert first == second == third
    assert 0.25 <= pauses[0] <= 0.5 <= pauses[1] <= 1.0


def test_by_default_nothing_is_tried_again(pauses: list[float]) -> None:
    def use(client):
        for call in (send, lambda one: one.settings.listSmtp()):
            with pytest.raises(PowerEmail.GeneralError):
                call(client)

    _, web = meet(http(BUSY, 503), use)
    assert (len(web.requests), keys_of(web.requests), pauses) == (2, [], [])


def test_a_key_of_the_caller_is_kept(pauses: list[float]) -> None:
    _, web = meet(one_by_one(None, http(OK)), lambda client: send(client, idempotency_key="order 7"), retries=1)
    assert keys_of(web.requests) == [b"order 7", b"order 7"]


def test_each_send_has_a_key_of_its_own(pauses: list[float]) -> None:
    _, web = meet(http(OK), lambda client: (send(client), send(client)), retries=1)
    assert len(set(keys_of(web.requests))) == 2


def test_reads_are_tried_again_without_a_key(pauses: list[float]) -> None:
    said, web = meet(one_by_one(None, http(OK)), ask, retries=1)
    assert (said, keys_of(web.requests)) == (OK, [])


@pytest.mark.parametrize("url", ["settings/addSmtp", "settings/resetSmtpPassword", "settings/deleteWebhook"])
def test_changes_are_never_made_twice(pauses: list[float], url: str) -> None:
    def use(client):
        with pytest.raises(PowerEmail.NetworkError):
            client.call(url, {}, idempotency_key="of no use here")

    assert len(meet(one_by_one(None, http(OK)), use, retries=3)[1].requests) == 1


def test_refusals_are_final(pauses: list[float]) -> None:
    def use(client):
        with pytest.raises(PowerEmail.ValidationError):
            send(client)

    said = {"status": "error", "name": "ValidationError", "message": "No."}
    assert len(meet(http(said, 400), use, retries=3)[1].requests) == 1


def test_after_the_last_try_the_fault_is_told(pauses: list[float]) -> None:
    def use(client):
        with pytest.raises(PowerEmail.GeneralError, match=r"Busy\."):
            send(client)

    assert len(meet(http(BUSY, 503), use, retries=2)[1].requests) == 3


def test_the_server_s_word_on_when_to_come_back_is_heeded(pauses: list[float]) -> None:
    meet(one_by_one(http(BUSY, 429, Retry_After="7"), http(OK)), send, retries=1)
    assert pauses == [7]


def test_nobody_waits_for_an_hour(pauses: list[float]) -> None:
    def use(client):
        with pytest.raises(PowerEmail.GeneralError) as raised:
            send(client)
        return raised.value.retry_after

    assert meet(http(BUSY, 429, Retry_After="3600"), use, retries=3)[0] == 3600
    assert pauses == []


@pytest.mark.parametrize("key", ["", " ", "a\r\nX: y", "ä", "x" * 256])
def test_a_key_that_no_header_can_have_is_refused(key: str) -> None:
    def use(client):
        with pytest.raises(PowerEmail.ValidationError, match="idempotency key"):
            send(client, idempotency_key=key)

    assert meet(http(OK), use)[1].requests == []


def test_no_call_is_in_both_tables() -> None:
    assert not READS & SENDS
