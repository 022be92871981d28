"""Takes in the mail that came back: from the folder where the returns door keeps it, to what is told of recipients.

    new    mails as they came, whole; each names the return paths that it was sent to, and so whom it is about
    done   what was taken in, for a week, to look things up
    odd    what could not be, to be looked at

A mail is about the recipient whose return path it came to, whatever it says inside. Taking one in twice tells nothing twice
(`feedback` marks what it told), so that a mail leaves `new` after the commit. A lock on the folder keeps processes apart.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Final

from django.db import DatabaseError, DataError, InterfaceError, close_old_connections, connection, transaction

from gateway.base import bulk, clock
from gateway.engine import feedback
from gateway.engine.bounce_verdicts import Finding, Sort
from gateway.engine.bounces import read_returned
from gateway.engine.feedback import Report
from gateway.engine.mailparts import MAX_READ
from gateway.engine.reply_words import Kind
from gateway.engine.returns import read_return_path
from tracking.models import EventType

log = logging.getLogger(__name__)

BATCH: Final = 100  # mails in one transaction
KEEP: Final = timedelta(days=7)
MOST_KEPT: Final = 10_000  # mails in `done`, and in `odd`
MOST_OCTETS: Final = 500_000_000  # of them, each
TIDY_EVERY: Final = 600.0  # seconds
RETRY_AFTER: Final = 5.0  # seconds, where the database did not answer
MAX_ENVELOPE: Final = 100  # recipients of one mail

_TYPES: Final = {
    Sort.COMPLAINED: EventType.COMPLAINED,
    Sort.OPTED_OUT: EventType.UNSUBSCRIBED,
    Sort.BOUNCED: EventType.BOUNCED,
}
# Of several things that one mail says, the first of these is told.
_WEIGHTS: Final = tuple(_TYPES)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mail:
    """A file of `new`, read."""

    path: Path
    reports: tuple[Report, ...]


def take_in(folder: Path) -> int:
    """Take in all that waits in the Maildir `folder`; return how many mails. Raises DatabaseError, and what waits stays."""
    _make(folder)
    taken = 0
    with _lock(folder):
        while batch := _list(folder / "new", BATCH):
            mails = [mail for path in batch if (mail := _read(path, folder)) is not None]
            _tell_each(mails, folder)
            taken += len(batch)
    return taken


def tidy(folder: Path) -> None:
    """Remove what was kept for long enough, and the oldest of what is too much."""
    oldest = (clock.now() - KEEP).timestamp()
    for name in ("done", "odd"):
        octets = 0
        for number, (written, size, path) in enumerate(sorted(_files(folder / name), reverse=True)):
            octets += size
            if written < oldest or number >= MOST_KEPT or octets > MOST_OCTETS:
                path.unlink(missing_ok=True)


class Taker:
    """The thread of the returns door that takes mail in: when it starts, and whenever it is poked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._is_work = threading.Event()
        self._is_work.set()
        self._is_over = False
        self._tidied = 0.0
        self._thread = threading.Thread(target=self._run, name="returned", daemon=True)

    def __enter__(self) -> Taker:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Finish what is begun, and take in what is left."""
        self._is_over = True
        self._is_work.set()
        self._thread.join(30)

    def poke(self) -> None:
        """Say that there is work."""
        self._is_work.set()

    def _run(self) -> None:
        is_over = False
        while not is_over:
            self._is_work.wait(TIDY_EVERY)
            self._is_work.clear()
            is_over = self._is_over  # one last turn after that
            self._turn()
        connection.close()

    def _turn(self) -> None:
        try:
            close_old_connections()
            take_in(self._folder)
            self._tidy()
        except (DatabaseError, InterfaceError) as error:
            log.warning("Returned mail waits, as the database does not take it in: %s", error)
            connection.close()
            self._pause()
        except Exception:
            log.exception("Returned mail was not taken in.")
            self._pause()

    def _pause(self) -> None:
        """Let a fault pass before the next turn, unless it is the last."""
        if not self._is_over:
            time.sleep(RETRY_AFTER)
            self._is_work.set()

    def _tidy(self) -> None:
        if clock.monotonic() > self._tidied + TIDY_EVERY or not self._tidied:
            tidy(self._folder)
            self._tidied = clock.monotonic()


def _make(folder: Path) -> None:
    for name in ("new", "done", "odd"):
        (folder / name).mkdir(parents=True, exist_ok=True)


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _list(folder: Path, most: int) -> list[Path]:
    with os.scandir(folder) as entries:
        return sorted(Path(entry.path) for entry in islice(entries, most) if not entry.name.startswith("."))


def _files(folder: Path) -> Iterator[tuple[float, int, Path]]:
    """Yield when each file was written, its size, and where it is."""
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                known = entry.stat()
                yield known.st_mtime, known.st_size, Path(entry.path)


def _read(path: Path, folder: Path) -> _Mail | None:
    """Return a mail with what it reports; None where it cannot be read, and was put aside."""
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_READ)
        at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        return _Mail(path=path, reports=tuple(make_reports(raw, at)))
    except Exception:  # whatever a stranger's mail does to us, the next one is read
        log.exception("The returned mail %s cannot be read.", path.name)
        _move(path, folder / "odd")
        return None


def make_reports(raw: bytes, at: datetime) -> Iterator[Report]:
    """Yield what a mail as the returns door keeps it tells of the recipients whose return paths it came to."""
    envelope, body = _split_envelope(raw)
    recipients = sorted({key for address in envelope if (key := read_return_path(address)) is not None})
    finding = choose(read_returned(body))
    if finding.sort not in _TYPES:
        log.info("A mail about recipients %s is %s: %.200s", recipients, finding.sort, finding.reply)
        return
    for recipient_id in recipients:
        yield _report(recipient_id, finding, at)


def choose(findings: Sequence[Finding]) -> Finding:
    """Return the finding that matters most; where some of what the address stands for was reached, it is not bad."""
    order = {sort: number for number, sort in enumerate(_WEIGHTS)}
    best = min(findings, key=lambda each: (order.get(each.sort, len(order)), not each.is_hard))
    if best.is_hard and any(each.sort is Sort.DELIVERED for each in findings):
        return next((each for each in findings if each.sort is best.sort and not each.is_hard), _soften(best))
    return best


def _soften(finding: Finding) -> Finding:
    return replace(finding, category=Kind.MAILBOX)


def _report(recipient_id: int, finding: Finding, at: datetime) -> Report:
    return Report(
        recipient_id=recipient_id,
        type=_TYPES[finding.sort],
        at=at,
        category=finding.category,
        code=finding.code,
        enhanced=finding.enhanced,
        reply=finding.reply,
        host=finding.host,
    )


def _split_envelope(raw: bytes) -> tuple[list[str], bytes]:
    """Return the addresses that a mail came to, as the door wrote them on top, and the mail.

    What stands below in the mail's own header is a stranger's and counts for nothing.
    """
    head = _envelope.match(raw)
    if head is None:
        raise ValueError("It does not begin as the returns door writes it.")
    found = re.findall(rb"Delivered-To: ([^\r\n]*)\r\n", head["to"])
    return [address.decode("ascii", "replace") for address in found[:MAX_ENVELOPE]], raw[head.end() :]


def _tell_each(mails: Sequence[_Mail], folder: Path) -> None:
    """Tell what mails report and put them away; one that cannot be written is put aside, for all the others to go on."""
    try:
        _tell(report for mail in mails for report in mail.reports)
    except (DataError, ValueError, OverflowError):
        if len(mails) > 1:
            for mail in mails:
                _tell_each([mail], folder)
            return
        log.exception("What the returned mail %s says cannot be written.", mails[0].path.name)
        _move(mails[0].path, folder / "odd")
        return
    for mail in mails:
        _move(mail.path, folder / "done")


def _tell(reports: Iterable[Report]) -> None:
    with transaction.atomic(), bulk.raw_cursor() as cursor:
        feedback.tell(cursor, reports)


def _move(path: Path, folder: Path) -> None:
    with suppress(FileNotFoundError):
        path.rename(folder / path.name)


_envelope: Final = re.compile(rb"(?P<to>(?:Delivered-To: [^\r\n]*\r\n)+)Return-Path: <[^\r\n]*>\r\n")
