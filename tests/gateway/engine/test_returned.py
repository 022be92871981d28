"""Mail that came back is taken in: once, about whom its return path names, and whatever else lies beside it."""

from __future__ import annotations

import os
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from gateway.engine import feedback, queue, returned
from gateway.engine.accept import accept
from gateway.engine.bounce_verdicts import Finding, Sort
from gateway.engine.outcome import Outcome, Result
from gateway.engine.returned import Taker, choose, take_in, tidy
from gateway.engine.returns import make_return_path
from gateway.listeners.returns import Maildir, write_envelope
from gateway.models import Recipient
from gateway.smtp.addresses import Address
from tests.gateway.engine.test_bounces import arf, dsn, plain
from tests.support.factories import make_message
from tracking.models import Event, HourlyStatistic, Suppression


@pytest.fixture
def bob(acme) -> Recipient:
    return make_message(acme.account, ["bob@inbox.example"], state="delivered").recipients.get()


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "returns"


def put(folder: Path, mail: bytes, *recipients: Recipient | int | str) -> Path:
    """Keep a mail as the returns door does."""
    paths = [one if isinstance(one, str) else make_return_path(getattr(one, "pk", one)) for one in recipients]
    envelope = write_envelope(None, [Address(*path.rsplit("@", 1)) for path in paths])
    return folder / "new" / Maildir(folder).add(envelope + mail)


def names(folder: Path, kind: str) -> list[str]:
    return sorted(path.name for path in (folder / kind).iterdir()) if (folder / kind).exists() else []


def told(recipient: Recipient) -> list[str]:
    return list(Event.objects.filter(recipient_id=recipient.pk, sequence__gt=1).values_list("type", flat=True))


def state_of(recipient: Recipient) -> str:
    return Recipient.objects.get(pk=recipient.pk).state


def test_it_works(folder, bob):
    path = put(folder, dsn(), bob)
    os.utime(path, (1_750_000_000, 1_750_000_000))
    assert take_in(folder) == 1
    event = Event.objects.get(recipient_id=bob.pk, type="bounced")
    assert (event.code, event.enhanced, event.category, event.is_first) == (550, "5.1.1", "recipient", True)
    assert (event.host, event.reply) == ("mx.inbox.example", "5.1.1 <bob@inbox.example>: User unknown")
    assert event.at.timestamp() == 1_750_000_000
    assert state_of(bob) == "bounced"
    assert Suppression.objects.get().cause == "bounced"
    assert HourlyStatistic.objects.get(account_id=bob.account_id, bounced_hard=1).tag == ""
    assert (names(folder, "new"), names(folder, "done"), names(folder, "odd")) == ([], [path.name], [])


def test_a_bounce_that_is_not_for_the_address_suppresses_nobody(folder, bob):
    put(folder, dsn(status="5.2.2", said="552 5.2.2 Mailbox full"), bob)
    take_in(folder)
    assert (told(bob), state_of(bob), Suppression.objects.count()) == (["bounced"], "bounced", 0)


@pytest.mark.parametrize(("kind", "event"), [("abuse", "complained"), ("opt-out", "unsubscribed")])
def test_a_feedback_report(folder, bob, kind, event):
    put(folder, arf(kind), bob)
    take_in(folder)
    assert (told(bob), state_of(bob), Suppression.objects.get().cause) == ([event], "delivered", event)


@pytest.mark.parametrize(
    "mail",
    [
        dsn("delayed", "4.4.1"),
        dsn("relayed", "2.0.0"),
        dsn("delivered", "2.0.0"),
        arf("not-spam"),
        plain("Out of office", "I am away.", sender="bob@inbox.example", Auto_Submitted="auto-replied"),
        plain("Hello", "Who are you?", sender="bob@inbox.example"),
        b"",
    ],
)
def test_what_is_no_news_is_dropped(folder, bob, mail):
    put(folder, mail, bob)
    assert take_in(folder) == 1
    assert (told(bob), state_of(bob), len(names(folder, "done"))) == ([], "delivered", 1)


def test_the_same_notification_three_times_counts_once(folder, bob):
    for _ in range(3):
        put(folder, dsn(), bob)
    assert take_in(folder) == 3
    put(folder, dsn(), bob)
    assert take_in(folder) == 1
    assert told(bob) == ["bounced"]


