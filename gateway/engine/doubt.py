"""A commit whose answer was lost with its connection: whether it happened is found out before anybody is told no.

What the server refuses is over, and its connection lives. Where the connection is lost instead, the COMMIT may never have
arrived, may be at work, or may be done. So the session is ended from a fresh connection: PostgreSQL finishes a commit that it
has begun, and rolls everything else back. When the session is gone, its rows are there, or they never will be.

On SQLite nothing of this can be: who commits is who writes.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import Error as DatabaseError
from django.db import connection

from gateway.base import bulk, clock
from gateway.engine.submission import Accepted
from gateway.models import Message

log = logging.getLogger(__name__)

PATIENCE = 10.0  # seconds to find out; whoever handed mail in waits so long, here and behind
PAUSE = 0.1  # seconds until a database that is away is tried again

_IDENTIFY = "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
# Its row goes when its transaction has ended. The same number at another time is somebody else.
_END = "SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity WHERE pid = %s AND backend_start = %s"


@dataclass(frozen=True, slots=True)
class _Session:
    """What a connection is to the server."""

    driver: Any
    pid: int
    began_at: datetime


_known = threading.local()


def note_session() -> None:
    """Learn what this thread's connection is to the server; to be called when it is new. Without that nothing is found out."""
    if bulk.is_postgresql():
        with connection.cursor() as cursor:
            cursor.execute(_IDENTIFY)
            _known.session = _Session(connection.connection, *cursor.fetchone())


@contextmanager
def settled(answers: Mapping[int, object], places: Collection[int]) -> Iterator[None]:
    """Let pass what happens to the transaction inside when all `places` have their answer and what they say is on disk.

    Where the connection is lost over the commit that is looked up, for at most about PATIENCE; then it is as if nothing were.
    """
    session: _Session | None = getattr(_known, "session", None)
    is_known = session is not None and session.driver is connection.connection and not connection.in_atomic_block
    try:
        yield
    except DatabaseError:
        if session is None or not is_known or not session.driver.closed or len(answers) < len(places):
            raise
        if not _has_committed(session, [one.message_id for one in answers.values() if isinstance(one, Accepted)]):
            raise
        log.warning("%d submissions are stored, although the connection was lost over the commit.", len(places))


def _has_committed(session: _Session, message_ids: Sequence[int]) -> bool:
    """Tell whether messages are stored, once the session that may have stored them is gone; no where that stays unknown.

    Among them may be some that were stored before, whose keys were used again: so it is all of them, or not all.
    """
    deadline = clock.monotonic() + PATIENCE
    while clock.monotonic() < deadline:
        try:
            connection.close()
            if _is_gone(session):
                return Message.objects.filter(pk__in=message_ids).count() == len(set(message_ids))
        except DatabaseError:
            time.sleep(PAUSE)
        finally:
            connection.close()  # the next one to use it sets it up as it likes
    log.error("Whether %d messages are stored is not known: the database is away for too long.", len(message_ids))
    return False


def _is_gone(session: _Session) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_END, [session.pid, session.began_at])
        ended = cursor.fetchone()
    return ended is None or bool(ended[0])
