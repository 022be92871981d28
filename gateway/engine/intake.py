"""Where doors hand submissions in, one at a time, and many become one commit.

A single thread gathers what arrives while the last group was being committed, lingers for more, and calls `accept` once for
all. Request threads and the SMTP loop wait on futures. How long it lingers follows from what that brings: see `_Stream`.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from threading import Lock, Thread

import psycopg
from django.conf import settings
from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    connection,
)

from gateway.base import bulk, clock
from gateway.base.dbthreads import drop_broken_connection, note_answer
from gateway.base.errors import MessageMalformed, Refused, Unavailable
from gateway.engine import doubt
from gateway.engine.accept import Answer, accept
from gateway.engine.submission import Accepted, Submission

log = logging.getLogger(__name__)

GROUP = 100  # submissions of one commit at the most
GROUP_BYTES = 32 * 1024 * 1024  # and their bodies together
LINGER = 0.003  # seconds to wait for more when others are about, until there are as many as last time, or ENOUGH
LONG = 0.07  # seconds to wait for more where mail comes in a steady stream, until there are ENOUGH
ENOUGH = 10  # submissions besides the first: with more, each costs hardly less, and whoever waits for us sends nothing
LONELY = 5  # long waits in a row, in whose second half nobody came, after which there is none for ALONE seconds
ALONE = 10.0
PAUSE = 0.005 if settings.EMBEDDED else 0.0  # after a commit on SQLite, or the other writers starve
WAITING = 2000  # submissions that may wait; more are told to come back
DEADLINE = 60.0  # seconds that a request waits for its commit

Item = tuple[Submission, "Future[Accepted]"]


def hand_in(submission: Submission) -> Future[Accepted]:
    """Queue a submission for the next group; the future holds the acceptance, or raises what it was refused with."""
    return _intake().put(submission)


def accept_one(submission: Submission) -> Accepted:
    """Hand a submission in and wait until it is on disk; raise what it was refused with."""
    future = hand_in(submission)
    try:
        return future.result(DEADLINE)
    except TimeoutError:
        if future.cancel():  # it will not be stored any more
            raise Unavailable from None
    try:
        return future.result(DEADLINE)  # its commit is under way
    except TimeoutError:
        raise Unavailable from None


class Intake:
    """The thread that commits, and the queue before it."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[Item | None] = queue.SimpleQueue()
        self._is_over = False
        self._last_size = 0
        self._stream = _Stream()
        self._enough = 0  # submissions besides the first that are waited for
        self._is_enough = threading.Event()
        self._thread = Thread(target=self._run, name="intake", daemon=True)
        self._thread.start()

    def put(self, submission: Submission) -> Future[Accepted]:
        future: Future[Accepted] = Future()
        if self._waiting.qsize() < WAITING:
            self._waiting.put((submission, future))
            self._stream.last_at = clock.monotonic()
            if self._waiting.qsize() >= self._enough:
                self._is_enough.set()
        else:
            future.set_exception(Unavailable("Too many messages are waiting to be stored. Try again in a moment."))
        return future

    def close(self) -> None:
        """Commit what waits, and stop; what comes after that is turned away."""
        self._waiting.put(None)
        self._thread.join(DEADLINE)

    def _run(self) -> None:
        while group := self._gather():
            try:
                settle(group)
            except Exception:
                log.exception("A group of %d submissions failed.", len(group))
                _fail(group, Unavailable())
            time.sleep(PAUSE)
        self._turn_away()
        connection.close()

    def _turn_away(self) -> None:
        with suppress(queue.Empty):
            while True:
                item = self._waiting.get_nowait()
                if item is not None:
                    _fail([item], Unavailable())

    def _gather(self) -> list[Item]:
        """Return the next group: at least one, and more where the last group had company too; none at the end."""
        item = None if self._is_over else self._waiting.get()
        self._linger()
        group: list[Item] = []
        octets = 0
        while item is not None:
            group.append(item)
            octets += _octets(item[0])
            if len(group) == GROUP or octets >= GROUP_BYTES:
                break
            try:
                item = self._waiting.get_nowait()
            except queue.Empty:
                break
        self._is_over = item is None  # after this group
        self._last_size = len(group)
        self._stream.count(len(group))
        return group

    def _linger(self) -> None:
        """Wait for more; not until each of the next, as waking up for every one costs more than storing it.

        Besides a steady stream, mail comes from those who wait for our answers: when as many have come as were answered last,
        nobody is left who could.
        """
        is_steady = self._stream.is_steady
        self._enough = ENOUGH if is_steady else min(ENOUGH, self._last_size - 1)
        self._is_enough.clear()
        if self._waiting.qsize() >= self._enough:
            return
        if is_steady:
            began = clock.monotonic()
            self._is_enough.wait(LONG)
            self._stream.judge(began)
        else:
            self._is_enough.wait(LINGER)


