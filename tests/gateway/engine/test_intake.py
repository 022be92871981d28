"""The intake: many callers, few commits; what cannot be stored is told to the one it concerns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread
from time import monotonic, sleep

import psycopg
import pytest
from django.db import OperationalError, connection

from gateway.base import clock, wake
from gateway.base.errors import MessageMalformed, RecipientMissing, Refused, Unavailable
from gateway.engine import intake
from gateway.engine.accept import accept
from gateway.engine.submission import Accepted, Submission
from gateway.models import Message
from tests.gateway.engine.conftest import Make

pytestmark = pytest.mark.django_db(transaction=True)


def wait_until(is_so: Callable[[], object]) -> None:
    deadline = monotonic() + 10
    while not is_so():
        assert monotonic() < deadline
        sleep(0.01)


def test_it_works(make: Make) -> None:
    answer = intake.accept_one(make())
    assert Message.objects.get().pk == answer.message_id


def test_a_refusal_reaches_its_caller(make: Make) -> None:
    with pytest.raises(RecipientMissing):
        intake.accept_one(make(recipients=()))
    assert not Message.objects.exists()


def test_many_callers_share_commits(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    commits = []
    monkeypatch.setattr(wake, "wake_sender", lambda: commits.append(1))
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda _: intake.accept_one(make()), range(200)))
    assert len({answer.message_id for answer in answers}) == Message.objects.count() == 200
    assert len(commits) < 200


# How long it lingers ---------------------------------------------------------------------------------------------------
class Flow:
    """A stream of submissions on a clock of its own: `every` seconds one comes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(clock, "monotonic", lambda: self.now)
        self.stream = intake._Stream()

    def come(self, every: float, groups: int, *, answers_are_awaited: bool) -> list[float]:
        """Return how long each group was waited for; with `answers_are_awaited` nobody comes while it is."""
        waits = []
        for _ in range(groups):
            self.now += every
            self.stream.last_at = began = self.now
            size, wait = 1, 0.0
            if self.stream.is_steady:
                while self.now + every <= began + intake.LONG and not answers_are_awaited:
                    self.now += every
                    self.stream.last_at = self.now
                    size += 1
                self.now = began + intake.LONG
                self.stream.judge(began)
                wait = intake.LONG
            self.stream.count(size)
            waits.append(wait)
        return waits


