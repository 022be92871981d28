"""SMTP smuggling (T1): whatever ends a message for others ends none here. The database and a receiver are the witnesses.

Each sequence is tried by strangers and by customers, over every kind of line, in one packet and octet by octet. What stands
behind it is a transaction that the customer may make, so that it would be taken if it were one.
"""

from __future__ import annotations

import asyncio
import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence

import pytest

from gateway.engine import queue
from gateway.engine.prepare import Ready, prepare
from gateway.listeners.journal import Transaction
from gateway.models import Message
from tests.gateway.engine.courier import PATIENT, make_courier, run
from tests.gateway.listeners.conftest import OpenDoor
from tests.gateway.listeners.test_submission import MAIL
from tests.gateway.smtp.test_server import NOT_THE_END
from tests.support.cast import Tenant
from tests.support.sink import running_sink

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("acme_keys")]

BEGUN = MAIL.encode().removesuffix(b"\r\n")
ENVELOPE = b"MAIL FROM:<shop@acme.example>\r\nRCPT TO:<%s@inbox.example>\r\nDATA\r\n"
SMUGGLED = ENVELOPE % b"victim" + MAIL.encode() + b".\r\n"
# Lines that are no end of a message for anybody, or should not be: text like any other.
TEXT = [b"\r\n..\r\n", b"\r\n. \r\n", b"\r\n.\t\r\n", b"\r\n.\x0b\r\n", b"\r\n\x85.\x85\r\n", "\r\n\u2028.\u2028\r\n".encode()]

Dial = Callable[[], smtplib.SMTP]


@pytest.fixture(params=["plain", "STARTTLS", "TLS"])
def dial(request: pytest.FixtureRequest, open_door: OpenDoor, trust: ssl.SSLContext) -> Iterator[Dial]:
    """Connect over a kind of line, and greet."""

    def connect() -> smtplib.SMTP:
        if request.param == "TLS":
            client: smtplib.SMTP = smtplib.SMTP_SSL("localhost", port, timeout=10, context=trust)
        else:
            client = smtplib.SMTP("localhost", port, timeout=10)
        if request.param == "STARTTLS":
            client.starttls(context=trust)
        client.ehlo("shop.example")
        line(client).setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client

    with open_door(is_tls=request.param == "TLS") as port:
        yield connect


def line(client: smtplib.SMTP) -> socket.socket:
    assert client.sock is not None
    return client.sock


def say(client: smtplib.SMTP, *packets: bytes) -> list[int]:
    """Send packets and QUIT; return the codes of all replies until the server hangs up."""
    for packet in (*packets, b"QUIT\r\n"):
        line(client).sendall(packet)
        time.sleep(0.001 if len(packets) > 1 else 0)
    codes = []
    while not {221, 421, 501} & set(codes):
        codes.append(client.getreply()[0])
    client.close()
    return codes


def attempts(ending: bytes) -> Iterator[list[bytes]]:
    """Yield the packets of a mail with another one behind `ending`: all in one, and with the ending octet by octet."""
    before, behind = ENVELOPE % b"ben" + BEGUN, SMUGGLED
    yield [before + ending + behind]
    yield [before, *(ending[place : place + 1] for place in range(len(ending))), behind]


def deliver_all() -> list[Transaction]:
    """Send what is in the queue to a receiving server; return all that it saw."""

    async def work(port: int, ready: Sequence[Ready]) -> None:
        courier = make_courier(("127.0.0.1", port), deadlines=PATIENT)
        await asyncio.gather(*(courier.deliver(one.parcel) for one in ready))
        await courier.close()

    made = prepare(queue.claim(100))
    ready = [one for one in made if isinstance(one, Ready)]
    assert len(ready) == len(made)
    with running_sink() as sink:
        run(work(sink.port, ready))
        return sink.wait(len(ready))


def test_a_message_that_others_see_two_in_is_refused(dial: Dial, acme: Tenant) -> None:
    for ending in NOT_THE_END:
        for packets in attempts(ending):
            client = dial()
            client.login(acme.smtp_user.name, acme.smtp_secret)
            codes = say(client, *packets)
            assert codes[:4] == [250, 250, 354, 550], (ending, codes)
            assert not {250, 354} & set(codes[4:]), (ending, codes)
    assert not Message.objects.exists()
    client = dial()
    client.login(acme.smtp_user.name, acme.smtp_secret)
    assert say(client, SMUGGLED) == [250, 250, 354, 250, 221]  # by itself it is taken: that is not why the others were not
    (taken,) = deliver_all()
    assert [address for address, _ in taken.rcpt_to] == ["victim@inbox.example"]


