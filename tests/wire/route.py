"""The way of submissions to the wire, by the product's own code: stored, claimed, composed, and said to a receiving server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db import DataError, transaction

from gateway.base.errors import MessageMalformed, Refused
from gateway.engine import lists, queue
from gateway.engine.accept import Answer, accept
from gateway.engine.prepare import Later, Ready, Stopped, prepare
from gateway.engine.submission import Submission
from gateway.smtp.client import ClientSession, DotHeld, Settled
from gateway.smtp.client import Ready as SessionReady
from gateway.smtp.events import MessageReceived
from gateway.smtp.policy import Policy
from gateway.smtp.server import Server
from gateway.smtp.transaction import Transaction

_BATCH = 400  # recipients of one claim


class CannotStore(MessageMalformed):
    """A door took what the database could not: refused in time, but in nobody's words."""


@dataclass(slots=True, kw_only=True)
class Journey:
    """What became of one submission: refused, or its copies as they were composed or stopped."""

    refusal: Refused | None = None
    ready: list[Ready] = field(default_factory=list)
    stopped: list[Stopped] = field(default_factory=list)


def carry(asked: Sequence[Submission | int]) -> list[Journey]:
    """Accept submissions in one group and compose all their copies. A number is a message that was accepted already."""
    journeys: list[Journey] = []
    by_message: dict[int, Journey] = {}
    answers = iter(_store([one for one in asked if not isinstance(one, int)]))
    for one in asked:
        answer = one if isinstance(one, int) else next(answers)
        if isinstance(answer, Refused):
            journeys.append(Journey(refusal=answer))
        else:  # the answer to a repeated idempotency key names the message of the first
            message_id = answer if isinstance(answer, int) else answer.message_id
            journeys.append(by_message.setdefault(message_id, Journey()))
    lists.expand(60)
    _compose_all(by_message)
    return journeys


def _store(submissions: Sequence[Submission]) -> list[Answer]:
    """Accept submissions as the thread does that stores: what the database cannot take is the fault of one of them."""
    if not submissions:
        return []
    try:
        with transaction.atomic():
            return accept(submissions)
    except (DataError, ValueError, OverflowError) as error:
        if len(submissions) > 1:
            return [answer for submission in submissions for answer in _store([submission])]
        return [CannotStore(f"{type(error).__name__}: {error}")]


def _compose_all(journeys: Mapping[int, Journey]) -> None:
    while copies := queue.claim(_BATCH):
        while copies:
            later = []
            for made in prepare(copies):
                journey = journeys[made.copy.letter.message_id]
                match made:
                    case Ready():
                        journey.ready.append(made)
                    case Stopped():
                        journey.stopped.append(made)
                    case Later():
                        later.append(made.copy)
            copies = later
    for journey in journeys.values():
        journey.ready.sort(key=lambda ready: ready.copy.position)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One delivery as it passed between our client and a server: the client's commands, what it put out between the go-ahead
    to DATA and the end of data, and what the server took it for."""

    commands: tuple[bytes, ...]
    stuffed: bytes
    received: tuple[MessageReceived, ...]


def say(ready: Ready) -> Said:
    """Deliver a copy from our client's state machine to our server's, both without sockets."""
    parcel = ready.parcel
    transaction = Transaction(
        mail_from=parcel.mail_from,
        rcpt_to=parcel.rcpt_to,
        wire=parcel.wire,
        needs_8bit=parcel.needs_8bit,
        needs_smtputf8=parcel.needs_smtputf8,
    )
    client, server = ClientSession("mail.example", wants_tls=False), Server(Policy(takes_bare_newlines=True))
    server.greet()
    commands: list[bytes] = []
    stuffed = b""
    received: list[MessageReceived] = []
    is_over = False
    while not is_over:
        for event in client.receive(server.data_to_send()):
            match event:
                case SessionReady():
                    client.start(transaction)
                case DotHeld():
                    stuffed = b"".join(client.take())
                    server.receive(stuffed)
                    client.finish()
                case Settled():
                    is_over = True
        said = b"".join(client.take())
        commands += said.split(b"\r\n")[:-1]
        server.receive(said)
        while (taken := server.next_event()) is not None:
            assert isinstance(taken, MessageReceived)
            received.append(taken)
            server.answer()
    return Said(commands=tuple(commands), stuffed=stuffed, received=tuple(received))
