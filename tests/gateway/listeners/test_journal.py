from __future__ import annotations

import asyncio
import hashlib
import io
import json
from pathlib import Path

from gateway.listeners.journal import Journal, Stage, Transaction


def transaction(**changes: object) -> Transaction:
    values = {"number": 1, "time": 1.5, "client": "127.0.0.1", "helo": "a", "tls": "", "stage": Stage.DOT} | changes
    return Transaction(**values)  # type: ignore[arg-type]


def record(journal: Journal, *transactions: Transaction) -> None:
    async def run() -> None:
        for each in transactions:
            journal.record(each)

    asyncio.run(run())
    journal.flush()


def test_it_works() -> None:
    lines = io.BytesIO()
    record(
        Journal(lines),
        transaction(mail_from="a@b.example", rcpt_to=[("c@d.example", "250 OK")], content=b"Hello", reply="250 OK"),
    )
    assert json.loads(lines.getvalue()) == {
        "number": 1,
        "time": "1970-01-01T00:00:01.500000Z",
        "client": "127.0.0.1",
        "helo": "a",
        "tls": "",
        "mail_from": "a@b.example",
        "parameters": {},
        "rcpt_to": [{"address": "c@d.example", "reply": "250 OK"}],
        "stage": "dot",
        "reply": "250 OK",
        "size": 5,
        "sha256": hashlib.sha256(b"Hello").hexdigest(),
    }


def test_lines_are_written_by_themselves() -> None:
    async def run() -> list[bytes]:
        lines = io.BytesIO()
        journal = Journal(lines)
        journal.record(transaction())
        journal.record(transaction(number=2))
        while not lines.getvalue():  # noqa: ASYNC110  what is awaited is the journal's own timer
            await asyncio.sleep(0.01)
        return lines.getvalue().splitlines()

    lines = asyncio.run(asyncio.wait_for(run(), 10))
    assert [json.loads(line)["number"] for line in lines] == [1, 2]


def test_messages_are_kept_as_they_came(tmp_path: Path) -> None:
    lines = io.BytesIO()
    record(Journal(lines, tmp_path), transaction(content=b"one\r\n"), transaction(content=None), transaction(content=b"two"))
    assert [json.loads(line).get("path") for line in lines.getvalue().splitlines()] == ["1.eml", None, "2.eml"]
    assert (tmp_path / "1.eml").read_bytes() == b"one\r\n"
    assert (tmp_path / "2.eml").read_bytes() == b"two"


def test_a_folder_is_filled_further(tmp_path: Path) -> None:
    record(Journal(io.BytesIO(), tmp_path), transaction(content=b"one"))
    record(Journal(io.BytesIO(), tmp_path), transaction(content=b"two"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.eml", "2.eml"]
