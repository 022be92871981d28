from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Generator
from pathlib import Path

import pytest

from gateway.listeners.journal import Stage
from gateway.listeners.sink import Rule, Silence, parse_rule
from gateway.listeners.tls import keep_self_signed, make_context
from gateway.smtp.events import Reply
from tests.support.sink import Sink, running_sink

MAIL = "From: a@b.example\r\nSubject: Hello\r\n\r\nHello\r\n"


@pytest.fixture
def sink() -> Generator[Sink]:
    with running_sink() as sink:
        yield sink


def send(sink: Sink, *recipients: str) -> dict[str, tuple[int, bytes]]:
    with smtplib.SMTP(sink.host, sink.port, local_hostname="me.example", timeout=10) as client:
        return client.sendmail("a@b.example", recipients or ["c@d.example"], MAIL)


def test_it_works(sink: Sink) -> None:
    send(sink, "c@d.example", "e@f.example")
    [seen] = sink.wait(1)
    assert seen.mail_from == "a@b.example"
    assert seen.rcpt_to == [
        ("c@d.example", "250 recipient <c@d.example> OK"),
        ("e@f.example", "250 recipient <e@f.example> OK"),
    ]
    assert seen.content == MAIL.encode()
    assert seen.reply == f"250 #{seen.number}#Queued"
    assert (seen.client, seen.helo, seen.tls, seen.stage) == ("127.0.0.1", "me.example", "", Stage.DOT)


def test_many_messages_on_one_connection(sink: Sink) -> None:
    with smtplib.SMTP(sink.host, sink.port, timeout=10) as client:
        for _ in range(20):
            client.sendmail("a@b.example", "c@d.example", MAIL)
    assert len(sink.wait(20)) == 20
    assert len(sink.messages) == 20


def test_all_at_once(sink: Sink) -> None:
    one = b"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\nHello\r\n.\r\n"
    with socket.create_connection((sink.host, sink.port), timeout=10) as client:
        client.sendall(b"EHLO a\r\n" + one * 500 + b"QUIT\r\n")
        replies = b"".join(iter(lambda: client.recv(65536), b""))
    assert replies.count(b"#Queued\r\n") == 500
    assert len(sink.wait(500)) == 500


def test_it_offers_tls(tmp_path: Path) -> None:
    path = keep_self_signed(tmp_path / "tls.pem", "mx.example")
    with running_sink(tls=make_context(path)) as sink:
        with smtplib.SMTP("localhost", sink.port, timeout=10) as client:
            client.starttls(context=ssl.create_default_context(cafile=str(path)))
            client.sendmail("a@b.example", "c@d.example", MAIL)
        [seen] = sink.wait(1)
    assert seen.tls == "TLSv1.3"
    assert seen.content == MAIL.encode()


@pytest.mark.parametrize(
    ("rule", "error", "stage"),
    [
        ("connect:421", smtplib.SMTPConnectError, Stage.CONNECT),
        ("mail:550", smtplib.SMTPSenderRefused, Stage.MAIL),
        ("rcpt:550", smtplib.SMTPRecipientsRefused, Stage.RCPT),
        ("data:450", smtplib.SMTPDataError, Stage.DATA),
        ("dot:554", smtplib.SMTPDataError, Stage.DOT),
        ("connect:drop", smtplib.SMTPServerDisconnected, Stage.CONNECT),
        ("mail:drop", smtplib.SMTPServerDisconnected, Stage.MAIL),
        ("rcpt:drop", smtplib.SMTPServerDisconnected, Stage.RCPT),
        ("dot:drop", smtplib.SMTPServerDisconnected, Stage.DOT),
    ],
)
def test_a_rule_refuses_at_its_stage(rule: str, error: type[Exception], stage: Stage) -> None:
    with running_sink([rule]) as sink:
        with pytest.raises(error):
            send(sink)
        [seen] = sink.wait(1)
    assert seen.stage is stage
    assert sink.messages == []


def test_a_rule_at_ehlo() -> None:
    with running_sink(["ehlo:550"]) as sink, pytest.raises(smtplib.SMTPHeloError):
        send(sink)
    assert {seen.reply for seen in sink.transactions} == {"550 No, by a rule"}


def test_a_hanging_sink_says_nothing() -> None:
    with running_sink(["dot:hang"]) as sink:
        with (
            pytest.raises(smtplib.SMTPServerDisconnected, match="timed out"),
            smtplib.SMTP(sink.host, sink.port, timeout=0.2) as client,
        ):
            client.sendmail("a@b.example", ["c@d.example"], MAIL)
        assert [seen.reply for seen in sink.wait(1)] == ["hang"]


def test_a_rule_is_for_the_recipients_that_match() -> None:
    with running_sink(["rcpt:550:*@bad.example::5.1.1 No such user"]) as sink:
        refused = send(sink, "a@good.example", "b@BAD.example")
        [seen] = sink.wait(1)
    assert refused == {"b@BAD.example": (550, b"5.1.1 No such user")}
    assert [reply[:3] for _, reply in seen.rcpt_to] == ["250", "550"]
    assert seen.reply.startswith("250")


def test_greylisting_refuses_each_recipient_so_many_times() -> None:
    with running_sink(["rcpt:450::1:4.7.1 Greylisted"]) as sink:
        for recipient in ("a@b.example", "c@d.example"):
            with pytest.raises(smtplib.SMTPRecipientsRefused):
                send(sink, recipient)
            send(sink, recipient)
        assert len(sink.messages) == 2


def test_extensions_can_be_left_out() -> None:
    with running_sink(without=["8BITMIME", "SIZE"]) as sink, smtplib.SMTP(sink.host, sink.port, timeout=10) as client:
        client.ehlo()
        assert not client.has_extn("8bitmime")
        assert not client.has_extn("size")
        assert client.has_extn("pipelining")


def test_stray_newlines_are_journaled_as_they_came(sink: Sink) -> None:
    with socket.create_connection((sink.host, sink.port), timeout=10) as client:
        client.sendall(b"EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<c@d.example>\r\nDATA\r\na\nb\rc\r\n.\r\n")
        [seen] = sink.wait(1)
    assert seen.content == b"a\nb\rc\r\n"
    assert seen.mail_from == ""


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("rcpt:550", Rule(stage=Stage.RCPT, action=Reply(550, "No, by a rule"))),
        ("dot:hang", Rule(stage=Stage.DOT, action=Silence.HANG)),
        (
            "rcpt:450:*@a.example:2:4.7.1 later: at 10:30",
            Rule(stage=Stage.RCPT, action=Reply(450, "4.7.1 later: at 10:30"), pattern="*@a.example", times=2),
        ),
    ],
)
def test_the_grammar_of_rules(text: str, rule: Rule) -> None:
    assert parse_rule(text) == rule


@pytest.mark.parametrize(
    "text", ["", "rcpt", "rcpt:", "rcpt:99", "rcpt:354x", "rcpt:350", "bla:550", "rcpt:550::x", "rcpt:550::-1"]
)
def test_what_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="STAGE:CODE"):
        parse_rule(text)
