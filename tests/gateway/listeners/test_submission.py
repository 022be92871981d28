from __future__ import annotations

import base64
import json
import re
import smtplib
import socket
import ssl
from collections.abc import Generator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from threading import Event, Timer

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from domains import credentials
from gateway.base.errors import Unavailable
from gateway.engine.submission import Accepted, Submission
from gateway.listeners import guard, submission
from gateway.listeners.guard import FREE, Guard
from gateway.listeners.listener import Caps
from gateway.models import Content, Message, Recipient
from tests.gateway.listeners.conftest import OpenDoor
from tests.support.cast import Tenant
from tracking.labels import add_label
from tracking.labels import forget as forget_labels

pytestmark = pytest.mark.django_db(transaction=True)

MAIL = "From: Shop <shop@acme.example>\r\nTo: ben@inbox.example\r\nSubject: Hello\r\n\r\nHello Ben\r\n"


@contextmanager
def log_in(port: int, tenant: Tenant, *, label: str = "") -> Generator[smtplib.SMTP]:
    with smtplib.SMTP("127.0.0.1", port, local_hostname="shop.example", timeout=10) as client:
        client.login(tenant.smtp_user.name + label, tenant.smtp_secret)
        yield client


def send(port: int, tenant: Tenant, mail: str | bytes = MAIL, to: str | list[str] = "ben@inbox.example") -> None:
    with log_in(port, tenant) as client:
        client.sendmail("shop@acme.example", to, mail)


def refusal_of(port: int, tenant: Tenant, mail: str | bytes) -> tuple[int, str]:
    """Send what is refused, and return with what; nothing was stored."""
    with pytest.raises(smtplib.SMTPDataError) as refused:
        send(port, tenant, mail)
    assert not Message.objects.exists()
    assert isinstance(refused.value.smtp_error, bytes)
    return refused.value.smtp_code, refused.value.smtp_error.decode()


def test_it_works(door: int, acme: Tenant) -> None:
    with log_in(door, acme) as client:
        client.mail("bounces@acme.example")
        client.rcpt("ben@inbox.example")
        client.rcpt("joe@inbox.example")
        code, reply = client.data(MAIL)
    assert code == 250
    message = Message.objects.get()
    assert reply.decode() == f"#{message.inbound_id}#Queued"
    assert re.fullmatch(r"\d+_\d+_\d+_\d+\..+-inbound", message.inbound_id)
    assert message.account == acme.account
    assert bytes(Content.objects.get().raw) == MAIL.encode()
    assert set(Recipient.objects.values_list("email", flat=True)) == {"ben@inbox.example", "joe@inbox.example"}


def test_starttls(door: int, acme: Tenant, trust: ssl.SSLContext) -> None:
    with smtplib.SMTP("localhost", door, timeout=10) as client:
        client.starttls(context=trust)
        client.login(acme.smtp_user.name, acme.smtp_secret)
        client.sendmail("shop@acme.example", "ben@inbox.example", MAIL)
    assert Message.objects.count() == 1


def test_tls_from_the_start(open_door: OpenDoor, acme: Tenant, trust: ssl.SSLContext) -> None:
    with open_door(is_tls=True) as port, smtplib.SMTP_SSL("localhost", port, timeout=10, context=trust) as client:
        client.login(acme.smtp_user.name, acme.smtp_secret)
        client.sendmail("shop@acme.example", "ben@inbox.example", MAIL)
    assert Message.objects.count() == 1


@pytest.mark.parametrize("mechanism", ["plain", "login"])
def test_each_mechanism(door: int, acme: Tenant, mechanism: str) -> None:
    with smtplib.SMTP("127.0.0.1", door, timeout=10) as client:
        client.ehlo()
        client.user, client.password = acme.smtp_user.name, acme.smtp_secret
        assert client.auth(mechanism.upper(), getattr(client, f"auth_{mechanism}")) == (235, b"Authentication successful")


def test_many_messages_by_one_client(door: int, acme: Tenant) -> None:
    with log_in(door, acme) as client:
        for _ in range(10):
            client.sendmail("shop@acme.example", "ben@inbox.example", MAIL)
    assert Message.objects.count() == 10


