"""The door for customers' own mail programs: SMTP with AUTH. A message gets its 250 when it is on disk, not before."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from ipaddress import ip_address

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import Error as DatabaseError
from django.db import close_old_connections

from domains.credentials import authenticate_smtp_user, recall_smtp_user
from gateway.base import rates
from gateway.base.cleartext import LOOPBACK, find_fault, is_loopback
from gateway.base.environment import Endpoint
from gateway.base.errors import NotAllowed, Refused, Unavailable
from gateway.base.networks import Network, group_client, is_within, unwrap
from gateway.engine.intake import hand_in
from gateway.engine.submission import Accepted
from gateway.listeners.connection import FAILED, Connection
from gateway.listeners.greeting import own_words
from gateway.listeners.guard import Guard
from gateway.listeners.listener import Caps, Crowd, Listener, Patience
from gateway.listeners.replies import reply_to, reply_to_auth
from gateway.listeners.translate import Login, translate
from gateway.smtp.events import AuthRequested, DataRequested, Event, MessageReceived, Reply
from gateway.smtp.limits import Limits
from gateway.smtp.policy import Auth, Policy
from tracking.labels import name_meant, recall_name_meant

log = logging.getLogger(__name__)

_BLOCKED = Reply(421, "Too many failed logins; try again later", "4.7.0")
_LONGEST_LABEL = 255  # characters
_BEAT = 0.1  # seconds


class SubmissionConnection(Connection):
    """A customer's connection."""

    def __init__(self, listener: Listener, guard: Guard, threads: ThreadPoolExecutor, *, clear: Sequence[Network] = ()) -> None:
        super().__init__(listener)
        self._guard = guard
        self._threads = threads
        self._clear = clear  # networks of clients that may log in without TLS
        self._login: Login | None = None

    def welcome(self) -> None:
        if self._clear and _is_in(self.client, self._clear):
            self.server.policy = replace(self.listener.policy, auth=Auth.ALWAYS)
        super().welcome()

    def handle(self, event: Event) -> None:
        match event:
            case AuthRequested():
                self._log_in(event)
            case DataRequested():
                self.server.answer(self.listener.crowd.check_room())
            case MessageReceived():
                self._submit(event)

    # AUTH -------------------------------------------------------------------------------------------------------------
    def _log_in(self, event: AuthRequested) -> None:
        """Let a client in at once that comes back within seconds; look any other up, when the guard lets it."""
        client, user = group_client(self.client), _user_of(event.name)
        self._login = log_in_again(event.name, event.secret) if self._guard.knows(client, user) else None
        if self._login is None:
            self.spawn(self._authenticate(event, client))
        else:
            self.server.answer()

    async def _authenticate(self, event: AuthRequested, client: str) -> Reply | None:
        user = _user_of(event.name)
        wait = self._guard.begin(client, user)
        is_right: bool | None = None
        try:
            if wait is None:
                log.warning("AUTH as %r from %s was not looked at, after too many that were wrong", user[:64], self.client)
                return _BLOCKED
            await asyncio.sleep(wait)
            self._login = await log_in_evenly(self._threads, event.name, event.secret)
            is_right = True
        except Refused as refusal:
            is_right = None if isinstance(refusal, Unavailable) else False
            log.warning("AUTH as %r from %s was refused: %s", event.name[:64], self.client, refusal.code)
            return reply_to_auth(refusal)
        finally:
            self._guard.end(client, user, is_right=is_right)
        return None

    # A message --------------------------------------------------------------------------------------------------------
    def _submit(self, event: MessageReceived) -> None:
        if self._login is None:
            raise RuntimeError("A message comes after AUTH.")
        if self._login.credential.requests_per_minute:
            self.spawn(self._submit_at_rate(self._login, event))
            return
        try:
            future = self._hand_in(self._login, event)
        except Refused as refusal:
            self.server.answer(reply_to(refusal))
        else:
            future.add_done_callback(self._tell_loop)

    async def _submit_at_rate(self, login: Login, event: MessageReceived) -> Reply:
        """As `_submit`, once the account's own rate allows it; that is counted in Redis, hence in a thread."""
        try:
            await self.loop.run_in_executor(self._threads, _check_rate, login)
            return _reply_with(await asyncio.wrap_future(self._hand_in(login, event)))
        except Refused as refusal:
            return reply_to(refusal)

    def _hand_in(self, login: Login, event: MessageReceived) -> Future[Accepted]:
        ehlo = self.server.hello
        return hand_in(translate(login, event.recipients, event.content, client=self.client, ehlo=ehlo))

    def _tell_loop(self, future: Future[Accepted]) -> None:
        with suppress(RuntimeError):  # the loop is closed: there is nobody left to tell
            self.loop.call_soon_threadsafe(self._settle, future)

    def _settle(self, future: Future[Accepted]) -> None:
        error = future.exception()
        if error is None:
            self.resume(_reply_with(future.result()))
        elif isinstance(error, Refused):
            self.resume(reply_to(error))
        else:
            log.error("A message from %s was not accepted.", self.client, exc_info=error)
            self.resume(FAILED)