def test_a_mail_that_was_told_and_not_yet_put_away_is_told_once(folder, bob, monkeypatch):
    put(folder, dsn(), bob)

    def die(*_: object):
        raise KeyboardInterrupt

    monkeypatch.setattr(returned, "_move", die)
    with pytest.raises(KeyboardInterrupt):  # killed between the commit and the move
        take_in(folder)
    monkeypatch.undo()
    assert (told(bob), len(names(folder, "new"))) == (["bounced"], 1)
    take_in(folder)
    assert (told(bob), names(folder, "new")) == (["bounced"], [])


def test_it_is_about_whom_the_return_path_names_whatever_it_says(folder, bob, globex):
    eve = make_message(globex.account, ["eve@inbox.example"], state="delivered").recipients.get()
    forged = dsn().replace(b"bob@inbox.example", b"eve@inbox.example")
    put(folder, b"Delivered-To: " + make_return_path(eve.pk).encode() + b"\r\n" * 2 + forged, "b+nonsense@returns.localhost")
    put(folder, b"X: y\r\nDelivered-To: " + make_return_path(eve.pk).encode() + b"\r\n" + forged, bob)
    take_in(folder)
    assert told(bob) == ["bounced"]
    assert list(Suppression.objects.values_list("email", flat=True)) == ["bob@inbox.example"]


def test_a_token_that_is_not_ours_tells_nothing(folder, bob):
    path = make_return_path(bob.pk)
    other = path.replace(path[2], "a" if path[2] != "a" else "b", 1)
    for forged in (other, f"b+{bob.pk}@returns.localhost", path[2:]):
        put(folder, dsn(), forged)
    take_in(folder)
    assert (told(bob), Suppression.objects.count()) == ([], 0)


def test_a_mail_to_several_return_paths_is_about_each(folder, acme):
    message = make_message(acme.account, ["bob@inbox.example", "eve@inbox.example"], state="delivered")
    put(folder, dsn(), *message.recipients.all())
    take_in(folder)
    assert Event.objects.filter(type="bounced").count() == 2


def test_a_recipient_that_is_gone_is_no_matter(folder, bob):
    put(folder, dsn(), bob.pk + 1000)
    put(folder, dsn(), bob)
    assert take_in(folder) == 2
    assert (told(bob), len(names(folder, "done"))) == (["bounced"], 2)


def test_a_notification_may_be_faster_than_our_own_commit(folder, make):
    accept([make()])
    (copy,) = queue.claim(1)
    queue.note_data_sent([copy.key])
    put(folder, dsn(), copy.recipient_id)
    take_in(folder)
    assert Recipient.objects.get().state == "sending"
    sent = Outcome(result=Result.DELIVERED, code=250, reply="ok")
    assert queue.settle([queue.Settlement(copy=copy, outcome=sent, tried_at=timezone.now())]) == 1
    assert Recipient.objects.get().state == "bounced"
    assert list(Event.objects.order_by("sequence").values_list("type", flat=True)) == ["accepted", "bounced", "delivered"]


def test_a_mail_that_cannot_be_read_is_put_aside(folder, bob, monkeypatch):
    def fail_for(raw):
        if b"poison" in raw:
            raise RecursionError("deep")
        return read(raw)

    read = returned.read_returned
    monkeypatch.setattr(returned, "read_returned", fail_for)
    poison = put(folder, b"Subject: poison\r\n\r\n", bob)
    no_envelope = folder / "new" / "0"
    no_envelope.write_bytes(b"Subject: no envelope\r\n\r\n")
    put(folder, dsn(), bob)
    assert take_in(folder) == 3
    assert told(bob) == ["bounced"]
    assert names(folder, "odd") == sorted([poison.name, "0"])


def test_a_mail_that_cannot_be_written_is_put_aside(folder, acme, monkeypatch):
    message = make_message(acme.account, ["a@inbox.example", "b@inbox.example", "c@inbox.example"], state="delivered")
    first, second, third = message.recipients.order_by("position")
    put(folder, dsn(), first)
    poison = put(folder, dsn(said="550 5.1.1 poison"), second)
    put(folder, dsn(), third)
    suppress = feedback.suppressions.add

    def fail_for(cursor, entries):
        entries = list(entries)
        if any("poison" in entry.source for entry in entries):
            raise ValueError("a value")
        suppress(cursor, entries)

    monkeypatch.setattr(feedback.suppressions, "add", fail_for)
    assert take_in(folder) == 3
    assert [told(one) for one in (first, second, third)] == [["bounced"], [], ["bounced"]]
    assert names(folder, "odd") == [poison.name]


