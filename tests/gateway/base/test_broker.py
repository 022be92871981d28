"""The embedded broker's file does not grow."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from celery import Celery
from kombu import Connection
from kombu.transport.sqlalchemy import Channel

from gateway.base.broker import FILE, make_broker, purge_broker


@pytest.fixture
def folder(tmp_path: Path, settings) -> Path:
    settings.GATEPOST_DATA, settings.REDIS_URL = tmp_path, ""
    return tmp_path


def rows(folder: Path) -> list[tuple[int]]:
    with closing(sqlite3.connect(folder / FILE)) as broker:
        return broker.execute("SELECT visible FROM kombu_message").fetchall()


def test_it_works(folder: Path) -> None:
    url = f"sqla+sqlite:///{folder / FILE}"
    with Connection(url) as broker, closing(broker.SimpleQueue("gatepost")) as queue:
        for number in range(3):
            queue.put({"number": number})
        queue.get(timeout=5).ack()
        assert len(rows(folder)) == 3
        assert purge_broker() == 1
        left = [queue.get(timeout=5) for _ in range(2)]
        assert [message.payload["number"] for message in left] == [1, 2]
        for message in left:
            message.ack()
    engine, _ = Channel._engines.pop(url.removeprefix("sqla+"))
    engine.dispose()


def test_its_tables_and_queues_are_made_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqla+sqlite:///{folder / FILE}"
    monkeypatch.setattr("gateway.base.broker.current_app", Celery(broker=url))
    make_broker()
    make_broker()
    with closing(sqlite3.connect(folder / FILE)) as broker:
        assert broker.execute("SELECT name FROM kombu_queue").fetchall() == [("gatepost",), ("gatepost-tasks",)]
    engine, _ = Channel._engines.pop(url.removeprefix("sqla+"))
    engine.dispose()


def test_without_a_file_there_is_nothing_to_do(folder: Path) -> None:
    assert purge_broker() == 0


def test_a_file_that_cannot_be_read_is_left_alone(folder: Path) -> None:
    (folder / FILE).write_bytes(b"no database" * 100)
    assert purge_broker() == 0
