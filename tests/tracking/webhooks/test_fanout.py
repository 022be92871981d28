"""The whole way of events to endpoints: a real server, real sockets, real rows (promises I5, I10, V1, W7-W9)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection

from accounts.models import AuditEntry
from gateway.base import bulk, clock
from tests.support.cast import Tenant
from tests.support.endpoint import BLESSED, DRIP, HANG, HUGE, RESET
from tests.tracking.webhooks.conftest import World, happen, make_fact, states
from tracking.models import EventType, Webhook, WebhookAttempt, WebhookDelivery
from tracking.webhooks import queue, sql
from tracking.webhooks.calls import Call
from tracking.webhooks.lanes import PER_ENDPOINT

pytestmark = pytest.mark.django_db(transaction=True)

Make = Callable[..., World]


def test_it_works(world: Make) -> None:
    here = world()
    hook = here.hook()
    fact = here.happen()[0]
    here.run()
    call = here.endpoint.calls[0]
    said = json.loads(call.body)
    assert said["type"] == "email.delivered"
    assert (said["data"]["message_id"], said["data"]["recipient"]) == (fact.origin.public_id, fact.recipient)
    hook.refresh_from_db()
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.status, delivery.answer, delivery.attempts) == ("done", 200, "well", 1)
    assert (hook.delivered, hook.failures) == (1, 0)
    assert hook.last_success_at is not None
    attempt = WebhookAttempt.objects.get()
    assert (attempt.delivery_id, attempt.number, attempt.status, attempt.answer) == (delivery.pk, 1, 200, "well")


def test_every_event_reaches_every_endpoint_and_none_of_another_tenant(world: Make, globex: Tenant) -> None:
    here = world()
    here.hook("/a")
    here.hook("/b")
    here.hook("/theirs", account=globex.account)
    ours = here.happen(150)
    theirs = [make_fact(globex) for _ in range(30)]
    happen(*theirs)
    here.run()
    wanted = {"/a": ours, "/b": ours, "/theirs": theirs}
    for path, facts in wanted.items():
        heard = Counter(json.loads(call.body)["data"]["recipient"] for call in here.endpoint.to(path))
        assert heard == Counter(fact.recipient for fact in facts)
    assert states() == {"done": 330}


def test_a_try_has_the_same_id_and_bytes_as_the_one_before(world: Make) -> None:
    here = world({"/": lambda times: 500 if times < 3 else 200})
    here.hook()
    here.happen()
    for _ in range(4):
        here.run()
        here.later(hours=1)
    calls = here.endpoint.calls
    assert len(calls) == 4
    assert len({(call.headers["webhook-id"], call.body) for call in calls}) == 1
    assert states() == {"done": 1}
    assert list(WebhookAttempt.objects.order_by("number").values_list("status", flat=True)) == [500, 500, 500, 200]


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        (500, 500, "well"),
        (404, 404, "well"),
        (301, 301, "well"),
        (b"garbage\r\n\r\n", 0, "not HTTP"),
    ],
)
def test_what_is_no_success_is_tried_again(answer: object, status: int, said: str, world: Make) -> None:
    here = world({"/": answer})
    here.hook()
    here.happen()
    here.run()
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.status) == ("waiting", status)
    assert said in delivery.answer
    assert delivery.next_attempt_at > clock.now()


def test_no_redirect_is_followed(world: Make) -> None:
    here = world()
    inside = f"{here.endpoint.url}/inside"
    here.endpoint.script["/"] = f"HTTP/1.1 301 Moved\r\nLocation: {inside}\r\nContent-Length: 0\r\n\r\n".encode()
    here.hook()
    here.happen()
    here.run()
    assert {call.path for call in here.endpoint.calls} == {"/"}
    assert states() == {"waiting": 1}


def test_a_connection_that_is_refused_is_tried_again(world: Make) -> None:
    here = world()
    hook = here.hook()
    Webhook.objects.filter(pk=hook.pk).update(url="http://127.0.0.1:9/")
    here.happen()
    here.run()
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.status) == ("waiting", 0)
    assert "127.0.0.1:9" in delivery.answer


def test_tls_that_cannot_be_trusted_is_no_success(world: Make, self_signed: object) -> None:
    here = world(tls=self_signed)
    here.hook()
    here.happen()
    here.run()
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.status) == ("waiting", 0)
    assert "certificate" in delivery.answer


@pytest.mark.parametrize("answer", [DRIP, RESET, HUGE])
def test_a_success_whose_body_never_ends_is_one_in_bounded_time_and_room(answer: str, world: Make, quick: None) -> None:
    here = world({"/": answer})
    here.hook()
    here.happen()
    here.run()
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.status) == ("done", 200)
    assert len(delivery.answer) < 2300


def test_an_endpoint_that_never_answers_is_given_up_at_the_deadline(world: Make, quick: None) -> None:
    here = world({"/": HANG})
    here.hook()
    here.happen()
    here.run()
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.status) == ("waiting", 0)
    assert "did not answer within 0.5 seconds" in delivery.answer
    assert WebhookAttempt.objects.get().seconds == pytest.approx(0.5, abs=0.4)


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured_for_the_whole_endpoint(status: int, world: Make) -> None:
    wait = f"HTTP/1.1 {status} Later\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n".encode()
    here = world({"/": lambda times: wait if times == 0 else 200})
    hook = here.hook()
    here.happen()
    here.run()
    due = WebhookDelivery.objects.get().next_attempt_at
    hook.refresh_from_db()
    for when in (due, hook.paused_until):
        assert timedelta(seconds=110) < when - clock.now() < timedelta(seconds=121)
    here.happen(5)
    here.run()
    assert len(here.endpoint.calls) == 1
    here.later(seconds=121)
    here.run()
    assert states() == {"done": 6}


def test_gone_disables_the_webhook_and_fails_what_waits(world: Make) -> None:
    here = world({"/": 410})
    hook = here.hook()
    here.happen(30)
    here.run()
    hook.refresh_from_db()
    assert not hook.is_active
    assert "410" in hook.disabled_reason
    while queue.give_up():
        pass
    here.later(days=1)
    here.run()
    queue.give_up()
    assert states() == {"failed": 30}
    assert len(here.endpoint.calls) <= PER_ENDPOINT
    entry = AuditEntry.objects.get(account=hook.account)
    assert (entry.actor, entry.action, entry.target) == ("Gatepost", "disabled webhook", hook.url)
    here.happen(3)
    assert WebhookDelivery.objects.count() == 30  # nothing is written for it any more


def test_a_broken_endpoint_holds_up_nobody(world: Make) -> None:
    here = world({"/hangs": HANG, "/slow": 3.0})
    here.hook("/good")
    here.hook("/hangs")
    here.hook("/slow")
    here.happen(100)
    here.fanout.work(seconds=2, idle=0.5)
    assert len(here.endpoint.to("/good")) == 100
    assert here.endpoint.most_at_once["/hangs"] <= PER_ENDPOINT
    assert here.endpoint.most_at_once["/slow"] <= PER_ENDPOINT


def test_the_breaker_opens_probes_and_closes(world: Make) -> None:
    down = [True]
    here = world({"/": lambda _: 500 if down[0] else 200})
    hook = here.hook()
    here.happen(40)
    here.run()
    first = len(here.endpoint.calls)
    assert first <= PER_ENDPOINT
    hook.refresh_from_db()
    assert hook.paused_until > clock.now()
    untouched = WebhookDelivery.objects.filter(attempts=0).count()
    assert untouched == 40 - first  # they keep their place, and lose no try
    here.run()
    assert len(here.endpoint.calls) == first
    here.later(seconds=40)
    here.run()
    assert len(here.endpoint.calls) == first + 1  # one probe
    down[0] = False
    here.later(hours=30)
    here.run()
    assert states() == {"done": 40}
    hook.refresh_from_db()
    assert (hook.failures, hook.paused_until, hook.failing_since, hook.delivered) == (0, None, None, 40)


def test_five_days_of_failures_disable_the_webhook(world: Make) -> None:
    here = world({"/": 500})
    hook = here.hook()
    Webhook.objects.filter(pk=hook.pk).update(failing_since=clock.now() - timedelta(days=5), failures=90)
    here.happen(3)
    here.run()
    hook.refresh_from_db()
    assert not hook.is_active
    assert hook.disabled_reason == "Every call failed for 5 days."
    assert AuditEntry.objects.filter(account=hook.account, action="disabled webhook").exists()


def test_the_schedule_ends(world: Make) -> None:
    here = world({"/": 500})
    here.hook()
    here.happen()
    for _ in range(20):
        here.run(idle=0.05)
        here.later(days=2)
    assert len(here.endpoint.calls) == 13
    assert states() == {"failed": 1}
    assert WebhookDelivery.objects.get().done_at is not None


def test_a_worker_that_dies_on_the_way_is_followed_by_another_after_the_lease(world: Make) -> None:
    here = world()
    here.hook()
    here.happen(3)
    lost = queue.claim(lambda endpoints: {one.webhook_id: 8 for one in endpoints})
    assert states() == {"sending": 3}
    here.run()
    assert not here.endpoint.calls  # the lease holds
    assert queue.reclaim() == 0
    WebhookDelivery.objects.update(lease_until=clock.now() - timedelta(seconds=1))
    assert queue.reclaim() == 3
    here.run()
    assert states() == {"done": 3}
    assert {call.headers["webhook-id"]: call.body for call in here.endpoint.calls} == {
        call.parcel.id: call.body for call in lost
    }
    assert set(WebhookAttempt.objects.filter(number=1).values_list("answer", flat=True)) == {queue.LOST}


def test_who_lost_the_lease_changes_nothing_any_more(world: Make) -> None:
    here = world()
    here.hook()
    here.happen()
    lost = queue.claim(lambda endpoints: {one.webhook_id: 8 for one in endpoints})
    WebhookDelivery.objects.update(lease_until=clock.now() - timedelta(seconds=1))
    queue.reclaim()
    here.run()
    queue.settle([queue.Settlement(call=lost[0], tried_at=clock.now(), is_success=False, status=500, answer="late")])
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.answer) == ("done", "well")


def test_who_lost_a_part_of_a_batch_settles_the_rest(world: Make) -> None:
    here = world({"/": BLESSED})
    here.hook(format_name="sendclean")
    here.happen(4)
    call = queue.claim(lambda endpoints: {one.webhook_id: 8 for one in endpoints})[0]
    WebhookDelivery.objects.update(lease_until=clock.now() - timedelta(seconds=1))
    assert queue.reclaim(2) == 2
    queue.settle([queue.Settlement(call=call, tried_at=clock.now(), is_success=True, status=200, answer="late")])
    assert states() == {"done": 2, "waiting": 2}
    assert sorted(WebhookAttempt.objects.values_list("answer", flat=True)) == sorted(["late"] * 2 + [queue.LOST] * 2)
    here.run()
    assert states() == {"done": 4}
    assert here.endpoint.calls[-1].body == call.body


def test_a_batch_of_which_a_part_was_given_up_goes_out_whole(world: Make) -> None:
    here = world({"/": BLESSED})
    hook = here.hook(format_name="sendclean")
    here.happen(4)
    call = queue.claim(lambda endpoints: {one.webhook_id: 8 for one in endpoints})[0]
    queue.settle([queue.Settlement(call=call, tried_at=clock.now(), is_success=False, status=500)])
    with bulk.raw_cursor() as cursor:
        assert sql.give_up(cursor, hook.pk, answer="", limit=2) == 2
    here.later(hours=1)
    here.run()
    assert states() == {"done": 4}
    assert here.endpoint.calls[-1].body == call.body


def test_a_result_that_cannot_be_written_holds_up_no_other(world: Make) -> None:
    here = world()
    here.hook()
    here.happen(2)
    calls = queue.claim(lambda endpoints: {one.webhook_id: 8 for one in endpoints})
    bad, good = (queue.Settlement(call=call, tried_at=clock.now(), is_success=True, status=200) for call in calls)
    WebhookAttempt.objects.create(delivery_id=bad.call.deliveries[0].delivery_id, number=1, at=clock.now())
    queue.settle_each([bad, good])
    assert states() == {"done": 1, "sending": 1}


def test_plans_that_were_made_for_few_rows_hold_for_many(world: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    here, plans = world(), set()

    def claim(*_: object, **__: object) -> list[Call]:
        with connection.cursor() as cursor:
            cursor.execute("SHOW enable_seqscan" if bulk.is_postgresql() else "SELECT 'off'")  # SQLite keeps no plans
            plans.add(cursor.fetchone())
        return []

    monkeypatch.setattr(queue, "claim", claim)
    here.fanout.work(seconds=0.5, idle=0.1)
    assert plans == {("off",)}


def test_without_a_log_no_tries_are_kept(world: Make) -> None:
    here = world()
    here.hook(keeps_log=False)
    here.happen()
    here.run()
    assert states() == {"done": 1}
    assert not WebhookAttempt.objects.exists()


def test_an_event_that_is_not_kept_any_more_fails_at_once(world: Make) -> None:
    here = world()
    hook = here.hook()
    here.happen()
    WebhookDelivery.objects.update(event_id=1)
    here.run()
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.attempts) == ("failed", 1)
    assert "not kept" in delivery.answer
    hook.refresh_from_db()
    assert hook.failures == 0  # the endpoint has no part in it


def test_another_accounts_event_is_never_told(world: Make, globex: Tenant) -> None:
    here = world()
    hook = here.hook()
    theirs = make_fact(globex)
    happen(theirs)
    WebhookDelivery.objects.create(webhook=hook, event_at=theirs.at, event_id=theirs.id, next_attempt_at=clock.now())
    here.run()
    assert not here.endpoint.calls
    assert states() == {"failed": 1}


def test_a_batch_goes_out_again_with_the_same_events_and_bytes(world: Make) -> None:
    here = world({"/": lambda times: 500 if times in {1, 2} else BLESSED})  # the first call tries the URL
    here.hook(format_name="sendclean")
    here.happen(150)
    here.run()
    first = [call.body for call in here.endpoint.calls[1:]]
    assert len(first) == 2
    here.happen(20)
    here.later(hours=1)
    here.run()
    here.later(seconds=queue.CROWDED)
    here.run()
    again = [call.body for call in here.endpoint.calls[3:]]
    assert len(again) == 3
    assert set(first) < set(again)
    assert states() == {"done": 170}


def test_sendcloud_tries_six_times_in_half_an_hour(world: Make) -> None:
    here = world({"/": lambda times: 200 if times == 0 else 500})
    here.hook(format_name="sendcloud")
    here.happen()
    waits = []
    for _ in range(8):
        here.run(idle=0.05)
        delivery = WebhookDelivery.objects.get()
        waits.append(round((delivery.next_attempt_at - clock.now()).total_seconds() / 60))
        here.later(days=1)
    assert len(here.endpoint.calls) == 1 + 6
    assert [abs(wait - wanted) <= wanted * 0.15 for wait, wanted in zip(waits, (1, 2, 4, 8, 16), strict=False)] == [True] * 5
    assert len({call.body for call in here.endpoint.calls[1:]}) == 1
    assert states() == {"failed": 1}


def test_types_that_are_not_asked_for_are_not_told(world: Make) -> None:
    here = world()
    here.hook(events=["opened"])
    here.happen(2)
    here.happen(1, EventType.OPENED)
    here.run()
    assert [json.loads(call.body)["type"] for call in here.endpoint.calls] == ["email.opened"]