def test_a_steady_stream_is_gathered(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Flow(monkeypatch).come(0.02, 200, answers_are_awaited=False)[50:] == [intake.LONG] * 150


def test_a_trickle_is_stored_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Flow(monkeypatch).come(0.2, 200, answers_are_awaited=False) == [0.0] * 200


def test_a_flood_waits_no_longer_than_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Flow(monkeypatch).come(0.001, 500, answers_are_awaited=False)[-300:] == [0.0] * 300


def test_who_waits_for_each_answer_is_not_held_up(monkeypatch: pytest.MonkeyPatch) -> None:
    waits = Flow(monkeypatch).come(0.004, 3000, answers_are_awaited=True)
    assert 0 < waits.count(intake.LONG) <= 2 * intake.LONELY


class Patient(intake.Intake):
    """An intake that would wait for a minute, and notes what it took; mail came so far apart, and so much at once last time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, every: float, last_size: int) -> None:
        self.taken: list[Submission] = []
        monkeypatch.setattr(intake, "LINGER" if every > intake.LONG else "LONG", 60.0)
        monkeypatch.setattr(intake, "settle", lambda group: self.taken.extend(submission for submission, _ in group))
        super().__init__()
        self._last_size = last_size
        self._stream._every = every

    def come(self, submissions: Sequence[Submission]) -> None:
        for submission in submissions:
            self.put(submission)

    def waits_for(self) -> int:
        return 1 + self._enough


@pytest.mark.parametrize("every", [0.01, 1.0])
def test_enough_at_once_are_waited_for_no_longer(make: Make, monkeypatch: pytest.MonkeyPatch, every: float) -> None:
    patient = Patient(monkeypatch, every=every, last_size=intake.GROUP)
    patient.come([make() for _ in range(1 + intake.ENOUGH)])
    wait_until(lambda: len(patient.taken) == 1 + intake.ENOUGH)


@pytest.mark.parametrize("last_size", [1, 3])
def test_as_many_as_last_time_are_waited_for_no_longer(make: Make, monkeypatch: pytest.MonkeyPatch, last_size: int) -> None:
    patient = Patient(monkeypatch, every=1.0, last_size=last_size)
    patient.come([make() for _ in range(last_size)])
    wait_until(lambda: len(patient.taken) == last_size)


def test_of_a_steady_stream_more_are_waited_for_than_came_last(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    patient = Patient(monkeypatch, every=0.01, last_size=3)
    patient.come([make()])
    wait_until(lambda: patient.waits_for() == 1 + intake.ENOUGH)
    patient.come([make() for _ in range(intake.ENOUGH)])
    wait_until(lambda: len(patient.taken) == 1 + intake.ENOUGH)


def test_the_same_key_by_many_callers_at_once_is_one_message(make: Make) -> None:
    with ThreadPoolExecutor(16) as threads:
        answers = set(threads.map(lambda _: intake.accept_one(make(idempotency_key="k")), range(100)))
    assert len(answers) == Message.objects.count() == 1


def test_what_the_database_refuses_spoils_nobody_elses_mail(make: Make) -> None:
    """A door of ours too long for its column stands for whatever the checks might miss."""
    good, bad = make(), make(door="d" * 300)
    futures = [intake.Future() for _ in range(3)]
    intake.settle(list(zip([good, bad, good], futures, strict=True)))
    results = [future.exception() or future.result() for future in futures]
    assert isinstance(results[0], Accepted)
    assert isinstance(results[2], Accepted)
    knows_lengths = connection.vendor == "postgresql"
    assert isinstance(results[1], MessageMalformed if knows_lengths else Accepted)


def test_what_was_stored_before_a_fault_is_not_stored_again(make: Make) -> None:
    """The second use of a key is stored after the others: its fault comes when they are on disk."""
    group = [make(), make(idempotency_key="k", recipients=()), make(idempotency_key="k", campaign="\ud800")]
    futures = [intake.Future() for _ in group]
    intake.settle(list(zip(group, futures, strict=True)))
    assert isinstance(futures[0].result(), Accepted)
    assert isinstance(futures[1].exception(), RecipientMissing)
    assert isinstance(futures[2].exception(), Unavailable)
    assert Message.objects.count() == 1


def test_a_submission_that_cannot_be_written_spoils_nobody_elses_mail(make: Make) -> None:
    group = [make(), make(campaign="\ud800"), make()]
    futures = [intake.Future() for _ in group]
    intake.settle(list(zip(group, futures, strict=True)))
    assert isinstance(futures[1].exception(), MessageMalformed)
    assert Message.objects.count() == len({futures[0].result(), futures[2].result()}) == 2


def test_a_deadlock_is_not_the_callers_business(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    victims = [psycopg.errors.DeadlockDetected()]

    def lose_once(submissions: list[Submission]) -> list[Accepted | Refused]:
        if victims:
            raise OperationalError from victims.pop()
        return accept(submissions)

    monkeypatch.setattr(intake, "accept", lose_once)
    intake.accept_one(make())
    assert Message.objects.count() == 1


def test_who_waits_for_too_long_is_refused_for_good(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "DEADLINE", 0.05)
    is_over = Event()
    monkeypatch.setattr(intake, "accept", lambda submissions: is_over.wait(10) and accept(submissions))
    first = intake.hand_in(make())
    wait_until(first.running)
    with pytest.raises(Unavailable):
        intake.accept_one(make())
    is_over.set()
    first.result(10)
    intake.close_intake()
    assert Message.objects.count() == 1


def test_closing_commits_what_waits_and_turns_away_what_comes_after(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "WAITING", 3)
    is_over = Event()
    monkeypatch.setattr(intake, "accept", lambda submissions: is_over.wait(10) and accept(submissions))
    here = intake.Intake()
    first = here.put(make())
    wait_until(first.running)
    second = here.put(make())
    closing = Thread(target=here.close)
    closing.start()
    wait_until(lambda: here.put(make()).done())  # until all that is left are refusals
    is_over.set()
    closing.join(10)
    assert not closing.is_alive()
    first.result(0), second.result(0)


def test_a_database_that_is_away_is_said(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "accept", _fail)
    with pytest.raises(Unavailable):
        intake.accept_one(make())


def _fail(_: object) -> None:
    raise OperationalError("the server closed the connection")
