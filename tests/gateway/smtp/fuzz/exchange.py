"""The sending machine against the receiving one: what comes out is what went in, however both are cut.

A case: what the server offers, a seed, and the envelope; then the message, whose lines are given the ends that a sender must
give them.
"""

from __future__ import annotations

import re
from random import Random
from typing import Final

from gateway.smtp.client import ClientSession, DotHeld, HandshakeWanted, Ready, Settled, Stage
from gateway.smtp.events import MessageReceived, Reply, TLSRequested
from gateway.smtp.limits import Limits
from gateway.smtp.policy import Policy
from gateway.smtp.server import Server
from gateway.smtp.transaction import Transaction, find_obstacle, is_canonical
from tests.gateway.smtp.fuzz.case import Case, Cut, pick, read_case

OFFERS: Final = (
    Policy(),
    Policy(offers_tls=True),
    Policy(extensions=("8BITMIME", "SMTPUTF8")),
    Policy(extensions=("PIPELINING",), offers_tls=True),
    Policy(limits=Limits(size=64)),
    Policy(extensions=("PIPELINING",), limits=Limits(size=64)),
)
SENDERS: Final = ("", "b+1@us.example", '"a> b\\""@us.example', "é@us.example")
RECIPIENTS: Final = ("c@x.example", '"<.>@ "@x.example', "{|}~@xn--bcher-kva.example", "例@x.example")
VERDICTS: Final = (None, Reply(451, "Later", "4.3.0"), Reply(550, "No\nand no again", "5.7.1"))
# What is worth trying, for whoever makes up cases.
WORDS: Final = (
    b".",
    b"..",
    b"\r\n",
    b"\r",
    b"\n",
    b"\r\n.\r\n",
    b"\r\n..",
    b"\n.\n",
    b"\0",
    b"\xff",
    b"x",
    b"QUIT\r\n",
    b"DATA\r\n",
    b"x" * 70,
)
_ANY_END: Final = re.compile(rb"\r\n|\r|\n")
_TIMES: Final = 2  # messages over one connection


def run(octets: bytes) -> None:
    """Run one case; raise AssertionError where a promise is broken, and whatever the machines should not have raised."""
    case = read_case(octets)
    letter = _make_letter(case)
    assert is_canonical(letter.wire)
    for name, cut in case.cuts().items():
        _exchange(case, letter, cut, Random(f"{case.seed}{name}"))


def _make_letter(case: Case) -> Transaction:
    wire = _ANY_END.sub(b"\r\n", case.wire.replace(b"\0", b""))
    if not wire.endswith(b"\r\n"):
        wire += b"\r\n"
    sender, recipient = case.choose(0, SENDERS), case.choose(1, RECIPIENTS)
    needs_smtputf8 = not (sender + recipient).isascii()
    return Transaction(
        mail_from=sender, rcpt_to=recipient, wire=wire, needs_8bit=not wire.isascii(), needs_smtputf8=needs_smtputf8
    )


def _exchange(case: Case, letter: Transaction, cut: Cut, random: Random) -> None:
    client, server = ClientSession("us.example"), Server(pick(case.kind, OFFERS))
    verdict = case.choose(2, VERDICTS)
    settled, received = [], []
    begun = 0
    server.greet()
    while True:
        for event in [event for piece in cut(server.data_to_send()) for event in client.receive(piece)]:
            match event:
                case HandshakeWanted():
                    client.tls_started()
                    server.tls_started()
                case Ready() if find_obstacle(letter, client.extensions) is not None:
                    return
                case DotHeld():
                    _say(client, server, cut, received, verdict)
                    goes_ahead = client.pipelines and begun < _TIMES and random.random() < 0.5
                    client.finish(letter if goes_ahead else None)
                    begun += goes_ahead
                case Settled():
                    settled.append(event)
            if isinstance(event, Ready | Settled) and client.waiting_for is None and begun < _TIMES:
                client.start(letter)
                begun += 1
        if len(settled) == _TIMES:
            break
        _say(client, server, cut, received, verdict)
    _check(case, letter, settled, received, verdict)


def _say(client: ClientSession, server: Server, cut: Cut, received: list[MessageReceived], verdict: Reply | None) -> None:
    """Carry what the client wants to say to the server, which answers messages with the verdict."""
    for piece in cut(b"".join(client.take())):
        server.receive(piece)
        while (event := server.next_event()) is not None and not isinstance(event, TLSRequested):
            assert isinstance(event, MessageReceived)
            received.append(event)
            server.answer(verdict)


def _check(
    case: Case, letter: Transaction, settled: list[Settled], received: list[MessageReceived], verdict: Reply | None
) -> None:
    is_too_large = len(letter.wire) > pick(case.kind, OFFERS).limits.size
    code = 552 if is_too_large else verdict.code if verdict else 250
    for outcome in settled:
        assert outcome.transaction is letter
        assert (outcome.stage, outcome.reply.code) == (Stage.DOT, code)
    assert len(received) == (0 if is_too_large else _TIMES)
    for message in received:
        assert message.content == letter.wire
        assert (message.sender.text if message.sender else "") == letter.mail_from
        assert [recipient.text for recipient in message.recipients] == [letter.rcpt_to]
        assert message.is_utf8 == letter.needs_smtputf8
