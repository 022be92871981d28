"""A session with the receiving machine, as a client has it."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.smtp.events import AuthRequested, Event, MessageReceived, Reply, TLSRequested
from gateway.smtp.limits import Limits
from gateway.smtp.policy import Auth, Policy
from gateway.smtp.server import Server

OPEN = Policy()
SUBMISSION = Policy(auth=Auth.ALWAYS)
GUARDED = Policy(auth=Auth.OVER_TLS, offers_tls=True)
SMALL = Policy(limits=Limits(size=100, recipients=2, errors=3))
ENVELOPE = b"MAIL FROM:<support@ifaxin.com>\r\nRCPT TO:<ben@ifaxin.com>\r\nDATA\r\n"
MESSAGE = b"From: support@ifaxin.com\r\nSubject: Hello\r\n\r\nHello Ben\r\n"


class Talk:
    """A session whose events are answered at once: passwords are right when they say so, messages are numbered."""

    def __init__(self, policy: Policy = OPEN, *, is_tls: bool = False) -> None:
        self.server = Server(policy, is_tls=is_tls)
        self.events: list[Event] = []
        self.server.greet()
        self.banner = self.server.data_to_send()

    def say(self, *pieces: bytes) -> list[bytes]:
        for piece in pieces:
            self.server.receive(piece)
            while (event := self.server.next_event()) is not None:
                self.events.append(event)
                self._answer(event)
        return self.server.data_to_send().splitlines()

    def _answer(self, event: Event) -> None:
        match event:
            case TLSRequested():
                self.server.tls_started()
            case AuthRequested(secret="wrong"):
                self.server.answer(Reply(535, "The name and secret are not right", "5.7.8"))
            case MessageReceived():
                self.server.answer(Reply(250, f"#{len(self.messages)}#Queued"))
            case _:
                self.server.answer()

    @property
    def messages(self) -> list[MessageReceived]:
        return [event for event in self.events if isinstance(event, MessageReceived)]


def greeted(policy: Policy = OPEN) -> Talk:
    talk = Talk(policy)
    talk.say(b"EHLO ifaxin.com\r\n")
    return talk


def codes(lines: Iterable[bytes]) -> list[int]:
    return [int(line[:3]) for line in lines]
