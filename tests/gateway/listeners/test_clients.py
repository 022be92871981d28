"""Customers' programs against our ports: each program with each AUTH over each TLS, and with each mail."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from ipaddress import ip_network
from itertools import cycle, product
from pathlib import Path

import pytest
from pytest_django import Settings

from gateway.engine import queue
from gateway.engine.outcome import Result
from gateway.engine.prepare import Ready, prepare
from gateway.listeners.journal import Transaction
from gateway.models import Content, Message
from tests.gateway.engine.courier import PATIENT, make_courier, run
from tests.gateway.listeners.clients.mails import MAILS, mean, read_recipients, read_stored
from tests.gateway.listeners.clients.programs import HOST, PROGRAMS, TLS, Auth, Program, Way
from tests.gateway.listeners.conftest import OpenDoor
from tests.support.cast import Tenant
from tests.support.letters import parse
from tests.support.sink import running_sink

pytestmark = pytest.mark.django_db(transaction=True)

MakeWay = Callable[[TLS, Auth], Way]
every_program = pytest.mark.parametrize(
    "program",
    [pytest.param(one, id=name, marks=[pytest.mark.needs(one.needs)] * bool(one.needs)) for name, one in PROGRAMS.items()],
)

HELLO = MAILS["ASCII"]
LOOPBACK = (ip_network("127.0.0.0/8"),)
ELSEWHERE = "192.0.2.1"  # as whose ports ours are opened: on loopback a laptop asks for no TLS
SAID = {  # with the name of acme's user
    Auth.PLAIN: re.compile("AUTH PLAIN"),
    Auth.LOGIN: re.compile("AUTH LOGIN(?! c210cF9hY21l)"),
    Auth.LOGIN_AT_ONCE: re.compile("AUTH LOGIN c210cF9hY21l"),
}
# The server in the dialogue of seeds/002, with what it offers besides. swaks waits to be asked for its name, curl tells no end.
DIALOGUE = re.compile(
    r"""220 SendCloud Inbound Server ESMTP Haraka 2\.2\.4 ready
