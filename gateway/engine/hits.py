"""What readers do, from the door that hears of it to the events that tell it: opens, clicks, unsubscribes.

    take       a hit is put on disk (tracking.spool), and the reader is answered
    write      a thread claims whole segments and writes each in one transaction, together with its id in HitBatch

So a reader is answered while the database is not, and each hit is told exactly once, whoever is killed when. Every fetch
counts, also the second within a second: what is told is what was seen; `Event.is_first` and the unique numbers tell of people.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock, Thread
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import (
    DataError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    close_old_connections,
    connection,
    transaction,
)

from gateway.base import bulk, clock
from gateway.base.statement import Statement
from gateway.engine import feedback
from gateway.engine.feedback import Report
from tracking import spool
from tracking.links import Purpose
from tracking.models import EventType, HitBatch
from tracking.spool import Hit, Spool

log = logging.getLogger(__name__)

LINGER = 0.5  # seconds that hits gather before a segment is cut and written
LOOK_AGAIN = 5.0  # seconds after which segments of processes that died are looked for
TRY_AGAIN = 60.0  # seconds after which a segment is tried again that a fault of ours keeps from being written
LONGEST_WAIT = 30.0  # seconds between two tries while the database is away
KEPT: Final = timedelta(days=30)  # ids of batches
PAUSE = 0.005 if settings.EMBEDDED else 0.0  # after a commit on SQLite, or the other writers starve

_UNFIT: Final = (DataError, IntegrityError, ValueError)  # what a row of a hit may be refused with
_stumbled: dict[Path, float] = {}  # segments by when to try them again

_TYPES: Final = {
    Purpose.OPEN: EventType.OPENED,
    Purpose.CLICK: EventType.CLICKED,
    Purpose.UNSUBSCRIBE: EventType.UNSUBSCRIBED,
}
_BEGIN = Statement(
    postgresql="""
        INSERT INTO tracking_hitbatch (id, at) VALUES (%(id)b::uuid, %(at)b::timestamptz) ON CONFLICT DO NOTHING RETURNING id
    """,
    sqlite="INSERT INTO tracking_hitbatch (id, at) VALUES (:id, :at) ON CONFLICT DO NOTHING RETURNING id",
)
_OWNERS = Statement(
    postgresql="SELECT id, account_id FROM gateway_recipient WHERE id = ANY(%(c0)b::bigint[])",
    sqlite="SELECT id, account_id FROM gateway_recipient WHERE id IN (SELECT value ->> 0 FROM json_each(:rows))",
)


def take(hit: Hit) -> bool:
    """Put a hit on disk, from where it is written to the database soon; return whether it is there (see Spool.put)."""
    return _writer().take(hit)


def begin() -> None:
    """Write down what processes that are gone left behind, where there is any."""
    if spool.waiting(folder()):
        _writer().hurry()


def folder() -> Path:
    """Return where this machine's segments stand."""
    return Path(settings.GATEPOST_DATA) / "hits"


def write_waiting(within: float = float("inf")) -> None:
    """Write every segment that nobody holds, oldest first, beginning none after `within` seconds.

    One that a fault of ours keeps from being written holds up no other; it is tried again a minute later. Raises
    OperationalError or InterfaceError when the database is away.
    """
    deadline = clock.monotonic() + within
    for path in spool.waiting(folder()):
        if _stumbled.get(path, 0.0) <= clock.monotonic() < deadline:
            _write_segment(path)


def forget() -> None:
    """Forget which segments failed."""
    _stumbled.clear()


def purge(now: datetime) -> None:
    """Forget the ids of batches of which no segment can be left."""
    HitBatch.objects.filter(at__lt=now - KEPT).delete()


def write_batch(batch: UUID, hits: Sequence[Hit]) -> None:
    """Tell hits and remember their batch, in one transaction; a batch that is known is left out."""
    try:
        _write(batch, hits)
    except _UNFIT as error:
        log.warning("A batch of %d hits has one that cannot be stored: %s", len(hits), error)
        _write(batch, hits, is_careful=True)
    time.sleep(PAUSE)


