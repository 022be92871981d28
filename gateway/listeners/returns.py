"""The door that bounces and complaints come back through: it takes mail for return paths that we made, and for nothing else.

Each mail is kept in a folder of Maildir form under GATEPOST_DATA, on disk before its 250, with Delivered-To and Return-Path on
top, which say whose copy it is about and whom it came from.
"""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from django.conf import settings

from gateway.base.ids import make_public_id
from gateway.engine.returns import read_return_path
from gateway.listeners.connection import Connection
from gateway.listeners.greeting import own_words
from gateway.listeners.listener import Caps, Crowd, Listener, Patience
from gateway.listeners.tls import get_context
from gateway.smtp.addresses import Address
from gateway.smtp.events import DataRequested, Event, MessageReceived, RecipientRequested, Reply
from gateway.smtp.limits import Limits
from gateway.smtp.policy import Policy

log = logging.getLogger(__name__)

MAX_SIZE = 4_000_000  # a bounce carries the header of what it is about, at times all of it
LEAST_FREE = 100_000_000  # octets of the disk, which the database may share: strangers' mail does not fill it
_UNKNOWN = Reply(550, "No such return path", "5.1.1")
_NO_ROOM = Reply(452, "The mail cannot be stored now; try again later", "4.3.1")


class ReturnConnection(Connection):
    """A connection of a server that returns mail."""

    def __init__(
        self, listener: Listener, maildir: Maildir, threads: ThreadPoolExecutor, on_stored: Callable[[], None]
    ) -> None:
        super().__init__(listener)
        self._maildir = maildir
        self._threads = threads
        self._on_stored = on_stored

    def handle(self, event: Event) -> None:
        match event:
            case RecipientRequested():
                self.server.answer(None if read_return_path(event.recipient.text) is not None else _UNKNOWN)
            case DataRequested():
                self.server.answer(self.listener.crowd.check_room())
            case MessageReceived():
                self.spawn(self._store(event))

    async def _store(self, event: MessageReceived) -> Reply:
        content = write_envelope(event.sender, event.recipients) + event.content
        try:
            name = await self.loop.run_in_executor(self._threads, self._maildir.add, content)
        except OSError as error:
            log.warning("A returned mail was not stored: %s", error)
            return _NO_ROOM
        self._on_stored()
        return Reply(250, f"#{name}#Queued")


class Maildir:
    """A folder of mails, one a file: `new` has whole ones only."""

    def __init__(self, folder: Path) -> None:
        self.new = folder / "new"
        self._tmp = folder / "tmp"
        for each in (self.new, self._tmp):
            each.mkdir(parents=True, exist_ok=True)

    def add(self, content: bytes) -> str:
        """Store a mail so that a power cut does not lose it; return its name. Raises OSError."""
        name = str(make_public_id())
        made = self._tmp / name
        _check_space(self._tmp)
        try:
            with made.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            made.rename(self.new / name)
        except OSError:
            made.unlink(missing_ok=True)
            raise
        _sync_folder(self.new)
        return name


def _check_space(folder: Path) -> None:
    disk = os.statvfs(folder)
    if disk.f_bavail * disk.f_frsize < LEAST_FREE:
        raise OSError(errno.ENOSPC, f"Less than {LEAST_FREE // 1_000_000} MB are free on the disk of {folder}")


def write_envelope(sender: Address | None, recipients: Iterable[Address]) -> bytes:
    """Return the fields that keep what a transaction said. Return-Path is the last: the mail's own header begins below it."""
    lines = [*(f"Delivered-To: {recipient}" for recipient in recipients), f"Return-Path: <{sender or ''}>", ""]
    return "\r\n".join(lines).encode()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def returns_folder() -> Path:
    """Return where mail that came back is kept."""
    return Path(settings.GATEPOST_DATA) / "returns"


def open_returns(
    on_stored: Callable[[], None] = lambda: None, *, caps: Caps | None = None, patience: Patience | None = None
) -> Listener:
    """Return the listener; which offers STARTTLS. Raises ImproperlyConfigured where there is no certificate.

    `on_stored` is called in the loop's thread after each mail that was stored.
    """
    maildir = Maildir(returns_folder())
    threads = ThreadPoolExecutor(4, thread_name_prefix="returns")
    policy = Policy(
        words=own_words(),
        limits=Limits(size=MAX_SIZE, recipients=100),
        offers_tls=True,
        asks=frozenset({RecipientRequested, DataRequested}),
    )
    return Listener(
        lambda listener: ReturnConnection(listener, maildir, threads, on_stored),
        policy,
        tls=get_context(),
        crowd=Crowd(caps or Caps(total=500, per_client=50)),
        patience=patience,
    )
