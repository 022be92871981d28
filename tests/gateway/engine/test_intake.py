"""The intake: many callers, few commits; what cannot be stored is told to the one it concerns."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError

from gateway.base import wake
from gateway.base.errors import MessageMalformed, RecipientMissing, Unavailable
from gateway.engine import intake
from gateway.engine.submission import Accepted
from gateway.models import Message
from tests.gateway.engine.conftest import Make

pytestmark = pytest.mark.django_db(transaction=True)


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


def test_the_same_key_by_many_callers_at_once_is_one_message(make: Make) -> None:
    with ThreadPoolExecutor(16) as threads:
        answers = set(threads.map(lambda _: intake.accept_one(make(idempotency_key="k")), range(100)))
    assert len(answers) == Message.objects.count() == 1


def test_what_the_database_refuses_spoils_nobody_elses_mail(make: Make) -> None:
    """A door of ours too long for its column stands for whatever the checks might miss."""
    good, bad = make(), make(unique_id="x" * 300, door="d" * 300)
    futures = [intake.Future() for _ in range(3)]
    intake.settle(list(zip([good, bad, good], futures, strict=True)))
    results = [future.exception() or future.result() for future in futures]
    assert isinstance(results[0], Accepted)
    assert isinstance(results[2], Accepted)
    assert isinstance(results[1], MessageMalformed | Accepted)  # SQLite does not know lengths


def test_a_database_that_is_away_is_said(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "accept", _fail)
    with pytest.raises(Unavailable):
        intake.accept_one(make())


def _fail(_: object) -> None:
    raise OperationalError("the server closed the connection")