def _write_segment(path: Path) -> None:
    try:
        with spool.claim(path) as found:
            if found is not None:
                write_batch(*found)
                spool.drop(path)
        _stumbled.pop(path, None)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("The hits in %s cannot be written; they stay there and are tried again.", path)
        _stumbled[path] = clock.monotonic() + TRY_AGAIN


def _write(batch: UUID, hits: Sequence[Hit], *, is_careful: bool = False) -> None:
    with transaction.atomic(), bulk.raw_cursor() as cursor:
        if not _BEGIN.fetch(cursor, id=batch, at=clock.now()):
            return
        reports = _reports(hits, _find_owners(cursor, hits))
        if is_careful:
            _tell_one_by_one(cursor, reports)
        else:
            feedback.tell(cursor, reports)


def _tell_one_by_one(cursor: bulk.Cursor, reports: Iterable[Report]) -> None:
    for report in reports:
        try:
            with transaction.atomic():
                feedback.tell(cursor, [report])
        except _UNFIT as error:
            log.warning("A hit of recipient %d cannot be stored and is left out: %s", report.recipient_id, error)


def _find_owners(cursor: bulk.Cursor, hits: Iterable[Hit]) -> set[tuple[Any, ...]]:
    """Return (recipient, account) of those recipients that are there."""
    keys = sorted({hit.recipient_id for hit in hits})
    return set(_OWNERS.fetch(cursor, rows=[(key,) for key in keys])) if keys else set()


def _reports(hits: Iterable[Hit], owners: set[tuple[Any, ...]]) -> list[Report]:
    return [_report(hit) for hit in hits if (hit.recipient_id, hit.account_id) in owners]


def _report(hit: Hit) -> Report:
    return Report(
        recipient_id=hit.recipient_id,
        type=_TYPES[hit.purpose],
        at=hit.at,
        address=hit.address,
        agent=hit.agent,
        url=hit.url,
    )


class Writer:
    """This process's spool, and the thread that writes what whole segments hold: its own, and those of the dead."""

    def __init__(self) -> None:
        self._spool = Spool(folder())
        self._news = threading.Event()
        self._is_over = threading.Event()
        self._thread = Thread(target=self._run, name="hits", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Tell whether this process has the threads: they do not live through a fork."""
        return self._thread.is_alive() and self._spool.is_alive

    def take(self, hit: Hit) -> bool:
        is_kept = self._spool.put(hit)
        self.hurry()
        return is_kept

    def hurry(self) -> None:
        """Say that there is something to write."""
        if not self._news.is_set():
            self._news.set()

    def close(self) -> None:
        """Stop; what was taken stays on disk for the next who begins."""
        self._is_over.set()
        self._spool.close()
        self.hurry()
        self._thread.join(LONGEST_WAIT)

    def _run(self) -> None:
        wait = 0.0
        while not self._is_over.wait(wait):
            is_asked = self._news.wait(LOOK_AGAIN)
            self._news.clear()
            if is_asked:
                self._is_over.wait(LINGER)
            wait = 0.0 if self._write() else min(LONGEST_WAIT, max(LINGER, wait * 2))
            if wait:
                self.hurry()
        connection.close()

    def _write(self) -> bool:
        """Write what there is; return whether the database took it."""
        try:
            self._spool.cut()
            close_old_connections()
            write_waiting()
        except (OperationalError, InterfaceError) as error:
            log.warning("Hits wait on disk, as the database does not take them: %s", error)
            connection.close()
            return False
        except Exception:
            log.exception("Hits wait on disk.")
            return False
        return True


_lock = Lock()
_running: list[Writer] = []


def _writer() -> Writer:
    """Return this process's writer, started at the first use."""
    if _running and _running[0].is_alive:
        return _running[0]
    with _lock:
        if not _running or not _running[0].is_alive:
            _running[:] = [Writer()]
        return _running[0]


def close_hits() -> None:
    """Stop this process's writer; a later hit starts anew."""
    with _lock:
        while _running:
            _running.pop().close()