def test_strangers_smuggle_nothing(dial: Dial) -> None:
    for ending in NOT_THE_END:
        for packets in attempts(ending):
            codes = say(dial(), *packets)
            assert not {250, 354} & set(codes), (ending, codes)
    assert not Message.objects.exists()


def test_a_line_with_a_dot_in_it_is_text(dial: Dial, acme: Tenant) -> None:
    """One message each, with all of the other one in its body, here and at the receiving server."""
    client = dial()
    client.login(acme.smtp_user.name, acme.smtp_secret)
    assert say(client, b"".join(ENVELOPE % b"ben" + BEGUN + text + SMUGGLED for text in TEXT)).count(354) == len(TEXT)
    assert Message.objects.count() == len(TEXT)
    taken = deliver_all()
    assert [transaction.rcpt_to[0][0] for transaction in taken] == ["ben@inbox.example"] * len(TEXT)
    bodies = [transaction.content.partition(b"\r\n\r\n")[2] for transaction in taken if transaction.content]
    asked = [(BEGUN + text.replace(b"\r\n.", b"\r\n") + SMUGGLED).removesuffix(b".\r\n") for text in TEXT]
    assert sorted(bodies) == sorted(mail.partition(b"\r\n\r\n")[2] for mail in asked)


# By chunks, whose sizes say where a message ends ------------------------------------------------------------------------
CHUNKED = ENVELOPE.removesuffix(b"DATA\r\n")


def chunk(octets: bytes, *, last: bool = True) -> bytes:
    return b"BDAT %d%b\r\n%b" % (len(octets), b" LAST" if last else b"", octets)


def test_a_chunk_that_others_see_two_messages_in_is_refused(dial: Dial, acme: Tenant) -> None:
    for ending in NOT_THE_END:
        client = dial()
        client.login(acme.smtp_user.name, acme.smtp_secret)
        assert client.has_extn("chunking")
        codes = say(client, CHUNKED % b"ben" + chunk(BEGUN + ending + SMUGGLED))
        assert codes == [250, 250, 550, 221], (ending, codes)
        # Cut within the ending, where each part by itself has nothing strange in it.
        client = dial()
        client.login(acme.smtp_user.name, acme.smtp_secret)
        parts = [chunk(ending[place : place + 1], last=False) for place in range(len(ending))]
        codes = say(client, CHUNKED % b"ben" + chunk(BEGUN, last=False), *parts, chunk(SMUGGLED))
        assert codes == [250, 250, 250, *[250] * len(ending), 550, 221], (ending, codes)
    assert not Message.objects.exists()


def test_what_is_in_a_chunk_is_no_command(dial: Dial, acme: Tenant) -> None:
    """A mail in a chunk is one mail, also with an end of a message in it; one in a chunk that is refused is none."""
    client = dial()
    assert say(client, CHUNKED % b"ben" + chunk(SMUGGLED, last=False) + chunk(SMUGGLED)) == [530, 530, 530, 530, 221]
    client = dial()
    client.login(acme.smtp_user.name, acme.smtp_secret)
    assert say(client, chunk(SMUGGLED), b"BDAT 2\r\n\r\n") == [503, 503, 221]
    client = dial()
    client.login(acme.smtp_user.name, acme.smtp_secret)
    assert say(client, b"BDAT 1x LAST\r\n" + SMUGGLED) == [501]
    assert not Message.objects.exists()
    client = dial()
    client.login(acme.smtp_user.name, acme.smtp_secret)
    body = BEGUN + b"\r\n.\r\n" + SMUGGLED
    assert say(client, CHUNKED % b"ben" + chunk(body[:50], last=False) + chunk(body[50:])) == [250, 250, 250, 250, 221]
    (taken,) = deliver_all()
    assert [address for address, _ in taken.rcpt_to] == ["ben@inbox.example"]
    assert taken.content is not None
    assert taken.content.partition(b"\r\n\r\n")[2] == body.partition(b"\r\n\r\n")[2]
