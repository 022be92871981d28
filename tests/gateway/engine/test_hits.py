"""Hits reach the events exactly once, whoever is killed when; strangers' and unknown ones never do."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import OperationalError
from django.utils import timezone
from pytest_django import Settings

from gateway.base.ids import make_public_id
from gateway.engine import hits
from gateway.models import Recipient
from tests.support.cast import Tenant
from tests.support.factories import make_message
from tracking import spool
from tracking.links import Purpose
from tracking.models import Event, EventType, HitBatch, Suppression
from tracking.spool import Hit, Spool

AT = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
DEADLINE = 20.0


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Settings) -> Iterator[Path]:
    settings.GATEPOST_DATA = tmp_path
    yield hits.folder()
    hits.close_hits()


@pytest.fixture
def reader(acme: Tenant) -> Recipient:
    return make_message(acme.account, ["Ann@inbox.example"], state="delivered").recipients.get()


def hit_of(reader: Recipient, purpose: Purpose = Purpose.OPEN, **changes: object) -> Hit:
    values = {"purpose": purpose, "at": AT, "account_id": reader.account_id, "recipient_id": reader.pk, "address": "192.0.2.9"}
    return Hit(**values | {"agent": "Mozilla"} | changes)


def leave(folder: Path, *found: Hit) -> Path:
    """Leave a segment behind, as a process that is gone."""
    journal = Spool(folder)
    for hit in found:
        assert journal.put(hit)
    journal.close()
    return spool.waiting(folder)[-1]


def told() -> list[str]:
    return list(Event.objects.exclude(type=EventType.ACCEPTED).order_by("id").values_list("type", flat=True))


def test_it_works(reader: Recipient, folder: Path) -> None:
    leave(folder, hit_of(reader), hit_of(reader, Purpose.CLICK, url="https://shop.example/"))
    hits.write_waiting()
    opened, clicked = Event.objects.exclude(type=EventType.ACCEPTED).order_by("id")
    assert (opened.type, opened.at, opened.address, opened.agent, opened.is_first) == (
        "opened",
        AT,
        "192.0.2.9",
        "Mozilla",
        True,
    )
    assert (clicked.type, clicked.url, clicked.recipient) == ("clicked", "https://shop.example/", "Ann@inbox.example")
    assert spool.waiting(folder) == []
    assert HitBatch.objects.count() == 1


def test_an_unsubscribe_suppresses_and_says_why(reader: Recipient, folder: Path) -> None:
    leave(folder, hit_of(reader, Purpose.UNSUBSCRIBE), hit_of(reader, Purpose.UNSUBSCRIBE))
    hits.write_waiting()
    assert told() == ["unsubscribed"]
    entry = Suppression.objects.for_account(reader.account_id).get()
    assert (entry.email, entry.cause) == ("ann@inbox.example", Suppression.Cause.UNSUBSCRIBED)
    assert str(reader.message.public_id) in entry.source


def test_every_fetch_counts_and_the_first_is_marked(reader: Recipient, folder: Path) -> None:
    leave(folder, *[hit_of(reader)] * 3)
    hits.write_waiting()
    assert [event.is_first for event in Event.objects.filter(type=EventType.OPENED).order_by("id")] == [True, False, False]


def test_hits_of_nobody_and_of_anothers_account_are_left_out(reader: Recipient, globex: Tenant, folder: Path) -> None:
    leave(
        folder,
        hit_of(reader, recipient_id=987_654),
        hit_of(reader, account_id=globex.account.pk),
        hit_of(reader, Purpose.UNSUBSCRIBE, account_id=globex.account.pk),
    )
    hits.write_waiting()
    assert told() == []
    assert not Suppression.objects.exists()
    assert spool.waiting(folder) == []


def test_a_batch_that_comes_again_is_left_out(reader: Recipient) -> None:
    batch = make_public_id()
    for _ in range(2):
        hits.write_batch(batch, [hit_of(reader)])
    assert told() == ["opened"]


def test_what_no_database_takes_costs_no_other_hit(
    reader: Recipient, folder: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave(folder, hit_of(reader), hit_of(reader, address="x" * 50, agent="a\0b"), hit_of(reader))
    refuse_nul(monkeypatch)
    hits.write_waiting()
    assert told() == ["opened", "opened"]
    assert "cannot be stored" in caplog.text


def refuse_nul(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let SQLite, which takes any text, refuse what PostgreSQL does."""
    tell = hits.feedback.tell

    def check(cursor, reports):
        if any("\0" in report.agent for report in reports):
            raise ValueError("NUL")
        return tell(cursor, reports)

    monkeypatch.setattr(hits.feedback, "tell", check)


