"""The tasks of webhooks: hints in, work done, hints out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from gateway.base import clock, wake
from gateway.celery import app
from tests.tracking.webhooks.conftest import World, _loopback, states, world
from tracking import tasks
from tracking.models import WebhookDelivery
from tracking.webhooks import queue
from tracking.webhooks.fanout import close_fanout

__all__ = ["_loopback", "world"]

pytestmark = pytest.mark.django_db(transaction=True)

Make = Callable[..., World]


@pytest.fixture
def hints(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    sent: list[str] = []
    monkeypatch.setattr(wake, "hint", sent.append)
    monkeypatch.setattr(wake, "begin_hinted", lambda task: sent.append(f"begun {task}"))
    yield sent
    close_fanout()


def test_it_works(world: Make, hints: list[str]) -> None:
    here = world()
    here.hook()
    here.happen(3)
    assert hints == ["tracking.tasks.deliver_webhooks"]
    tasks.deliver_webhooks()
    close_fanout()
    assert states() == {"done": 3}
    assert hints[1:] == ["begun tracking.tasks.deliver_webhooks"]


def test_what_is_still_due_sends_the_next_hint(world: Make, hints: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "SLICE", 0.0)
    here = world()
    here.hook()
    here.happen()
    tasks.deliver_webhooks()
    assert hints[-2:] == ["begun tracking.tasks.deliver_webhooks", "tracking.tasks.deliver_webhooks"]


def test_the_sweep_finds_what_a_dead_worker_left(world: Make, hints: list[str]) -> None:
    here = world()
    here.hook()
    here.happen()
    queue.claim(lambda endpoints: {one.webhook_id: 1 for one in endpoints})
    hints.clear()
    tasks.sweep_webhooks()
    assert (states(), hints) == ({"sending": 1}, [])
    WebhookDelivery.objects.update(lease_until=clock.now() - timedelta(seconds=1))
    tasks.sweep_webhooks()
    assert (states(), hints) == ({"waiting": 1}, ["tracking.tasks.deliver_webhooks"])


def test_beat_and_workers_know_the_tasks() -> None:
    names = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert {"tracking.tasks.sweep_webhooks", "tracking.tasks.purge_webhooks"} <= names
    assert {tasks.deliver_webhooks.name, tasks.sweep_webhooks.name, tasks.purge_webhooks.name} <= set(app.tasks)
