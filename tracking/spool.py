"""Where hits of readers wait for the database: journal files on this machine's disk, synced before a reader is answered.

A process appends to one segment of its own under GATEPOST_DATA/hits, and holds its lock (flock) as long as it does. A segment
that nobody holds is whole, whether its writer cut it or died: whoever takes its lock first writes its hits down and drops it.
Nothing here touches the database.
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock, Thread
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec

from gateway.base import clock
from gateway.base.ids import make_public_id
from tracking.links import Purpose

log = logging.getLogger(__name__)

SEGMENT: Final = 256 * 1024  # octets after which a segment is cut; what one transaction writes
MOST_OCTETS: Final = 1 << 30  # of all segments: about five million hits, which an outage of hours may leave
MOST_WAITING: Final = 10_000  # hits that wait for one sync
DEADLINE: Final = 1.0  # seconds that a reader waits for the disk; usually it takes milliseconds
_COMPLAIN_EVERY: Final = 60.0  # seconds
_SUFFIX: Final = ".hits"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One fetch by a reader. `url` is a click's target; all text is bounded by who makes the hit."""

    purpose: Purpose
    at: datetime
    account_id: int
    recipient_id: int
    url: str = ""
    address: str = ""
    agent: str = ""


@dataclass(slots=True)
class _Group:
    """Lines that are written and synced together."""

    lines: list[bytes] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)
    is_kept: bool = False


class Spool:
    """This process's journal in `folder`: a thread that writes, and the group that gathers for its next turn."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()  # of the group that gathers
        self._group = _Group()
        self._work = threading.Event()
        self._segment_lock = Lock()
        self._segment: _Segment | None = None
        self._is_late = False  # the disk does not answer; nobody is to wait for it any more
        self._is_closed = False
        self._complained = float("-inf")
        self._thread = Thread(target=self._run, name="spool", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Tell whether this process has the thread: it does not live through a fork."""
        return self._thread.is_alive()

    def put(self, hit: Hit) -> bool:
        """Keep a hit, and return whether it is on disk. False comes within DEADLINE: no reader waits for a sick disk."""
        with self._lock:
            group = self._group
            if self._is_closed or len(group.lines) >= MOST_WAITING:
                return self._complain("Too many hits wait for the disk")
            group.lines.append(_write_line(hit))
        if not self._work.is_set():
            self._work.set()
        if not group.is_over.wait(0.0 if self._is_late else DEADLINE):
            self._is_late = True
            return self._complain(f"The disk did not take a hit within {DEADLINE:g} s")
        return group.is_kept

    def cut(self) -> None:
        """End the segment that is being written, so that it can be claimed."""
        with self._segment_lock:
            self._end_segment()

    def close(self) -> None:
        """Write what waits, and stop."""
        with self._lock:
            self._is_closed = True
        self._work.set()
        self._thread.join(DEADLINE)
        self.cut()

    def _run(self) -> None:
        while not self._is_closed or self._group.lines:
            self._work.wait()
            self._work.clear()
            with self._lock:
                group, self._group = self._group, _Group()
            group.is_kept = self._keep(b"".join(group.lines))
            self._is_late = False
            group.is_over.set()

    def _keep(self, octets: bytes) -> bool:
        try:
            with self._segment_lock:
                self._write(octets)
        except OSError as error:
            return self._complain(f"Hits cannot be written to {self._folder}: {error}")
        return True

    def _write(self, octets: bytes) -> None:
        if not octets:
            return
        if self._segment is None:
            self._segment = _begin_segment(self._folder)
        try:
            self._segment.append(octets)
        except OSError:
            self._end_segment()  # a reader of it leaves out half a line
            raise
        if self._segment.size >= SEGMENT:
            self._end_segment()

    def _end_segment(self) -> None:
        if self._segment is not None:
            self._segment.end()
            self._segment = None

    def _complain(self, what: str) -> bool:
        """Log, once a minute, that hits are not counted; return False."""
        if clock.monotonic() >= self._complained + _COMPLAIN_EVERY:
            self._complained = clock.monotonic()
            log.error("%s. Readers are answered, but such hits are not counted.", what)
        return False


