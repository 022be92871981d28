"""SMTP smuggling (T1): whatever ends a message for others ends none here. What reaches a receiving server is the witness."""

from __future__ import annotations

import asyncio
import smtplib
import ssl

import pytest

from gateway.engine import queue
from gateway.engine.prepare import Ready, prepare
from tests.gateway.engine.courier import PATIENT, make_courier, run
from tests.gateway.listeners.test_submission import MAIL
from tests.gateway.smtp.test_server import NOT_THE_END, SMUGGLED
from tests.support.cast import Tenant
from tests.support.sink import Sink, running_sink

pytestmark = pytest.mark.django_db(transaction=True)

BEGUN = MAIL.encode().removesuffix(b"\r\n")


def connect(port: int, trust: ssl.SSLContext | None) -> smtplib.SMTP:
    client = smtplib.SMTP("localhost", port, local_hostname="shop.example", timeout=10)
    if trust is not None:
        client.starttls(context=trust)
    else:
        client.ehlo()
    return client


def smuggle(client: smtplib.SMTP, ending: bytes) -> list[int]:
    """Send a mail with another one behind a false end; return the codes of all replies until the server hangs up."""
    said = b"MAIL FROM:<shop@acme.example>\r\nRCPT TO:<ben@inbox.example>\r\nDATA\r\n" + BEGUN + ending + SMUGGLED
    client.send(said + b"QUIT\r\n")
    codes = []
    while 221 not in codes and 421 not in codes:
        codes.append(client.getreply()[0])
    return codes


def deliver_all(sink: Sink) -> None:
    """Send what is in the queue to the receiving server."""

    async def work(ready: list[Ready]) -> None:
        courier = make_courier(("127.0.0.1", sink.port), deadlines=PATIENT)
        await asyncio.gather(*(courier.deliver(one.parcel) for one in ready))
        await courier.close()

    made = prepare(queue.claim(100))
    ready = [one for one in made if isinstance(one, Ready)]
    assert len(ready) == len(made)
    run(work(ready))


@pytest.mark.usefixtures("acme_keys")
@pytest.mark.parametrize("is_authenticated", [True, False])
@pytest.mark.parametrize("is_tls", [True, False])
def test_nothing_that_was_smuggled_arrives(
    door: int, acme: Tenant, trust: ssl.SSLContext, is_tls: bool, is_authenticated: bool
) -> None:
    for ending in NOT_THE_END:
        client = connect(door, trust if is_tls else None)
        if is_authenticated:
            client.login(acme.smtp_user.name, acme.smtp_secret)
        codes = smuggle(client, ending)
        assert codes.count(250) <= 2, (ending, codes)  # of MAIL and RCPT
        client.close()
    with connect(door, trust if is_tls else None) as client:  # one that is as it should be arrives
        client.login(acme.smtp_user.name, acme.smtp_secret)
        client.sendmail("shop@acme.example", "joe@inbox.example", MAIL)
    with running_sink() as sink:
        deliver_all(sink)
        (taken,) = sink.wait()
    assert [address for address, _ in taken.rcpt_to] == ["joe@inbox.example"]
    assert len(sink.transactions) == 1
