"""The dialogue of seeds/002, line by line."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from gateway.smtp.events import MessageReceived, Reply
from gateway.smtp.policy import Auth, Policy
from gateway.smtp.words import words_of
from tests.gateway.smtp.talk import MESSAGE, SUBMISSION, Talk

MESSAGE_ID = "1426390015358_15_6484_8661.sc-10_10_127_51-inbound"
USER, KEY = base64.b64encode(b"api_user").decode(), base64.b64encode(b"api_key").decode()
# Who speaks, C the client and S the server, and what: to the letter, but for base64(...), an ellipsis, and what `HELLO` adds.
SEED = f"""\
S: 220 SendCloud Inbound Server ESMTP Haraka 2.2.4 ready
C: ehlo ifaxin.com
S: 250-SendCloud Inbound Server Hello, Haraka is at your service.
S: 250-PIPELINING
S: 250-8BITMIME
S: 250-SIZE 16000000
S: 250 AUTH LOGIN
C: AUTH LOGIN {USER}
S: 334 UGFzc3dvcmQ6
C: {KEY}
S: 235 Authentication successful
C: mail FROM:<support@ifaxin.com>
S: 250 sender <support@ifaxin.com> OK
C: rcpt TO:<ben@ifaxin.com>
S: 250 recipient <ben@ifaxin.com> OK
C: data
S: 354 go ahead, make my day
C: {MESSAGE.decode()}.
S: 250 #{MESSAGE_ID}#Queued
C: quit
S: 221 SendCloud Inbound Server closing connection. Have a jolly good day
"""
# The issue asks for SMTPUTF8 and CHUNKING, and PLAIN is offered behind LOGIN; else EHLO is as above, in its order.
HELLO = {
    "S: 250 AUTH LOGIN": ["S: 250-SMTPUTF8", "S: 250-CHUNKING", "S: 250 AUTH LOGIN PLAIN"],
}


class Numbered(Talk):
    """Its message has the number of the seed."""

    def _answer(self, event: object) -> None:
        if isinstance(event, MessageReceived):
            self.server.answer(Reply(250, f"#{MESSAGE_ID}#Queued"))
        else:
            self.server.answer()


def test_it_works() -> None:
    talk = Numbered(replace(SUBMISSION, words=words_of("SendCloud")))
    heard = ["S: " + talk.banner.decode()[:-2]]
    turns = SEED.replace("\r\n", "\0").splitlines()
    for turn in turns:
        if turn.startswith("C: "):
            said = turn[3:].replace("\0", "\r\n") + "\r\n"
            heard += [turn, *("S: " + line.decode() for line in talk.say(said.encode()))]
    assert heard == [line for turn in turns for line in HELLO.get(turn, [turn])]
    assert talk.server.is_closed


def test_another_brand_has_its_own_name() -> None:
    talk = Talk(SUBMISSION)
    assert talk.banner == b"220 Gatepost Inbound Server ESMTP Gatepost ready\r\n"
    assert talk.say(b"EHLO a\r\n")[0] == b"250-Gatepost Inbound Server Hello, Gatepost is at your service."
    assert talk.say(b"QUIT\r\n") == [b"221 Gatepost Inbound Server closing connection. Have a jolly good day"]


@pytest.mark.parametrize(("name", "said"), [("greeting", b""), ("hello", b"HELO a\r\n"), ("goodbye", b"QUIT\r\n")])
def test_words_cannot_do_harm(name: str, said: bytes) -> None:
    words = replace(words_of("Gatepost"), **{name: "Größe\r\n250 \x1b[1m" + "x" * 600})
    talk = Talk(Policy(auth=Auth.ALWAYS, words=words))
    wire = talk.banner if not said else b"\r\n".join([*talk.say(said), b""])
    lines = wire.split(b"\r\n")[:-1]
    assert len(lines) > 1
    assert len({line[:3] for line in lines}) == 1
    assert all(len(line) <= 510 and line.isascii() and b"\n" not in line and b"\x1b" not in line for line in lines)
