"""The mail that the demo's receiving server caught: a folder of `<n>.eml` and its journal. All of it may be garbage.

The folder is what counts; a mail without its line in the journal shows all the same.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from domains.verdicts import FAIL, judge
from gateway.base import clock
from gateway.console.letters import FAULTS, MOST_READ, Letter, read_letter

PER_PAGE = 50
JOURNAL = "journal.jsonl"
MOST_JOURNAL = 4_000_000  # bytes at the end of the journal that are read
HEAD = 32_768  # bytes of a mail that the list looks at
JUDGING = 2.0  # seconds that one page may spend on verdicts: they ask DNS


@dataclass(frozen=True, slots=True, kw_only=True)
class Caught:
    """One mail as it arrived. `verdict` is what DKIM says of it, empty while nobody has asked."""

    number: int
    at: datetime
    size: int
    mail_from: str = ""
    rcpt_to: tuple[str, ...] = ()
    tls: str = ""
    verdict: str = ""
    head: Letter


def count_mails(folder: Path) -> int:
    """Return how many mails there are."""
    return len(_numbers(folder))


def read_page(folder: Path, page: int) -> list[Caught]:
    """Return the mails of a page, the newest first; pages count from 1."""
    numbers = _numbers(folder)[(page - 1) * PER_PAGE : page * PER_PAGE]
    journal = _read_journal(folder)
    until = clock.monotonic() + JUDGING
    mails = (_read_caught(folder, number, journal.get(f"{number}.eml", {}), until) for number in numbers)
    return [mail for mail in mails if mail is not None]


def read_caught(folder: Path, number: int) -> Caught | None:
    """Return one mail; None when there is none of that number."""
    until = clock.monotonic() + JUDGING
    return _read_caught(folder, number, _read_journal(folder).get(f"{number}.eml", {}), until)


def read_source(folder: Path, number: int) -> bytes | None:
    """Return the mail itself, at most MOST_READ bytes; None when there is none of that number."""
    return _read(folder / f"{number}.eml", MOST_READ)


def _numbers(folder: Path) -> list[int]:
    """Return the numbers of all mails, the newest first."""
    try:
        names = os.listdir(folder)  # noqa: PTH208  names are all that is needed of what may be many thousands
    except OSError:
        return []
    return sorted((int(name[:-4]) for name in names if name.endswith(".eml") and name[:-4].isdecimal()), reverse=True)


def _read_caught(folder: Path, number: int, entry: Mapping[str, Any], until: float) -> Caught | None:
    path = folder / f"{number}.eml"
    head = _read(path, HEAD)
    if head is None:
        return None
    facts = path.stat()
    return Caught(
        number=number,
        at=_time_of(entry.get("time")) or datetime.fromtimestamp(facts.st_mtime, UTC),
        size=facts.st_size,
        mail_from=str(entry.get("mail_from") or ""),
        rcpt_to=tuple(_addresses(entry.get("rcpt_to"))),
        tls=str(entry.get("tls") or ""),
        verdict=str(entry.get("dkim") or "") or _verdict(path, facts.st_mtime_ns, until),
        head=read_letter(head),
    )


def _verdict(path: Path, changed: int, until: float) -> str:
    return _judge(path, changed) if clock.monotonic() < until else ""


@lru_cache(maxsize=2_000)
def _judge(path: Path, changed: int) -> str:  # noqa: ARG001  a part of the key: tells a mail from an older one of its name
    """Judge a mail, once."""
    raw = _read(path, MOST_READ)
    try:
        return judge(raw) if raw is not None else ""
    except FAULTS:  # a mail that the verifier cannot read at all
        return FAIL


def _read(path: Path, most: int) -> bytes | None:
    try:
        with path.open("rb") as file:
            return file.read(most)
    except OSError:
        return None


def _read_journal(folder: Path) -> dict[str, Mapping[str, Any]]:
    """Return the journal's entries by the name of their file; lines that are not whole are left out."""
    try:
        with (folder / JOURNAL).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - MOST_JOURNAL))
            lines = file.read(MOST_JOURNAL).splitlines()
    except OSError:
        return {}
    entries = (entry for entry in map(_parse_line, lines) if entry is not None)
    return {Path(str(entry.get("path") or entry.get("file") or "")).name: entry for entry in entries}


def _parse_line(line: bytes) -> Mapping[str, Any] | None:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) else None


def _time_of(value: Any) -> datetime | None:
    """Return a time given in ISO 8601 or in seconds since 1970."""
    try:
        read = datetime.fromtimestamp(value, UTC) if isinstance(value, int | float) else datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _addresses(value: Any) -> Iterator[str]:
    """Yield addresses, each given as a text, as `{"address": ...}` or as a pair with the reply behind."""
    for item in value if isinstance(value, list) else ():
        address = item.get("address") if isinstance(item, dict) else item[0] if isinstance(item, list) and item else item
        if isinstance(address, str):
            yield address