class _Stream:
    """How mail comes in: in a steady stream, or from a few who each wait for our answer before they send the next.

    A commit finds every cache cold at some ten a second, and costs three times what it costs each of several. So of a steady
    stream some are gathered. Those who wait for us would only be held up: nobody comes while they do, by which they are known.
    """

    def __init__(self) -> None:
        self.last_at = 0.0  # when a submission came last; times are of the monotonic clock
        self._counted_at = 0.0
        self._every = 1.0  # seconds from one submission to the next, on the average of late
        self._lonely = 0  # long waits of late that brought nobody when they were half over
        self._alone_until = 0.0

    @property
    def is_steady(self) -> bool:
        """Whether a long wait may be worth it: of faster mail a short one gathers as much."""
        return LINGER < self._every < LONG and clock.monotonic() >= self._alone_until

    def count(self, size: int) -> None:
        """Take note of a group of so many submissions."""
        now = clock.monotonic()
        if size:
            self._every += 0.1 * (min(1.0, (now - self._counted_at) / size) - self._every)
        self._counted_at = now

    def judge(self, began: float) -> None:
        """Learn from a long wait, over now, whether the next is worth it."""
        now = clock.monotonic()
        self._lonely = 0 if self.last_at > (began + now) / 2 else self._lonely + 1
        if self._lonely == LONELY:
            self._lonely, self._alone_until = 0, now + ALONE


def settle(group: Sequence[Item]) -> None:
    """Accept a group and resolve its futures."""
    live = [item for item in group if item[1].set_running_or_notify_cancel()]
    for (_, future), answer in zip(live, _accept([submission for submission, _ in live]), strict=True):
        if isinstance(answer, Accepted):
            future.set_result(answer)
        else:
            future.set_exception(answer)


def _accept(submissions: Sequence[Submission]) -> list[Answer]:
    """Accept submissions; where a row of one of them cannot be written, find out which one it was."""
    drop_broken_connection()
    try:
        if connection.connection is None:
            bulk.hold_plans()
            doubt.note_session()
        answers = _accept_twice(submissions)
    except (DataError, IntegrityError, ValueError, OverflowError) as error:
        if len(submissions) > 1:
            return [answer for submission in submissions for answer in _accept([submission])]
        log.warning("A submission of account %d cannot be stored: %s", submissions[0].account_id, error)
        return [MessageMalformed("The message has a value that cannot be stored.")]
    except (DatabaseError, InterfaceError) as error:
        log.warning("%d submissions were not stored: %s", len(submissions), error)
        connection.close()
        refusal: Refused = Unavailable()
        return [refusal for _ in submissions]
    note_answer()
    return answers


def _accept_twice(submissions: Sequence[Submission]) -> list[Answer]:
    """Accept submissions, once more where the database chose this transaction to end a deadlock."""
    try:
        return accept(submissions)
    except OperationalError as error:
        if not isinstance(error.__cause__, psycopg.errors.DeadlockDetected | psycopg.errors.SerializationFailure):
            raise
        return accept(submissions)


def _fail(group: Sequence[Item], refusal: Refused) -> None:
    for _, future in group:
        if not future.done():
            future.set_exception(refusal)


def _octets(submission: Submission) -> int:
    files = sum(len(file.content) for file in submission.files)
    return files + len(submission.raw or b"") + len(submission.html) + len(submission.text)


_lock = Lock()
_running: list[Intake] = []


def _intake() -> Intake:
    """Return this process's intake, started at the first use: a thread does not live through a fork."""
    with _lock:
        if not _running:
            _running.append(Intake())
        return _running[0]


def close_intake() -> None:
    """Commit what this process was handed in, and stop; a later submission starts anew."""
    with _lock:
        while _running:
            _running.pop().close()
