from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from gateway.engine import control, queue
from gateway.engine.control import Verb, Which
from gateway.engine.letter import Copy
from gateway.engine.outcome import Outcome, Result
from gateway.engine.retry import next_try
from gateway.models import Lease, Recipient
from tests.support.cast import Tenant
from tests.support.factories import make_message, make_recipient
from tracking.models import Event, EventType

pytestmark = pytest.mark.django_db(transaction=True)
State = Recipient.State


def states_of(*messages: Any) -> list[str]:
    return list(Recipient.objects.filter(message__in=messages).order_by("id").values_list("state", flat=True))


def test_it_works(acme: Tenant) -> None:
    message = make_message(acme.account, ["a@b.example", "c@d.example"])
    assert control.cancel_message(acme.account.pk, message.pk) == 2
    assert states_of(message) == [State.CANCELLED, State.CANCELLED]
    told = Event.objects.filter(message_id=message.pk, type=EventType.CANCELLED)
    assert [(event.recipient, event.sequence, event.subject) for event in told.order_by("position")] == [
        ("a@b.example", 2, "Hello"),
        ("c@d.example", 2, "Hello"),
    ]


def test_what_is_cancelled_is_not_claimed_and_not_cancelled_twice(acme: Tenant) -> None:
    message = make_message(acme.account)
    control.cancel_message(acme.account.pk, message.pk)
    assert queue.claim(10) == []
    assert control.cancel_message(acme.account.pk, message.pk) == 0
    assert Event.objects.filter(message_id=message.pk, type=EventType.CANCELLED).count() == 1
    assert Recipient.objects.get(message=message).done_at is not None


def test_what_is_being_sent_or_done_is_left_alone(acme: Tenant) -> None:
    others = [make_message(acme.account, state=state) for state in State if state not in {"queued", "deferred", "held"}]
    for verb in Verb:
        assert sum(control.carry_out(verb, Which(account_id=acme.account.pk))) == 0
    assert states_of(*others) == [state for state in State if state not in {"queued", "deferred", "held"}]


def test_held_mail_stays_until_it_is_released(acme: Tenant) -> None:
    message = make_message(acme.account)
    which = Which(account_id=acme.account.pk, message_id=message.pk)
    assert control.hold(which) == 1
    assert queue.claim(10) == []
    assert control.release(which) == 1
    assert [copy.letter.message_id for copy in queue.claim(10)] == [message.pk]


def test_released_mail_still_waits_for_the_time_that_its_sender_named(acme: Tenant) -> None:
    message = make_message(acme.account, state=State.DEFERRED)
    at = timezone.now() + timedelta(hours=1)
    Recipient.objects.filter(message=message).update(next_attempt_at=at)
    which = Which(account_id=acme.account.pk)
    assert control.hold(which) == 1
    assert control.release(which) == 1
    assert Recipient.objects.values_list("state", "next_attempt_at").get(message=message) == (State.DEFERRED, at)


def test_a_retry_is_of_what_was_tried(acme: Tenant) -> None:
    tried, scheduled = (make_message(acme.account, state=State.DEFERRED) for _ in range(2))
    Recipient.objects.update(next_attempt_at=timezone.now() + timedelta(hours=1))
    Recipient.objects.filter(message=tried).update(attempts=3)
    assert control.retry(Which(account_id=acme.account.pk)) == 1
    assert states_of(tried, scheduled) == [State.QUEUED, State.DEFERRED]


def test_the_queue_of_one_domain_is_cleared(acme: Tenant) -> None:
    ours = make_message(acme.account, domain=acme.domain)
    deferred = make_message(acme.account, domain=acme.domain, state=State.DEFERRED)
    other = make_message(acme.account)
    assert control.cancel(Which(account_id=acme.account.pk, domain_id=acme.domain.pk)) == 2
    assert states_of(ours, deferred, other) == [State.CANCELLED, State.CANCELLED, State.QUEUED]


def test_the_mail_of_one_smtp_user_is_held(acme: Tenant) -> None:
    ours, other = make_message(acme.account, smtp_user=acme.smtp_user), make_message(acme.account)
    assert control.hold(Which(account_id=acme.account.pk, smtp_user_id=acme.smtp_user.pk)) == 1
    assert states_of(ours, other) == [State.HELD, State.QUEUED]


def test_what_comes_in_later_is_not_meant(acme: Tenant) -> None:
    make_message(acme.account)
    until = timezone.now()
    later = make_message(acme.account, accepted_at=until + timedelta(seconds=1))
    assert control.cancel(Which(account_id=acme.account.pk, until=until)) == 1
    assert states_of(later) == [State.QUEUED]