def test_a_database_that_is_away_costs_nothing(reader: Recipient, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leave(folder, hit_of(reader))
    with monkeypatch.context() as away:
        away.setattr(hits.feedback, "tell", be_away)
        with pytest.raises(OperationalError):
            hits.write_waiting()
    hits.write_waiting()
    assert told() == ["opened"]


def be_away(*_: object) -> None:
    raise OperationalError("the server closed the connection")


def test_a_segment_that_fails_stays_and_holds_up_no_other(
    reader: Recipient, folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first = leave(folder, hit_of(reader, agent="bug"))
    leave(folder, hit_of(reader))
    tell = hits.feedback.tell
    monkeypatch.setattr(
        hits.feedback, "tell", lambda cursor, reports: 1 / 0 if reports[0].agent == "bug" else tell(cursor, reports)
    )
    hits.write_waiting()
    assert told() == ["opened"]
    assert spool.waiting(folder) == [first]
    assert "ZeroDivisionError" in caplog.text
    caplog.clear()
    hits.write_waiting()
    assert not caplog.records  # not at once again
    monkeypatch.undo()
    hits.forget()
    hits.write_waiting()
    assert told() == ["opened", "opened"]


def test_ids_of_batches_are_forgotten_after_a_month(db: None) -> None:
    now = timezone.now()
    for days in (1, 29, 31):
        batch = HitBatch.objects.create(id=uuid4())
        HitBatch.objects.filter(pk=batch.pk).update(at=now - timedelta(days=days))
    hits.purge(now)
    assert HitBatch.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_hit_is_told_within_about_a_second(reader: Recipient) -> None:
    begun = time.monotonic()
    assert hits.take(hit_of(reader))
    wait_for_events(1)
    assert time.monotonic() - begun < 5  # on a machine that does other things too
    assert hits.take(hit_of(reader))
    wait_for_events(2)


@pytest.mark.django_db(transaction=True)
def test_what_was_left_behind_is_written_at_the_start(reader: Recipient, folder: Path) -> None:
    leave(folder, hit_of(reader))
    hits.begin()
    wait_for_events(1)


@pytest.mark.django_db(transaction=True)
def test_the_writer_waits_for_the_database_and_goes_on(
    reader: Recipient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as away:
        away.setattr(hits.feedback, "tell", be_away)
        assert all(hits.take(hit_of(reader)) for _ in range(3))
        wait(lambda: "Hits wait on disk" in caplog.text)
    wait_for_events(3)


@pytest.mark.django_db(transaction=True)
def test_the_writer_outlives_a_segment_that_cannot_be_cut(
    reader: Recipient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as sick:
        sick.setattr(Spool, "cut", be_away)
        assert hits.take(hit_of(reader))
        wait(lambda: "Hits wait on disk" in caplog.text)
    wait_for_events(1)


def wait_for_events(count: int) -> None:
    wait(lambda: len(told()) >= count)
    assert len(told()) == count


def wait(is_so) -> None:
    deadline = time.monotonic() + DEADLINE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


DIES = """
import os, signal, sys
import django
django.setup()
from gateway.engine import hits
from tracking import spool
place, name = sys.argv[1].split(".")
victim = {"spool": spool, "feedback": hits.feedback}[place]
then = getattr(victim, name)
def die(*given):
    if name == "tell":
        then(*given)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(victim, name, die)
hits.write_waiting()
"""


@pytest.mark.parametrize(
    ("place", "told_before"),
    [("feedback.tell", 0), ("spool.drop", 2)],
    ids=["before the commit", "between the commit and the end of the segment"],
)
def test_a_killed_writer_loses_nothing_and_repeats_nothing(
    process_env: dict[str, str], reader: Recipient, folder: Path, place: str, told_before: int
) -> None:
    leave(folder, hit_of(reader), hit_of(reader, Purpose.CLICK, url="https://shop.example/"))
    environ = process_env | {"GATEPOST_DATA": str(folder.parent)}
    died = subprocess.run([sys.executable, "-c", DIES, place], env=environ, check=False, timeout=60, cwd=root())
    assert died.returncode == -signal.SIGKILL
    assert len(told()) == told_before
    assert len(spool.waiting(folder)) == 1
    hits.write_waiting()
    assert told() == ["opened", "clicked"]
    assert spool.waiting(folder) == []


def root() -> Path:
    return Path(hits.__file__).resolve().parents[2]
