"""Customers' programs: they hand mail in by SMTP and HTTP, without a pause to speak of, and keep a journal of each try."""

from __future__ import annotations

import json
import smtplib
import ssl
import time
from abc import abstractmethod
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from random import Random
from threading import Event
from typing import Final

from gateway.base.environment import Endpoint
from tests.faults.journals import Answer, Ask

PAUSE: Final = 0.01  # seconds between two requests of a client, up to HASTY of them, and
LATER: Final = 0.3  # seconds from then on
HASTY: Final = 100
AGAIN: Final = 0.2  # seconds after a request that was not acknowledged
TRIES: Final = 300  # of a request with a key
TIMEOUT: Final = 30.0  # seconds
REFUSING: Final = ("bounce.example", "busy.example")  # at RCPT: a message for these alone never comes to its final dot
DOMAINS: Final = (*("one.example", "two.example", "three.example") * 6, *REFUSING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """An account that may send, with its credentials and where its doors are."""

    account_id: int
    sender: str
    api_key: str
    user: str
    password: str
    http: Endpoint
    smtp: Endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a client asks for; the same for each try."""

    token: str
    recipients: tuple[str, ...]
    key: str = ""
    octets: int = 1000

    @property
    def is_taken(self) -> bool:
        """Whether a receiver takes it for at least one of its recipients."""
        return not all(address.endswith(REFUSING) for address in self.recipients)

    @property
    def text(self) -> str:
        return f"Token: {self.token}\r\n" + (self.octets // 72) * (70 * "x" + "\r\n")


@dataclass(slots=True)
class Client:
    """One customer's program. A subclass says in `try_once` how it hands a request in."""

    tenant: Tenant
    name: str
    dice: Random
    octets: tuple[int, int] = (500, 5000)
    most_recipients: int = 3
    asks: list[Ask] = field(default_factory=list)
    number: int = 0

    has_keys = False

    def offer_until(self, is_over: Event) -> None:
        """Offer one request after the other."""
        while not is_over.wait(PAUSE if self.number < HASTY else LATER):
            self.offer(self.make(), time.sleep)
        self.close()

    def make(self) -> Request:
        self.number += 1
        token = f"{self.name}-{self.number}"
        recipients = [f"{token}.{n}@{self.dice.choice(DOMAINS)}" for n in range(self.dice.randint(1, self.most_recipients))]
        key = token if self.has_keys and self.dice.random() < 0.7 else ""
        return Request(token=token, recipients=tuple(recipients), key=key, octets=self.dice.randint(*self.octets))

    def offer(self, request: Request, wait: Callable[[float], object]) -> None:
        """Try a request; again with its key until it is acknowledged, and without one sometimes once more when unanswered."""
        for number in range(TRIES):
            ask = self.try_once(request)
            self.asks.append(ask)
            if ask.answer is Answer.ACKED:
                return
            wait(AGAIN)
            tries_again = ask.answer is Answer.UNSEEN and number == 0 and self.dice.random() < 0.5
            if not (request.key or tries_again):
                return

    @abstractmethod
    def try_once(self, request: Request) -> Ask:
        """Hand a request in; return what came of it, which is not yet in the journal."""

    def close(self) -> None:
        """Part from the server."""

    def note(self, request: Request, answer: Answer, *, code: int = 0, message_id: str = "") -> Ask:
        return Ask(
            token=request.token,
            account_id=self.tenant.account_id,
            recipients=request.recipients,
            answer=answer,
            key=request.key,
            code=code,
            message_id=message_id,
        )


class HTTPClient(Client):
    """Sends by Octeth's API, most requests with an Idempotency-Key."""

    has_keys = True

    def try_once(self, request: Request) -> Ask:
        body = {
            "Subject": f"Hello {request.token}",
            "ContentType": "plain",
            "PlainContent": request.text,
            "From": {"email": self.tenant.sender, "name": "Ann"},
            "To": [{"email": address, "name": "Bob"} for address in request.recipients],
        }
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.tenant.api_key}"}
        headers |= {"Idempotency-Key": request.key} if request.key else {}
        connection = HTTPConnection(*self.tenant.http, timeout=TIMEOUT)
        try:
            connection.connect()
        except OSError:
            return self.note(request, Answer.REFUSED)
        try:
            connection.request("POST", "/api/v1/email", json.dumps(body), headers)
            response = connection.getresponse()
            said = response.read()
        except (OSError, HTTPException):
            return self.note(request, Answer.UNSEEN)
        finally:
            connection.close()
        if response.status != 200:
            return self.note(request, Answer.REFUSED, code=response.status)
        return self.note(request, Answer.ACKED, code=200, message_id=json.loads(said)["MessageID"])


@dataclass(slots=True)
class SMTPClient(Client):
    """Sends by SMTP with AUTH over TLS: `most_messages` over one connection."""

    most_messages: int = 1
    _session: smtplib.SMTP | None = None
    _sent: int = 0

    def try_once(self, request: Request) -> Ask:
        try:
            session = self._session or self.connect()
            self.begin(session, request)
        except smtplib.SMTPResponseException as refusal:
            self.close()
            return self.note(request, Answer.REFUSED, code=refusal.smtp_code)
        except (OSError, smtplib.SMTPException):
            self.close()
            return self.note(request, Answer.REFUSED)  # it was never sent whole
        return self.finish(session, request)

    def begin(self, session: smtplib.SMTP, request: Request) -> None:
        """Send all of a message but for the final dot."""
        replies = [session.mail(self.tenant.sender), *(session.rcpt(address) for address in request.recipients)]
        replies.append(session.docmd("DATA"))
        for code, text in replies:
            if code >= 400:
                raise smtplib.SMTPResponseException(code, text)
        session.send(self.write(request))

    def write(self, request: Request) -> bytes:
        """Return the message."""
        header = f"From: {self.tenant.sender}\r\nTo: {', '.join(request.recipients)}\r\nSubject: Hello {request.token}\r\n\r\n"
        return (header + request.text).encode()

    def finish(self, session: smtplib.SMTP, request: Request) -> Ask:
        """Send the final dot."""
        try:
            session.send(b".\r\n")
            code, text = session.getreply()
        except (OSError, smtplib.SMTPException):
            self.close()
            return self.note(request, Answer.UNSEEN)
        self._sent += 1
        if code != 250 or self._sent >= self.most_messages:
            self.close()
        if code != 250:
            return self.note(request, Answer.REFUSED, code=code)
        return self.note(request, Answer.ACKED, code=code, message_id=text.decode().split("#")[1])

    def connect(self) -> smtplib.SMTP:
        """Log in on a new connection."""
        session = smtplib.SMTP(*self.tenant.smtp, timeout=TIMEOUT)
        self._session, self._sent = session, 0
        try:
            session.starttls(context=ssl._create_unverified_context())
            session.login(self.tenant.user, self.tenant.password)
        except BaseException:
            session.close()  # whoever closed it meanwhile knew nothing of its TLS
            raise
        return session

    def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            with suppress(OSError, smtplib.SMTPException):
                session.close()