def test_many_go_in_batches(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "BATCH", 7)
    message = make_message(acme.account, [f"u{number}@b.example" for number in range(20)])
    assert list(control.carry_out(Verb.HOLD, Which(account_id=acme.account.pk))) == [7, 7, 6]
    assert set(states_of(message)) == {State.HELD}


def test_a_batch_is_of_one_priority_for_its_rows_are_locked_in_the_order_of_their_keys(acme: Tenant) -> None:
    message = make_message(acme.account, [])
    for position, priority in enumerate((1, 0, 1)):
        make_recipient(message, f"{position}@b.example", position=position, priority=priority)
    assert list(control.carry_out(Verb.HOLD, Which(account_id=acme.account.pk))) == [1, 2]


@pytest.mark.parametrize("verb", Verb)
def test_another_tenants_mail_is_out_of_reach(acme: Tenant, globex: Tenant, verb: Verb) -> None:
    messages = [make_message(acme.account, state=state, domain=acme.domain) for state in ("queued", "deferred", "held")]
    Recipient.objects.update(attempts=1)
    for which in (
        Which(account_id=globex.account.pk),
        Which(account_id=globex.account.pk, domain_id=acme.domain.pk),
        *(Which(account_id=globex.account.pk, message_id=message.pk) for message in messages),
    ):
        assert sum(control.carry_out(verb, which)) == 0
    assert states_of(*messages) == ["queued", "deferred", "held"]


# What is under way ------------------------------------------------------------------------------------------------------


@pytest.fixture
def copy(acme: Tenant) -> Copy:
    """A copy that is being sent, and whose message is cancelled meanwhile."""
    message = make_message(acme.account)
    (claimed,) = queue.claim(10)
    assert control.cancel_message(acme.account.pk, message.pk) == 0
    assert states_of(message) == [State.SENDING]
    return claimed


def told_of(copy: Copy) -> list[tuple[str, int]]:
    rows = Event.objects.filter(recipient_id=copy.recipient_id, sequence__gt=1)
    return list(rows.order_by("sequence").values_list("type", "sequence"))


def settle(copy: Copy, result: Result, next_try: datetime | None = None) -> None:
    outcome = Outcome(result=result, code=250 if result is Result.DELIVERED else 451, reply="as it is")
    queue.settle([queue.Settlement(copy=copy, outcome=outcome, tried_at=timezone.now(), next_try=next_try)])


def test_what_is_put_off_after_a_cancel_is_cancelled(copy: Copy) -> None:
    settle(copy, Result.DEFERRED, timezone.now())
    assert Recipient.objects.get().state == State.CANCELLED
    assert told_of(copy) == [("deferred", 2), ("cancelled", 3)]
    assert queue.claim(10) == []


def test_what_arrives_all_the_same_is_delivered(copy: Copy) -> None:
    settle(copy, Result.DELIVERED)
    assert Recipient.objects.get().state == State.DELIVERED
    assert told_of(copy) == [("delivered", 2)]


def test_what_is_given_back_after_a_cancel_is_cancelled(copy: Copy) -> None:
    queue.release([copy], seconds=0)
    assert Recipient.objects.get().state == State.CANCELLED
    assert told_of(copy) == [("cancelled", 2)]


def test_what_a_lost_worker_had_is_cancelled(copy: Copy) -> None:
    Lease.objects.update(until=timezone.now() - timedelta(hours=1))
    queue.reclaim()
    assert Recipient.objects.get().state == State.CANCELLED
    assert told_of(copy) == [("cancelled", 2)]


def test_a_retry_of_mail_that_nobody_cancelled_goes_on(acme: Tenant) -> None:
    make_message(acme.account)
    (copy,) = queue.claim(10)
    settle(copy, Result.DEFERRED, timezone.now())
    assert Recipient.objects.get().state == State.DEFERRED


@pytest.mark.parametrize(("days", "is_anew"), [(10, True), (0, False)])
def test_mail_held_for_long_begins_its_lifetime_at_its_release(acme: Tenant, days: int, is_anew: bool) -> None:
    make_message(acme.account, state=State.HELD, accepted_at=timezone.now() - timedelta(days=days))
    control.release(Which(account_id=acme.account.pk))
    (copy,) = queue.claim(10)
    assert (copy.letter.send_at is not None) == is_anew
    assert next_try(1, copy.letter.due_at, timezone.now()) is not None
