"""The queue: every move is fenced, fair, and on record."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from gateway.engine import queue
from gateway.engine.accept import accept
from gateway.engine.letter import Copy
from gateway.engine.outcome import Outcome, Result
from gateway.engine.submission import Addressee, Mailbox
from gateway.models import Attempt, Lease, Recipient
from tests.gateway.engine.conftest import Make
from tests.support.cast import Tenant
from tracking.models import Event, HourlyStatistic, Suppression

LONG_AGO = timezone.now() - timedelta(hours=1)
SENT = Outcome(result=Result.DELIVERED, code=250, reply="ok", host="mx.inbox.example", seconds=0.1, size=100)
LATER = Outcome(result=Result.DEFERRED, code=451, enhanced="4.7.1", reply="later")
REFUSED = Outcome(result=Result.BOUNCED, code=550, enhanced="5.1.1", reply="no such user", category="recipient")


def settle(copy: Copy, outcome: Outcome, next_try=None) -> int:
    return queue.settle([queue.Settlement(copy=copy, outcome=outcome, tried_at=timezone.now(), next_try=next_try)])


def state() -> str:
    return Recipient.objects.get().state


def types() -> list[str]:
    return list(Event.objects.order_by("sequence").values_list("type", flat=True))


def test_it_works(make: Make) -> None:
    accept([make()])
    (copy,) = queue.claim(10)
    assert (copy.email, copy.attempt, copy.letter.text) == ("bob@inbox.example", 1, "Hello, Bob.")
    assert state() == "sending"
    assert queue.claim(10) == []
    assert copy.noted_until == 0.0
    assert queue.note_data_sent([copy.key]) == {copy.key}
    assert settle(copy, SENT) == 1
    assert state() == "delivered"
    attempt = Attempt.objects.get()
    assert (attempt.number, attempt.result, attempt.code, attempt.host) == (1, "delivered", 250, "mx.inbox.example")
    assert types() == ["accepted", "delivered"]


def test_a_letter_comes_back_as_it_was_handed_in(make: Make) -> None:
    asked = make(
        html="<p>Hé</p>",
        headers=(("X-Tag", "one"), ("X-Tag", "two")),
        reply_to=(Mailbox(email="re@acme.example", name="Re"),),
        tags=("a", "b"),
        campaign="c",
        variables={"NAME": "Bob"},
        client="192.0.2.1",
    )
    accept([asked])
    (copy,) = queue.claim(10)
    letter = copy.letter
    assert (letter.subject, letter.sender, letter.html, letter.text) == (asked.subject, asked.sender, asked.html, asked.text)
    assert (letter.headers, letter.reply_to, letter.tags, letter.campaign) == (
        asked.headers,
        asked.reply_to,
        asked.tags,
        asked.campaign,
    )
    assert letter.to == (Mailbox(email="bob@inbox.example", name="Bob"),)
    assert (letter.variables, letter.client) == ({"NAME": "Bob"}, "192.0.2.1")


def test_a_deferred_recipient_comes_back_when_it_is_due(make: Make) -> None:
    accept([make()])
    (copy,) = queue.claim(10)
    settle(copy, LATER, next_try=timezone.now() + timedelta(hours=1))
    assert (state(), queue.claim(10)) == ("deferred", [])
    Recipient.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=1))
    (again,) = queue.claim(10)
    assert (again.attempt, again.sequence) == (2, 2)
    settle(again, SENT)
    assert types() == ["accepted", "deferred", "delivered"]


def test_a_deferral_without_a_next_try_expires(make: Make) -> None:
    accept([make()])
    (copy,) = queue.claim(10)
    settle(copy, LATER, next_try=None)
    assert (state(), types()) == ("expired", ["accepted", "expired"])


def test_a_bounce_keeps_the_reply(make: Make) -> None:
    accept([make()])
    (copy,) = queue.claim(10)
    settle(copy, REFUSED)
    event = Event.objects.get(type="bounced")
    assert (state(), event.code, event.enhanced, event.reply) == ("bounced", 550, "5.1.1", "no such user")


@pytest.mark.parametrize(("category", "is_suppressed"), [("recipient", True), ("mailbox", False), ("", False)])
def test_an_address_is_suppressed_by_what_the_statistics_call_hard(make: Make, category: str, is_suppressed: bool) -> None:
    accept([make()])
    (copy,) = queue.claim(10)
    settle(copy, replace(REFUSED, category=category))
    assert Suppression.objects.exists() is is_suppressed
    assert HourlyStatistic.objects.filter(bounced_hard=1).exists() is is_suppressed


def test_a_lost_lease_is_taken_back_and_the_zombie_is_fenced(make: Make) -> None:
    accept([make()])
    (zombie,) = queue.claim(10)
    queue.note_data_sent([zombie.key])
    assert queue.reclaim() == 0
    Lease.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert queue.reclaim() == 1
    lost = Attempt.objects.get()
    assert (lost.result, lost.number, lost.is_ambiguous) == ("lost", 1, True)
    (copy,) = queue.claim(10)
    assert copy.attempt == 2
    assert settle(zombie, REFUSED) == 0
    assert queue.note_data_sent([zombie.key, copy.key]) == {copy.key}
    assert queue.renew([zombie.lease_id]) == 0
    assert state() == "sending"
    assert settle(copy, SENT) == 1
    assert types() == ["accepted", "delivered"]


def test_a_zombie_beside_its_successor_in_one_batch_is_fenced(make: Make) -> None:
    accept([make()])
    (zombie,) = queue.claim(10)
    Lease.objects.update(until=timezone.now() - timedelta(seconds=1))
    queue.reclaim()
    (copy,) = queue.claim(10)
    both = [queue.Settlement(copy=one, outcome=SENT, tried_at=timezone.now()) for one in (zombie, copy)]
    assert queue.settle(both) == 1
    assert (state(), types()) == ("delivered", ["accepted", "delivered"])
    assert list(Attempt.objects.order_by("number").values_list("result", flat=True)) == ["lost", "delivered"]


def test_what_cannot_be_written_is_settled_without_its_words(make: Make) -> None:
    accept([make(), make()])
    good, bad = queue.claim(10)
    outcomes = ((good, SENT), (bad, replace(SENT, reply="\ud800")))
    queue.settle_each([queue.Settlement(copy=one, outcome=came, tried_at=timezone.now()) for one, came in outcomes])
    assert set(Recipient.objects.values_list("state", flat=True)) == {"delivered"}
    assert list(Attempt.objects.order_by("recipient").values_list("reply", flat=True)) == ["ok", ""]


def test_what_costs_every_worker_its_life_is_given_up(make: Make) -> None:
    accept([make()])
    for _ in range(queue.LOST_LEASES):
        assert len(queue.claim(10)) == 1
        Lease.objects.update(until=timezone.now() - timedelta(seconds=1))
        assert queue.reclaim() == 1
    assert (state(), queue.claim(10), types()) == ("failed", [], ["accepted", "failed"])
    assert Attempt.objects.filter(result="lost").count() == queue.LOST_LEASES


def test_a_renewed_lease_holds(make: Make) -> None:
    accept([make()])
    (copy,) = queue.claim(10)
    Lease.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert queue.renew([copy.lease_id]) == 1
    assert queue.reclaim() == 0


def test_what_was_not_tried_is_given_back_without_an_attempt(make: Make) -> None:
    accept([make()])
    (copy,) = queue.claim(10)
    queue.release([copy], seconds=0)
    (again,) = queue.claim(10)
    assert again.attempt == 1
    assert not Attempt.objects.exists()


def test_no_tenant_starves_another(make: Make, globex: Tenant) -> None:
    people = tuple(Addressee(email=f"p{number}@inbox.example") for number in range(500))
    accept([make(recipients=people)])
    theirs = {"account_id": globex.account.pk, "smtp_user_id": globex.smtp_user.pk}
    accept([make(sender=Mailbox(email="g@globex.example"), **theirs)])
    accounts = [copy.letter.account_id for copy in queue.claim(20)]
    assert globex.account.pk in accounts


def test_turns_go_round_the_accounts(make: Make, acme: Tenant, globex: Tenant) -> None:
    accept([make() for _ in range(3)])
    theirs = {"account_id": globex.account.pk, "smtp_user_id": globex.smtp_user.pk}
    accept([make(sender=Mailbox(email="g@globex.example"), **theirs)])
    turn = queue.Turn()
    served = [copy.letter.account_id for _ in range(4) for copy in queue.claim(1, turn)]
    assert served == [acme.account.pk, globex.account.pk, acme.account.pk, acme.account.pk]


def test_retries_do_not_move_the_turn(make: Make, acme: Tenant, globex: Tenant) -> None:
    theirs = {"account_id": globex.account.pk, "smtp_user_id": globex.smtp_user.pk, "sender": Mailbox(email="g@globex.example")}
    accept([make() for _ in range(30)] + [make(send_at=LONG_AGO, **theirs)])
    turn = queue.Turn()
    claimed = queue.claim(20, turn)
    assert {copy.letter.account_id for copy in claimed} == {acme.account.pk, globex.account.pk}
    assert turn.after_account == acme.account.pk


def test_a_batch_serves_no_more_accounts_than_it_has_room_for(make: Make, acme: Tenant, globex: Tenant) -> None:
    theirs = {"account_id": globex.account.pk, "smtp_user_id": globex.smtp_user.pk, "sender": Mailbox(email="g@globex.example")}
    accept([make(), make(), make(**theirs), make(**theirs)])
    assert {copy.letter.account_id for copy in queue.claim(2)} == {acme.account.pk, globex.account.pk}
    assert len(queue.claim(1)) == 1


def give_out(accounts: int) -> None:
    """Make what is queued the mail of so many accounts, as much of each."""
    queued = list(Recipient.objects.order_by("pk"))
    for number, recipient in enumerate(queued):
        recipient.account_id = 1000 + number % accounts
    Recipient.objects.bulk_update(queued, ["account_id"])


def test_accounts_with_enough_share_a_batch_a_few_at_a_time_and_the_next_goes_on_with_the_others(make: Make) -> None:
    accept([make() for _ in range(180)])
    give_out(90)
    turn = queue.Turn()
    for served in (range(1000, 1045), range(1045, 1090)):
        assert len(queue.claim(100, turn)) == 90
        sending = Recipient.objects.filter(state="sending", account_id__in=served)
        assert sending.count() == 90
        assert turn.after_account == max(served)


def test_a_batch_takes_as_many_accounts_as_fill_it(make: Make) -> None:
    accept([make() for _ in range(80)])
    give_out(80)
    assert len(queue.claim(100)) == 80


def test_transactional_goes_before_bulk_and_fresh_before_retries(make: Make) -> None:
    accept([make(bulk=True, subject="bulk"), make(subject="fresh"), make(subject="retry", send_at=LONG_AGO)])
    assert [queue.claim(1)[0].letter.subject for _ in range(3)] == ["fresh", "bulk", "retry"]


def test_retries_have_a_share_of_a_full_batch(make: Make) -> None:
    accept([make() for _ in range(30)] + [make(subject="retry", send_at=LONG_AGO)])
    assert "retry" in [copy.letter.subject for copy in queue.claim(20)]


def test_it_tells_whether_work_waits(make: Make) -> None:
    assert not queue.is_work_waiting()
    accept([make()])
    assert queue.is_work_waiting()
    queue.claim(10)
    assert not queue.is_work_waiting()


@pytest.mark.parametrize("number", [1, 19, 20, 150])
def test_many_are_settled_at_once(make: Make, number: int) -> None:
    accept([make() for _ in range(number)])
    copies = queue.claim(2 * number)
    now = timezone.now()
    settlements = [queue.Settlement(copy=copy, outcome=SENT, tried_at=now) for copy in copies]
    assert queue.settle(settlements) == number
    assert queue.settle(settlements) == 0
    assert Attempt.objects.count() == number
    assert Event.objects.filter(type="delivered").count() == number