def log_in(name: str, secret: str) -> Login:
    """Return who logs in as `name`, or as `name#label` with a label's name or number. Blocks.

    Raises NotAuthenticated, NotAllowed and Unavailable.
    """
    user, label = _user_of(name), _label_of(name)
    close_old_connections()  # the last one may be broken
    try:
        credential = authenticate_smtp_user(user, secret)
        credential.check_usable()
        check_label(label)
        return Login(credential=credential, label=name_meant(credential.account_id, label))
    except DatabaseError as error:
        log.warning("The database cannot say who %r is: %s", user[:64], error)
        raise Unavailable("Logins cannot be checked just now. Try again in a moment.") from None
    finally:
        close_old_connections()


async def log_in_evenly(threads: Executor, name: str, secret: str) -> Login:
    """As `log_in`, in a thread. A refusal comes on the beat, so that its time does not tell whether there is such a user."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        return await loop.run_in_executor(threads, log_in, name, secret)
    except Refused:
        await asyncio.sleep(_BEAT - (loop.time() - began) % _BEAT)
        raise


def log_in_again(name: str, secret: str) -> Login | None:
    """Return as `log_in` who was looked up a moment ago and may be let in; None says nothing. Does not block."""
    user, label = _user_of(name), _label_of(name)
    credential = recall_smtp_user(user, secret)
    with suppress(Refused):
        if credential is not None:
            credential.check_usable()
            check_label(label)
            meant = recall_name_meant(credential.account_id, label)
            return Login(credential=credential, label=meant) if meant is not None else None
    return None


def check_label(label: str) -> None:
    """Raise NotAllowed for a label that could not stand in a page, an answer or a webhook."""
    if len(label) > _LONGEST_LABEL or not label.isprintable():
        raise NotAllowed(f"A label has at most {_LONGEST_LABEL} characters, without control characters.")


def _user_of(name: str) -> str:
    return name.partition("#")[0]


def _label_of(name: str) -> str:
    return name.partition("#")[2]


def _check_rate(login: Login) -> None:
    rates.check_rate(f"smtp:user{login.credential.smtp_user_id}", login.credential.requests_per_minute or 0, 60)


def _reply_with(accepted: Accepted) -> Reply:
    return Reply(250, f"#{accepted.inbound_id}#Queued")


class Doors:
    """The listeners of the submission service, which share their caps, and what they know about guessers."""

    def __init__(self, tls: ssl.SSLContext, *, caps: Caps | None = None, patience: Patience | None = None) -> None:
        self._tls = tls
        self._crowd = Crowd(caps)
        self._patience = patience
        self._guard = Guard()
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="auth")

    def open(self, endpoint: Endpoint, *, is_tls: bool = False, clear: Sequence[Network] = ()) -> Listener:
        """Return a listener for `endpoint`, with STARTTLS or over TLS from the start; from `clear` AUTH needs neither.

        On loopback of the embedded mode this machine's own clients are `clear`, not those that a proxy here speaks for.
        """
        if settings.EMBEDDED and is_loopback(endpoint.host):
            clear = (*LOOPBACK, *clear)
        return Listener(
            lambda listener: SubmissionConnection(listener, self._guard, self._threads, clear=clear),
            make_policy(),
            tls=self._tls,
            is_tls=is_tls,
            crowd=self._crowd,
            patience=self._patience,
            proxies=settings.GATEPOST_SMTP_PROXIES,
        )

    def open_plain(self, endpoint: Endpoint) -> Listener:
        """Return a listener for `endpoint` where clients on loopback and in GATEPOST_SMTP_PLAIN_ALLOW need no TLS.

        Raises ImproperlyConfigured beyond loopback where nobody is allowed.
        """
        allowed = settings.GATEPOST_SMTP_PLAIN_ALLOW
        if fault := find_fault(endpoint, allowed):
            raise ImproperlyConfigured(fault)
        return self.open(endpoint, clear=(*LOOPBACK, *allowed))


def make_policy() -> Policy:
    """Return what a listener offers, as far as no client is an exception."""
    return Policy(
        words=own_words(),
        limits=Limits(size=settings.GATEPOST_MAX_SIZE),
        offers_tls=True,
        auth=Auth.OVER_TLS,
        asks=frozenset({DataRequested}),
    )


def _is_in(client: str, networks: Sequence[Network]) -> bool:
    try:
        return is_within(unwrap(ip_address(client.partition("%")[0])), networks)
    except ValueError:
        return False
