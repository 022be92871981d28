"""A commit whose answer was lost: what is said of it is what became of it.

On SQLite there is no connection that could be lost: the tests are on PostgreSQL, whatever the others are on. That PostgreSQL
itself dies over it is tried in tests/faults, as D1.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Timer
from typing import Any

import pytest
from django.db import OperationalError, connection

from gateway.base import bulk
from gateway.base.errors import Unavailable
from gateway.engine import doubt, intake
from gateway.engine.accept import Answer, accept
from gateway.engine.submission import Accepted, Submission
from gateway.models import Message
from tests.gateway.engine.conftest import Make

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("on_postgresql")]

Loss = Callable[[], None]
Lose = Callable[..., None]


@pytest.fixture
def lose(monkeypatch: pytest.MonkeyPatch) -> Lose:
    """Have the next transaction, on a fresh connection, lose it: by what is done instead of the commit, or after it."""
    commit = bulk.transaction

    def let(*, instead: Loss | None = None, after: Loss | None = None) -> None:
        @contextmanager
        def transaction() -> Iterator[bulk.Cursor]:
            monkeypatch.setattr(bulk, "transaction", commit)
            with commit() as cursor:
                yield cursor
                if instead is not None:
                    cursor.execute("SELECT 1")
                    cursor.fetchone()  # by now the server has done all that was asked for
                    instead()
                    raise OperationalError("the connection is lost")
            if after is not None:
                after()
                raise OperationalError("the connection is lost")

        connection.close()
        monkeypatch.setattr(bulk, "transaction", transaction)

    return let


def hang_up() -> None:
    connection.connection.close()


def cut() -> socket.socket:
    """Cut the line to the server, which does not notice: return its end of it."""
    driver = connection.connection
    line = socket.socket(fileno=os.dup(driver.pgconn.socket))
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), driver.pgconn.socket)
    driver.close()
    return line


def settle(*group: Submission) -> list[Answer]:
    """Store a group as the intake does; return the answers."""
    futures: list[Any] = [intake.Future() for _ in group]
    intake.settle(list(zip(group, futures, strict=True)))
    return [future.exception() or future.result() for future in futures]


@pytest.mark.parametrize("size", [1, 3, 60])
def test_it_works(make: Make, lose: Lose, size: int) -> None:
    lose(after=hang_up)
    answers = settle(*(make() for _ in range(size)))
    assert {answer.message_id for answer in answers if isinstance(answer, Accepted)} == set(
        Message.objects.values_list("pk", flat=True)
    )
    assert len(answers) == Message.objects.count() == size


def test_what_was_not_committed_is_refused(make: Make, lose: Lose) -> None:
    lose(instead=hang_up)
    (answer,) = settle(make())
    assert isinstance(answer, Unavailable)
    assert not Message.objects.exists()


def test_the_next_group_is_stored_as_ever(make: Make, lose: Lose) -> None:
    for loss in ({"after": hang_up}, {"instead": hang_up}):
        lose(**loss)
        settle(make())
        (answer,) = settle(make())
        assert isinstance(answer, Accepted)
    assert Message.objects.count() == 3


def test_a_session_that_does_not_know_that_its_client_is_gone_stores_nothing_any_more(make: Make, lose: Lose) -> None:
    lines: list[socket.socket] = []
    lose(instead=lambda: lines.append(cut()))
    (answer,) = settle(make())
    assert isinstance(answer, Unavailable)
    (line,) = lines
    with line:
        line.settimeout(10)
        assert b"57P01" in b"".join(iter(lambda: line.recv(4096), b""))  # ended by an administrator
    assert not Message.objects.exists()


COMMIT = b"Q\0\0\0\x0bCOMMIT\0"
SLOW_COMMIT = """
    CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(%s); RETURN NULL; END';
    CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON gateway_message DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION slow()
"""


@contextmanager
def slow_commits(seconds: float) -> Iterator[None]:
    """Let each commit of a message take its time before it is one."""
    with connection.cursor() as cursor:
        cursor.execute(SLOW_COMMIT, [seconds])
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER slow ON gateway_message; DROP FUNCTION slow")


def commit_and_cut(seconds: float = 0) -> None:
    """Ask for the commit, and cut the line while it is at work; nobody ever closes it, as when a network is gone."""
    line = cut()
    line.sendall(COMMIT)
    line.detach()
    time.sleep(seconds)


def test_a_commit_that_takes_long_is_ended(make: Make, lose: Lose) -> None:
    with slow_commits(seconds=1):
        lose(instead=commit_and_cut)
        (answer,) = settle(make())
        time.sleep(1)
    assert isinstance(answer, Unavailable)
    assert not Message.objects.exists()


def test_a_commit_is_done_or_never_will_be_at_whatever_moment_it_is_caught(make: Make, lose: Lose) -> None:
    with slow_commits(seconds=0.03):
        for milliseconds in (0, 10, 15, 20, 22, 24, 26, 28, 30, 32, 35, 40, 60):
            before = Message.objects.count()
            lose(instead=partial(commit_and_cut, milliseconds / 1000))
            (answer,) = settle(make())
            time.sleep(0.05)  # in which a commit that was not ended would come to its end
            assert Message.objects.count() - before == isinstance(answer, Accepted)
    assert isinstance(answer, Accepted)


def test_an_answer_of_old_is_no_proof(make: Make, lose: Lose) -> None:
    again = make(idempotency_key="k")
    (old,) = settle(again)
    lose(instead=hang_up)
    assert {type(answer) for answer in settle(again, make())} == {Unavailable}
    lose(after=hang_up)
    replayed, new = settle(again, make())
    assert replayed == old
    assert isinstance(new, Accepted)
    assert Message.objects.count() == 2


@pytest.fixture
def go_away(monkeypatch: pytest.MonkeyPatch) -> Loss:
    """Lose the connection, and find nobody at the server's port until `come_back`."""

    def go() -> None:
        hang_up()
        monkeypatch.setitem(connection.settings_dict, "PORT", "1")

    return go


@pytest.fixture
def come_back(transactional_db: None) -> Loss:
    at = connection.settings_dict
    return partial(at.update, PORT=at["PORT"])


def test_a_database_that_comes_back_is_waited_for(make: Make, lose: Lose, go_away: Loss, come_back: Loss) -> None:
    lose(after=go_away)
    back = Timer(0.5, come_back)
    back.start()
    (answer,) = settle(make())
    back.join()
    assert isinstance(answer, Accepted)
    assert Message.objects.count() == 1


def test_a_database_that_stays_away_is_not_waited_for_for_ever(
    make: Make, lose: Lose, go_away: Loss, come_back: Loss, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doubt, "PATIENCE", 0.3)
    lose(after=go_away)
    (answer,) = settle(make())
    assert isinstance(answer, Unavailable)  # though it is there: nobody can know
    come_back()
    assert Message.objects.count() == 1


def test_who_did_not_note_the_session_is_told_what_the_database_says(make: Make, lose: Lose) -> None:
    lose(after=hang_up)
    Message.objects.exists()  # so that there is a connection, and nobody has asked what it is to the server
    with pytest.raises(OperationalError):
        accept([make()])
    connection.close()


def test_what_the_server_refuses_is_not_looked_up(make: Make, lose: Lose, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doubt, "_has_committed", lambda *_: pytest.fail("looked up"))
    lose(instead=lambda: connection.connection.execute("SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(9)").fetchall())
    (answer,) = settle(make())
    assert isinstance(answer, Unavailable)
    assert not Message.objects.exists()