def test_a_client_may_say_all_at_once(door: int, acme: Tenant) -> None:
    plain = base64.b64encode(f"\0{acme.smtp_user.name}\0{acme.smtp_secret}".encode())
    one = b"MAIL FROM:<a@acme.example>\r\nRCPT TO:<ben@inbox.example>\r\nDATA\r\n" + MAIL.encode() + b".\r\n"
    with socket.create_connection(("127.0.0.1", door), timeout=10) as client:
        client.sendall(b"EHLO a\r\nAUTH PLAIN " + plain + b"\r\n" + one * 3 + b"QUIT\r\n")
        client.shutdown(socket.SHUT_WR)
        replies = b"".join(iter(lambda: client.recv(65536), b""))
    assert replies.count(b"#Queued\r\n") == 3
    assert replies.endswith(b"jolly good day\r\n")
    assert Message.objects.count() == 3


def test_wrong_secrets_and_unknown_names_get_the_same_reply(door: int, acme: Tenant) -> None:
    replies = set()
    for name in (acme.smtp_user.name, "nobody"):
        with smtplib.SMTP("127.0.0.1", door, timeout=10) as client, pytest.raises(smtplib.SMTPAuthenticationError) as refused:
            client.login(name, "wrong")
        replies.add((refused.value.smtp_code, refused.value.smtp_error))
    assert replies == {(535, b"5.7.8 The name and secret, or the key, are not right.")}


@pytest.mark.parametrize("change", [{"is_deleted": True}, {"is_enabled": False}, {"is_blocked": True}])
def test_a_user_that_may_not_send_cannot_log_in(door: int, acme: Tenant, change: dict[str, bool]) -> None:
    type(acme.smtp_user).objects.filter(pk=acme.smtp_user.pk).update(**change)
    with pytest.raises(smtplib.SMTPAuthenticationError), log_in(door, acme):
        pass


def test_who_comes_back_is_let_in_at_once(door: int, acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials._smtp_users, "seconds", 3600)  # the four seconds may be over on a busy machine
    send(door, acme)
    monkeypatch.delattr(submission, "log_in")
    send(door, acme)
    assert Message.objects.count() == 2


def test_who_comes_back_needs_the_right_secret(door: int, acme: Tenant) -> None:
    send(door, acme)
    with smtplib.SMTP("127.0.0.1", door, timeout=10) as client, pytest.raises(smtplib.SMTPAuthenticationError):
        client.login(acme.smtp_user.name, "wrong")


def test_who_comes_back_blocked_stays_out(door: int, acme: Tenant) -> None:
    send(door, acme)
    type(acme.smtp_user).objects.filter(pk=acme.smtp_user.pk).update(is_blocked=True)
    credentials.forget()  # as four seconds later
    for _ in range(2):  # from the database, then from memory
        with pytest.raises(smtplib.SMTPAuthenticationError, match="blocked"), log_in(door, acme):
            pass


def test_a_user_that_is_blocked_during_a_session_sends_no_more(door: int, acme: Tenant) -> None:
    with log_in(door, acme) as client:
        type(acme.smtp_user).objects.filter(pk=acme.smtp_user.pk).update(is_blocked=True)
        credentials.forget()  # as four seconds later
        with pytest.raises(smtplib.SMTPDataError, match="blocked"):
            client.sendmail("shop@acme.example", "ben@inbox.example", MAIL)
    assert not Message.objects.exists()


def test_another_tenants_domain_is_refused(door: int, acme: Tenant, globex: Tenant) -> None:
    code, words = refusal_of(door, globex, MAIL)
    assert code == 550
    assert "acme.example is not a sender domain of this account" in words


# What is refused -------------------------------------------------------------------------------------------------------
def test_a_mail_without_from_is_refused(door: int, acme: Tenant) -> None:
    code, words = refusal_of(door, acme, "Subject: Hello\r\n\r\nHello\r\n")
    assert (code, words[:5]) == (550, "5.1.7")


def test_a_thousand_and_one_recipients_are_refused_and_nobody_gets_it(door: int, acme: Tenant) -> None:
    everybody = [f"user{n}@inbox.example" for n in range(1001)]
    with log_in(door, acme) as client, pytest.raises(smtplib.SMTPDataError) as refused:
        client.sendmail("shop@acme.example", everybody, MAIL)
    assert refused.value.smtp_error == b"5.5.3 More than 1000 recipients; nothing was sent"
    assert not Message.objects.exists()