def test_without_a_database_all_of_it_waits(folder, bob, monkeypatch):
    put(folder, dsn(), bob)

    def fail(cursor, reports):
        raise OperationalError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(feedback, "tell", fail)
        with pytest.raises(OperationalError):
            take_in(folder)
    assert len(names(folder, "new")) == 1
    take_in(folder)
    assert told(bob) == ["bounced"]


def test_more_than_a_batch(folder, acme, monkeypatch):
    monkeypatch.setattr(returned, "BATCH", 10)
    message = make_message(acme.account, [f"r{n}@inbox.example" for n in range(25)], state="delivered")
    for recipient in message.recipients.all():
        put(folder, dsn(), recipient)
    assert take_in(folder) == 25
    assert Event.objects.filter(type="bounced").count() == 25


def test_what_is_kept_does_not_fill_the_disk(folder, bob, monkeypatch):
    monkeypatch.setattr(returned, "MOST_OCTETS", 250)
    take_in(folder)
    for number in range(4):
        path = folder / "done" / str(number)
        path.write_bytes(b"x" * 100)
        os.utime(path, ((timezone.now() - timedelta(hours=number)).timestamp(),) * 2)
    tidy(folder)
    assert names(folder, "done") == ["0", "1"]


def test_what_was_kept_for_long_is_removed(folder, bob, monkeypatch):
    monkeypatch.setattr(returned, "MOST_KEPT", 3)
    take_in(folder)
    now = timezone.now()
    for kind in ("done", "odd"):
        for days in (0, 1, 2, 3, 8):
            path = folder / kind / str(days)
            path.write_bytes(b"")
            os.utime(path, ((now - timedelta(days=days)).timestamp(),) * 2)
    tidy(folder)
    assert names(folder, "done") == names(folder, "odd") == ["0", "1", "2"]


def test_two_processes_take_turns(folder, bob):
    put(folder, dsn(), bob)
    waiting = threading.Event()

    def try_it():
        with returned._lock(folder):
            waiting.set()

    with returned._lock(folder):
        thread = threading.Thread(target=try_it)
        thread.start()
        assert not waiting.wait(0.2)
    thread.join(5)
    assert waiting.is_set()


HARD = Finding(sort=Sort.BOUNCED, category="recipient")
SOFT = Finding(sort=Sort.BOUNCED, category="full")
REACHED, LATE = Finding(sort=Sort.DELIVERED), Finding(sort=Sort.DELAYED)
ABUSE = Finding(sort=Sort.COMPLAINED)


@pytest.mark.parametrize(
    ("findings", "sort", "is_hard"),
    [
        ([LATE, SOFT, HARD], Sort.BOUNCED, True),
        ([HARD, ABUSE], Sort.COMPLAINED, False),
        ([REACHED, HARD], Sort.BOUNCED, False),
        ([HARD, SOFT, REACHED], Sort.BOUNCED, False),
        ([LATE, REACHED], Sort.DELAYED, False),
    ],
)
def test_of_several_findings_one_is_told(findings, sort, is_hard):
    found = choose(findings)
    assert (found.sort, found.is_hard) == (sort, is_hard)


# The thread


def wait_for(is_so, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.django_db(transaction=True)
def test_the_taker_takes_in_what_waited_and_what_comes(folder, acme):
    message = make_message(acme.account, ["bob@inbox.example", "eve@inbox.example", "kim@inbox.example"], state="delivered")
    bob, eve, kim = message.recipients.order_by("position")
    put(folder, dsn(), bob)
    with Taker(folder) as taker:
        wait_for(lambda: told(bob))
        put(folder, dsn(), eve)
        taker.poke()
        wait_for(lambda: told(eve))
        put(folder, dsn(), kim)
    assert told(kim) == ["bounced"]


@pytest.mark.django_db(transaction=True)
def test_the_taker_goes_on_after_a_fault(folder, bob, monkeypatch, caplog):
    monkeypatch.setattr(returned, "RETRY_AFTER", 0.05)
    faults = [OperationalError("gone"), RuntimeError("a bug")]
    tell = feedback.tell

    def fail_first(cursor, reports):
        if faults:
            raise faults.pop()
        return tell(cursor, reports)

    monkeypatch.setattr(feedback, "tell", fail_first)
    put(folder, dsn(), bob)
    with Taker(folder):
        wait_for(lambda: told(bob))
    assert "Returned mail waits, as the database does not take it in: gone" in caplog.text
    assert "Returned mail was not taken in." in caplog.text
    assert connection.is_usable()
    assert not transaction.get_connection().in_atomic_block
