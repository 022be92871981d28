"""Hits on disk: there before anybody is answered, whole whoever dies, each segment in one hand at a time, bounded."""

from __future__ import annotations

import errno
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any
from uuid import UUID

import pytest

from tracking import spool
from tracking.links import Purpose
from tracking.spool import Hit, Spool

AT = datetime(2026, 5, 4, 3, 2, 1, 987_000, tzinfo=UTC)
HIT = Hit(
    purpose=Purpose.CLICK,
    at=AT,
    account_id=7,
    recipient_id=8,
    url='https://shop.example/?a="é"\u2028',
    address="2001:db8::1",
    agent="Mozilla/5.0",
)


def numbered(number: int) -> Hit:
    return Hit(purpose=Purpose.OPEN, at=AT, account_id=1, recipient_id=number)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "hits"


@pytest.fixture
def journal(folder: Path) -> Iterator[Spool]:
    made = Spool(folder)
    yield made
    made.close()


def take_all(folder: Path) -> list[Hit]:
    """Claim, read and drop every segment that nobody holds."""
    found: list[Hit] = []
    for path in spool.waiting(folder):
        with spool.claim(path) as claimed:
            if claimed is not None:
                found += claimed[1]
                spool.drop(path)
    return found


def test_it_works(journal: Spool, folder: Path) -> None:
    assert journal.put(HIT)
    journal.cut()
    (path,) = spool.waiting(folder)
    with spool.claim(path) as claimed:
        assert claimed == (UUID(path.stem), [HIT])


def test_a_hit_is_on_disk_when_put_returns(journal: Spool, folder: Path) -> None:
    journal.put(HIT)
    (path,) = spool.waiting(folder)
    assert b"shop.example" in path.read_bytes()


def test_a_segment_that_is_written_is_nobody_elses(journal: Spool, folder: Path) -> None:
    journal.put(HIT)
    assert take_all(folder) == []
    journal.cut()
    assert take_all(folder) == [HIT]
    assert spool.waiting(folder) == []


def test_a_segment_that_one_holds_no_other_gets(journal: Spool, folder: Path) -> None:
    journal.put(HIT)
    journal.cut()
    (path,) = spool.waiting(folder)
    with spool.claim(path) as first, spool.claim(path) as second:
        assert first is not None
        assert second is None
        spool.drop(path)
    with spool.claim(path) as late:
        assert late is None


def test_a_segment_of_another_user_is_left_alone(
    journal: Spool, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    journal.put(HIT)
    journal.cut()
    with monkeypatch.context() as stranger:
        stranger.setattr(os, "open", refuse)
        assert take_all(folder) == []
    assert take_all(folder) == [HIT]


def refuse(*_: object, **__: object) -> int:
    raise PermissionError(errno.EACCES, "Permission denied")


def test_a_folder_that_is_none_holds_up_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "hits").write_text("in the way")
    journal = Spool(tmp_path / "hits")
    assert not journal.put(HIT)
    assert spool.waiting(tmp_path / "hits") == []
    journal.close()
    assert "cannot be looked for" in caplog.text


def test_many_threads_lose_nothing(journal: Spool, folder: Path) -> None:
    found: list[Hit] = []
    with ThreadPoolExecutor(8) as threads:
        puts = [threads.submit(journal.put, numbered(number)) for number in range(500)]
        while not all(put.done() for put in puts):
            journal.cut()
            found += take_all(folder)
    journal.cut()
    found += take_all(folder)
    assert all(put.result() for put in puts)
    assert sorted(hit.recipient_id for hit in found) == list(range(500))


def test_segments_are_bounded(journal: Spool, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "SEGMENT", 60)
    for number in range(4):
        journal.put(numbered(number))
    assert len(spool.waiting(folder)) == 2
    assert {hit.recipient_id for hit in take_all(folder)} == {0, 1, 2, 3}


def test_a_full_folder_takes_no_more_until_there_is_room(
    journal: Spool, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(spool, "SEGMENT", 10)
    monkeypatch.setattr(spool, "MOST_OCTETS", 90)
    kept = [journal.put(numbered(number)) for number in range(9)]
    assert kept == [True] * 3 + [False] * 6
    assert len([record for record in caplog.records if "not counted" in record.message]) == 1
    assert len(take_all(folder)) == 3
    assert journal.put(numbered(9))


SPOILT = (
    b'["c",1]\n',
    b"\0\0\0\n",
    b'["x",1,1,1,"","",""]\n',
    b'["o",99999999999999999999999,1,1,"","",""]\n',
    b'["o",1,99999999999999999999999,1,"","",""]\n',
    b'["o",1,1,-5,"","",""]\n',
)


def test_half_a_line_is_left_out(journal: Spool, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    journal.put(HIT)
    journal.put(numbered(1))
    journal.close()
    (path,) = spool.waiting(folder)
    path.write_bytes(b"".join(SPOILT) + path.read_bytes()[:-5])
    assert take_all(folder) == [HIT]
    assert "cannot be read" in caplog.text


def test_a_disk_that_fails_is_said_and_left_behind(
    journal: Spool, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    journal.put(numbered(1))
    with monkeypatch.context() as sick:
        sick.setattr(os, "fdatasync", fail)
        assert not journal.put(numbered(2))
        assert not journal.put(numbered(3))
    assert journal.put(numbered(4))
    journal.cut()
    assert {hit.recipient_id for hit in take_all(folder)} == {1, 4}
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_a_disk_that_fails_is_left_no_files(journal: Spool, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_before = count_open()
    monkeypatch.setattr(os, "fsync", fail)  # of the folder, when a segment begins
    assert not any(journal.put(numbered(number)) for number in range(20))
    assert spool.waiting(folder) == []
    assert count_open() <= open_before


def count_open() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def fail(_: int) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_nobody_waits_for_a_disk_that_hangs(journal: Spool, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    is_well = Event()
    monkeypatch.setattr(spool, "DEADLINE", 0.05)
    with monkeypatch.context() as sick:
        sick.setattr(os, "fdatasync", lambda _: is_well.wait(10))
        assert not journal.put(numbered(1))
        monkeypatch.setattr(spool, "DEADLINE", 10.0)
        assert not journal.put(numbered(2))  # at once
        is_well.set()
    while not journal.put(numbered(3)):
        pass
    journal.cut()
    assert {hit.recipient_id for hit in take_all(folder)} >= {1, 2, 3}  # what was late is kept all the same


def test_what_waits_for_the_disk_is_bounded(journal: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "MOST_WAITING", 0)
    assert not journal.put(HIT)


DIES = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from tracking.links import Purpose
from tracking.spool import Hit, Spool
journal = Spool(Path(sys.argv[1]))
for number in range(50):
    assert journal.put(Hit(purpose=Purpose.OPEN, at=datetime.now(UTC), account_id=1, recipient_id=number))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_leaves_all_that_it_had_put(folder: Path) -> None:
    died = run(DIES, folder)
    assert died.returncode == -signal.SIGKILL
    assert [hit.recipient_id for hit in take_all(folder)] == list(range(50))


def run(code: str, *arguments: object) -> subprocess.CompletedProcess[Any]:
    return subprocess.run([sys.executable, "-c", code, *map(str, arguments)], check=False, timeout=60)