def test_a_large_mail_is_refused(open_door: OpenDoor, acme: Tenant, settings: Settings) -> None:
    settings.GATEPOST_MAX_SIZE = 1000
    with open_door() as port:
        with log_in(port, acme) as client, pytest.raises(smtplib.SMTPSenderRefused) as refused:
            client.sendmail("shop@acme.example", "ben@inbox.example", MAIL + "x" * 1000)
        assert refused.value.smtp_code == 552
        with log_in(port, acme) as client:
            client.mail("shop@acme.example")
            client.rcpt("ben@inbox.example")
            assert client.data(MAIL + "x" * 1000)[0] == 552
    assert not Message.objects.exists()


def test_a_database_that_is_away_is_said(door: int, acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    failed: Future[Accepted] = Future()
    failed.set_exception(Unavailable())
    monkeypatch.setattr(submission, "hand_in", lambda _: failed)
    code, words = refusal_of(door, acme, MAIL)
    assert (code, words[:5]) == (451, "4.3.0")


def test_a_database_that_is_away_makes_no_guesser_of_a_client(door: int, acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: str, __: str) -> None:
        raise Unavailable

    with monkeypatch.context() as away:
        away.setattr(submission, "log_in", fail)
        for _ in range(FREE):
            with pytest.raises(smtplib.SMTPAuthenticationError) as refused, log_in(door, acme):
                pass
            assert refused.value.smtp_code == 454
    waits: list[float | None] = []
    begin = Guard.begin

    def watch(guard: Guard, client: str, name: str) -> float | None:
        waits.append(begin(guard, client, name))
        return waits[-1]

    monkeypatch.setattr(Guard, "begin", watch)
    with log_in(door, acme):
        assert waits == [0.0]


def test_a_fault_of_ours_is_no_250(door: int, acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Submission) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(submission, "hand_in", fail)
    assert refusal_of(door, acme, MAIL)[0] == 451


def test_the_rate_of_an_account_holds(door: int, acme: Tenant) -> None:
    type(acme.account).objects.filter(pk=acme.account.pk).update(requests_per_minute=1)
    with log_in(door, acme) as client:
        client.sendmail("shop@acme.example", "ben@inbox.example", MAIL)
        with pytest.raises(smtplib.SMTPDataError) as refused:
            client.sendmail("shop@acme.example", "ben@inbox.example", MAIL)
    assert refused.value.smtp_code == 450
    assert refused.value.smtp_error == b"4.7.1 frequency limited: More than 1 requests in 60 seconds. Wait for 60 seconds."
    assert Message.objects.count() == 1


# Orders in the header --------------------------------------------------------------------------------------------------
def test_sendclouds_orders_are_followed(door: int, acme: Tenant) -> None:
    asked = {"to": ["d@163.example", "i@163.example"], "sub": {"%name%": ["jack", "rose"]}}
    value = base64.b64encode(json.dumps(asked).encode()).decode()
    send(door, acme, f"X-SMTPAPI: {value}\r\n{MAIL}")
    assert list(Recipient.objects.order_by("position").values_list("email", flat=True)) == ["d@163.example", "i@163.example"]


def test_an_order_that_cannot_be_read_is_an_xsmtpapi_error(door: int, acme: Tenant) -> None:
    code, words = refusal_of(door, acme, f"X-SMTPAPI: what?\r\n{MAIL}")
    assert (code, words[:22]) == (550, "5.6.0 xsmtpapi error: ")


def test_no_message_is_begun_while_memory_is_short(open_door: OpenDoor, acme: Tenant) -> None:
    with open_door(caps=Caps(octets=-1)) as port, pytest.raises(smtplib.SMTPDataError) as refused:
        send(port, acme)
    assert refused.value.smtp_code == 452


def test_a_stop_waits_for_the_message_that_is_being_stored(
    open_door: OpenDoor, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting, handed_in = Future[Accepted](), Event()

    def hand_in(_: Submission) -> Future[Accepted]:
        handed_in.set()
        return waiting

    monkeypatch.setattr(submission, "hand_in", hand_in)
    with ExitStack() as stack:
        with open_door() as port:
            client = stack.enter_context(log_in(port, acme))
            client.mail("shop@acme.example")
            client.rcpt("ben@inbox.example")
            client.docmd("DATA")
            client.send(MAIL.encode() + b".\r\n")
            assert handed_in.wait(10)
            done = Accepted(message_id=1, public_id="p", inbound_id="1_2_3_4.h-inbound", emails=())
            Timer(0.1, waiting.set_result, (done,)).start()
        assert client.getreply() == (250, b"#1_2_3_4.h-inbound#Queued")
        assert client.getreply()[0] == 421


# Labels ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("label", ["spring", "7", "a#b", "春 <b>", "%0d%0a", "x" * 255])
def test_a_label_behind_the_name_becomes_a_tag(door: int, acme: Tenant, label: str) -> None:
    assert logs_in(door, f"{acme.smtp_user.name}#{label}", acme.smtp_secret) == 235
    submission.log_in(f"{acme.smtp_user.name}#{label}", acme.smtp_secret)
    with log_in(door, acme, label=f"#{label}" if label.isascii() else "") as client:
        client.sendmail("shop@acme.example", "ben@inbox.example", MAIL)
    assert Message.objects.get().tags == ([label] if label.isascii() else [])


def test_the_number_of_a_label_stands_for_its_name(door: int, acme: Tenant, globex: Tenant) -> None:
    ours, theirs = add_label(acme.account.pk, "spring"), add_label(globex.account.pk, "theirs")
    wanted = {f"#{ours.pk}": "spring", f"#{theirs.pk}": str(theirs.pk), f"#{'9' * 40}": "9" * 40}
    for number in wanted:
        for _ in range(2):  # from the database, then from memory
            with log_in(door, acme, label=number) as client:
                client.sendmail("shop@acme.example", "ben@inbox.example", MAIL)
    told = [tag for message in Message.objects.order_by("pk") for tag in message.tags]
    assert told == [tag for tag in wanted.values() for _ in range(2)]


def test_who_comes_back_with_a_label_asks_no_database(acme: Tenant) -> None:
    label = add_label(acme.account.pk, "spring")
    name = f"{acme.smtp_user.name}#{label.pk}"
    forget_labels()
    submission.log_in(acme.smtp_user.name, acme.smtp_secret)
    assert submission.log_in_again(name, acme.smtp_secret) is None  # the label must be looked up, which the thread does
    submission.log_in(name, acme.smtp_secret)
    with CaptureQueriesContext(connection) as asked:
        login = submission.log_in_again(name, acme.smtp_secret)
    assert login is not None
    assert (login.label, len(asked)) == ("spring", 0)


def logs_in(port: int, name: str, secret: str) -> int:
    """Return the code of the reply to AUTH PLAIN, with a name of any characters."""
    said = base64.b64encode(f"\0{name}\0{secret}".encode()).decode()
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        client.ehlo()
        return client.docmd("AUTH PLAIN", said)[0]


def test_no_label_is_no_tag(door: int, acme: Tenant) -> None:
    with log_in(door, acme, label="#") as client:
        client.sendmail("shop@acme.example", "ben@inbox.example", MAIL)
    assert Message.objects.get().tags == []


@pytest.mark.parametrize("label", ["a\nb", "a\r\nX-Tag: b", "a\tb", "\x1b[1m", "\x7f", "\u2028", "\x85", "x" * 256])
def test_a_label_that_could_do_harm_is_refused(door: int, acme: Tenant, label: str) -> None:
    for _ in range(2):  # from the database, then from memory
        assert logs_in(door, f"{acme.smtp_user.name}#{label}", acme.smtp_secret) == 535


def test_no_label_hides_who_guesses(door: int, acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "FREE", 100)
    monkeypatch.setattr(guard, "BLOCKED_AT", 100)
    monkeypatch.setattr(guard, "LOCKED_AT", 2)
    codes = [logs_in(door, f"{acme.smtp_user.name}#{n}", "wrong") for n in range(4)]
    assert codes == [535, 535, 421, 421]