@dataclass(slots=True)
class _Segment:
    """An open segment."""

    path: Path
    file: int
    size: int = 0

    def append(self, octets: bytes) -> None:
        """Write and sync; a segment that raised OSError ends where it was before, as far as the disk lets us."""
        try:
            _write_all(self.file, octets)
            os.fdatasync(self.file)
            if not self.size:
                _sync_folder(self.path.parent)
        except OSError:
            with suppress(OSError):
                os.ftruncate(self.file, self.size)
            raise
        self.size += len(octets)

    def end(self) -> None:
        """Let go of the file and its lock; one without a hit goes, or a full disk would leave one for each try."""
        if not self.size:
            with suppress(OSError):
                self.path.unlink()
        os.close(self.file)


def folder_size(folder: Path) -> int:
    """Return the octets of all segments in a folder."""
    total = 0
    for path in waiting(folder):
        with suppress(FileNotFoundError):
            total += path.stat().st_size
    return total


def waiting(folder: Path) -> list[Path]:
    """Return the segments in a folder, oldest first, those included that are being written."""
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == _SUFFIX)
    except FileNotFoundError:
        pass
    except OSError as error:
        log.warning("Hits cannot be looked for in %s: %s", folder, error)
    return []


@contextmanager
def claim(path: Path) -> Iterator[tuple[UUID, list[Hit]] | None]:
    """Hold a segment and yield its id and hits; None where it is another's, by its lock or its rights, or is gone.

    `drop` it before leaving.
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, PermissionError):
        yield None
        return
    try:
        yield (UUID(path.stem), _read(file)) if _lock_file(file) else None
    finally:
        os.close(file)


def drop(path: Path) -> None:
    """Remove a segment that is held and written down. Should a power cut bring it back, its id is known."""
    path.unlink()


def _begin_segment(folder: Path) -> _Segment:
    """Make a segment and hold it; raise OSError where the folder is full."""
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sync_folder(folder.parent)
    if folder_size(folder) >= MOST_OCTETS:
        raise OSError(f"{MOST_OCTETS} bytes of hits wait for the database already")
    while True:
        path = folder / f"{make_public_id()}{_SUFFIX}"
        file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            if _lock_file(file):  # nobody took it for a dead process's in the meantime
                return _Segment(path, file)
        except OSError:
            os.close(file)
            raise
        os.close(file)


def _lock_file(file: int) -> bool:
    """Take the lock of a file; return whether it is ours, and the file still has its name."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return os.fstat(file).st_nlink > 0


def _sync_folder(folder: Path) -> None:
    """Make the name of a new file outlast a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_all(file: int, octets: bytes) -> None:
    rest = memoryview(octets)
    while rest:
        rest = rest[os.write(file, rest) :]


def _write_line(hit: Hit) -> bytes:
    milliseconds = int(hit.at.timestamp() * 1000)
    row = (hit.purpose.value, milliseconds, hit.account_id, hit.recipient_id, hit.url, hit.address, hit.agent)
    return msgspec.json.encode(row) + b"\n"


def _read(file: int) -> list[Hit]:
    """Return the hits of a segment. A line that was not written to its end was not answered as kept, and is left out."""
    with os.fdopen(os.dup(file), "rb") as lines:
        return list(_read_lines(lines.read().split(b"\n")[:-1]))


def _read_lines(lines: Sequence[bytes]) -> Iterator[Hit]:
    for line in lines:
        try:
            yield _hit_of(_decoder.decode(line))
        except (msgspec.DecodeError, ValueError):
            log.warning("A line of a segment of hits cannot be read, and is left out: %.200r", line)


def _hit_of(row: tuple[Any, ...]) -> Hit:
    purpose, milliseconds, account_id, recipient_id, url, address, agent = row
    return Hit(
        purpose=Purpose(purpose),
        at=datetime.fromtimestamp(milliseconds / 1000, UTC),
        account_id=account_id,
        recipient_id=recipient_id,
        url=url,
        address=address,
        agent=agent,
    )


_Key = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
_Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799_999)]  # to the end of the year 9999
_decoder = msgspec.json.Decoder(tuple[str, _Milliseconds, _Key, _Key, str, str, str])
