"""Which endpoints are called: however many others are held back, and as their accounts stand (promises I5, I10)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from accounts import actions as accounts
from gateway.base import clock
from tests.support.cast import Tenant
from tests.tracking.webhooks.conftest import World, happen, make_fact, states
from tracking import outbox
from tracking.models import Webhook, WebhookDelivery
from tracking.webhooks import endpoints, queue

pytestmark = pytest.mark.django_db(transaction=True)

Make = Callable[..., World]


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "PAGE", 2)


def test_those_behind_many_that_are_paused_are_called(world: Make, small_pages: None) -> None:
    here = world()
    paused = [here.hook("/paused") for _ in range(5)]
    here.hook("/works")
    Webhook.objects.filter(pk__in=[one.pk for one in paused]).update(paused_until=clock.now() + timedelta(hours=1))
    here.happen()
    here.run()
    assert {call.path for call in here.endpoint.calls} == {"/works"}
    assert not queue.is_work_waiting()


def test_those_before_the_last_one_served_get_their_turn(world: Make, small_pages: None) -> None:
    here = world()
    hooks = [here.hook(f"/{number}") for number in range(5)]
    here.happen()
    calls = queue.claim(lambda due: {one.webhook_id: 1 for one in due}, after=hooks[2].pk)
    assert [call.webhook.pk for call in calls] == [hooks[place].pk for place in (3, 4, 0, 1, 2)]


def test_what_waits_for_a_closed_one_behind_many_is_failed(world: Make, small_pages: None) -> None:
    here = world()
    hooks = [here.hook() for _ in range(5)]
    here.happen()
    Webhook.objects.filter(pk=hooks[4].pk).update(is_active=False)
    assert queue.give_up() == 1
    assert WebhookDelivery.objects.get(webhook=hooks[4]).state == "failed"


def test_what_a_suspended_account_is_told_waits_until_it_is_enabled(world: Make, globex: Tenant) -> None:
    here = world()
    here.hook("/acme")
    here.hook("/globex", account=globex.account)
    here.happen(2)
    accounts.suspend(here.tenant.account)
    outbox.forget()
    here.happen()
    happen(make_fact(globex))
    here.run()
    queue.give_up()
    assert [call.path for call in here.endpoint.calls] == ["/globex"]
    assert states() == {"waiting": 3, "done": 1}
    assert not queue.is_work_waiting()
    accounts.enable(here.tenant.account)
    here.run()
    assert len(here.endpoint.to("/acme")) == 3


def test_a_deleted_account_is_told_nothing(world: Make) -> None:
    here = world()
    here.hook()
    here.happen(2)
    accounts.delete(here.tenant.account)
    outbox.forget()
    here.happen()
    here.run()
    assert queue.give_up() == 2
    assert not here.endpoint.calls
    assert states() == {"failed": 2}


def test_what_waits_for_long_hides_nothing_from_the_purge(world: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "PURGED_AT_ONCE", 2)
    here = world()
    here.hook()
    old = clock.now() - queue.KEPT - timedelta(days=1)
    happen(*(make_fact(here.tenant, at=old) for _ in range(6)), *(make_fact(here.tenant) for _ in range(3)))
    keys = list(WebhookDelivery.objects.order_by("pk").values_list("pk", flat=True))
    WebhookDelivery.objects.filter(pk__in=keys[3:6]).update(state="done")
    assert queue.purge(5) == 3
    assert states() == {"waiting": 6}