250-SendCloud Inbound Server Hello, Haraka is at your service\.
250-PIPELINING
250-8BITMIME
250-SIZE 16000000
(250-[A-Z0-9]+
)*250 AUTH LOGIN PLAIN
(334 VXNlcm5hbWU6
)?334 UGFzc3dvcmQ6
235 Authentication successful
250 sender <shop@acme\.example> OK
250 recipient <ben@inbox\.example> OK
354 go ahead, make my day
250 #\d+_\d+_\d+_\d+\.\S+-inbound#Queued
(221 SendCloud Inbound Server closing connection\. Have a jolly good day
)?"""
)


@pytest.fixture
def make_way(open_door: OpenDoor, acme: Tenant, certificate: Path, settings: Settings) -> Iterator[MakeWay]:
    """Return ways to our three ports, as acme: the plain one for those who may, that of STARTTLS, and that of TLS."""
    settings.GATEPOST_SMTP_PLAIN_ALLOW = LOOPBACK
    with (
        open_door(host=ELSEWHERE, is_plain=True) as plain,
        open_door(host=ELSEWHERE) as door,
        open_door(host=ELSEWHERE, is_tls=True) as tls_door,
    ):
        ports = {TLS.NONE: plain, TLS.STARTTLS: door, TLS.IMPLICIT: tls_door}

        def make(tls: TLS, auth: Auth) -> Way:
            user, secret = acme.smtp_user.name, acme.smtp_secret
            return Way(port=ports[tls], tls=tls, auth=auth, user=user, secret=secret, certificate=certificate)

        yield make


def stored() -> list[Content]:
    """Return what was stored, in the order in which it was sent."""
    return list(Content.objects.order_by("message_id"))


@every_program
def test_each_login_over_each_tls(program: Program, make_way: MakeWay) -> None:
    ways = [make_way(tls, auth) for tls, auth in product(TLS, program.auths)]
    for way, outcome in zip(ways, program.send_all([(HELLO, way) for way in ways]), strict=True):
        assert outcome.is_taken, f"{way}: {outcome.said}"
        assert not program.shows_dialogue or SAID[way.auth].search(outcome.said), f"{way}: {outcome.said}"
    assert [read_stored(one) for one in stored()] == [mean(HELLO)] * len(ways)


@every_program
def test_nobody_sends_who_is_not_logged_in(program: Program, make_way: MakeWay) -> None:
    strangers = [make_way(tls, Auth.NONE) for tls in TLS]
    secure = make_way(TLS.STARTTLS, program.auths[0])
    guesser = replace(secure, secret="wrong")
    clear = [replace(secure, tls=TLS.NONE, auth=auth) for auth in (Auth.NONE, *program.auths)]
    outcomes = program.send_all([(HELLO, way) for way in (*strangers, guesser, *clear, secure)])
    assert [outcome.is_taken for outcome in outcomes] == [False] * (len(outcomes) - 1) + [True]
    assert all("5.7.0 Authentication required" in outcome.said for outcome in outcomes[: len(strangers)])
    assert "535" in outcomes[len(strangers)].said
    assert Message.objects.count() == 1


@every_program
def test_each_mail_arrives_as_it_was_meant(program: Program, make_way: MakeWay) -> None:
    ways = [make_way(tls, auth) for tls, auth, _ in zip(cycle(TLS), cycle(reversed(program.auths)), MAILS)]
    outcomes = dict(zip(MAILS, program.send_all([*zip(MAILS.values(), ways, strict=True)]), strict=True))
    assert {name for name, outcome in outcomes.items() if not outcome.is_taken} == program.cannot, outcomes
    assert not program.shows_dialogue or "5.1.3" in outcomes["one refused"].said
    taken = [mail for name, mail in MAILS.items() if outcomes[name].is_taken]
    for mail, content in zip(taken, stored(), strict=True):
        assert read_recipients(content) == mean(mail).recipients
        if program.is_verbatim:
            assert bytes(content.raw or b"") == mail.raw
        else:
            assert read_stored(content) == mean(mail)
            assert not mail.is_8bit or not bytes(content.raw or b"").isascii()


@pytest.mark.needs("curl")
@pytest.mark.usefixtures("acme_keys")
def test_each_mail_reaches_its_readers_as_it_was_sent(make_way: MakeWay) -> None:
    way = make_way(TLS.STARTTLS, Auth.PLAIN)
    assert all(outcome.is_taken for outcome in PROGRAMS["curl"].send_all([(mail, way) for mail in MAILS.values()]))
    meant = [(recipient, *show(mail.raw)) for mail in MAILS.values() for recipient in mean(mail).recipients]
    assert sorted((one.rcpt_to[0][0], *show(one.content)) for one in deliver()) == sorted(meant)


def show(message: bytes) -> tuple[str, str, str]:
    """Return what no sender may change of a message: From, Subject and each octet of the body, by its SHA-256."""
    head, _, body = message.partition(b"\r\n\r\n")
    fields = parse(head)
    return str(fields["From"]), str(fields["Subject"]), sha256(body).hexdigest()


def deliver() -> list[Transaction]:
    """Bring all that waits to a receiving server; return what came."""
    ready = [one for one in prepare(queue.claim(200)) if isinstance(one, Ready)]

    async def bring(port: int) -> None:
        courier = make_courier((HOST, port), deadlines=PATIENT)
        outcomes = await asyncio.gather(*(courier.deliver(one.parcel) for one in ready))
        assert {outcome.result for outcome in outcomes} == {Result.DELIVERED}
        await courier.close()

    with running_sink() as sink:
        run(bring(sink.port))
        return sink.wait(len(ready))


@pytest.mark.parametrize(
    ("name", "auth"),
    [
        pytest.param("swaks", Auth.LOGIN, marks=pytest.mark.needs("swaks")),
        pytest.param("curl", Auth.LOGIN_AT_ONCE, marks=pytest.mark.needs("curl")),
    ],
)
def test_the_dialogue_is_that_of_the_vendor(
    name: str, auth: Auth, settings: Settings, make_way: MakeWay, open_door: OpenDoor
) -> None:
    settings.GATEPOST_BRAND = "SendCloud"
    with open_door() as port:
        outcome = PROGRAMS[name].send(HELLO, replace(make_way(TLS.NONE, auth), port=port))
    said = re.findall(r"^<-? +(\d{3}.*?)\r?$", outcome.said, re.MULTILINE)
    assert DIALOGUE.fullmatch("\n".join([*said, ""])), outcome.said


# Behind a proxy --------------------------------------------------------------------------------------------------------
PROXIED = {"192.0.2.7": ("TCP4", "AF_INET"), "2001:db8::7": ("TCP6", "AF_INET6")}  # family in version 1, and in 2


@pytest.fixture
def _behind_a_proxy(settings: Settings) -> None:
    settings.GATEPOST_SMTP_PROXIES = LOOPBACK


@pytest.mark.needs("swaks")
@pytest.mark.usefixtures("_behind_a_proxy")
def test_swaks_may_be_a_proxy(make_way: MakeWay) -> None:
    for (client, families), version in product(PROXIED.items(), (1, 2)):
        protocol = ["--proxy-version", str(version), "--proxy-family", families[version - 1]]
        source = ["--proxy-source", client, "--proxy-source-port", "4321"]
        options = (*protocol, *source, "--proxy-dest", client, "--proxy-dest-port", "587")
        ways = {tls: replace(make_way(tls, Auth.PLAIN), options=options) for tls in TLS}
        outcomes = {tls: PROGRAMS["swaks"].send(HELLO, way) for tls, way in ways.items()}
        # The proxy may come to the plain port, but its client may not.
        assert [tls for tls, outcome in outcomes.items() if outcome.is_taken] == [TLS.STARTTLS, TLS.IMPLICIT], outcomes
        assert "did not advertise authentication" in outcomes[TLS.NONE].said
        assert Message.objects.latest("pk").client == client


@pytest.mark.needs("curl")
@pytest.mark.usefixtures("_behind_a_proxy")
def test_curl_may_be_a_proxy(make_way: MakeWay) -> None:
    for tls in TLS:
        outcome = PROGRAMS["curl"].send(HELLO, replace(make_way(tls, Auth.PLAIN), options=("--haproxy-protocol",)))
        assert outcome.is_taken, outcome.said
    assert not PROGRAMS["curl"].send(HELLO, make_way(TLS.IMPLICIT, Auth.PLAIN)).is_taken
    assert Message.objects.count() == len(TLS)
