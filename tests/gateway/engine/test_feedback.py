"""What the world tells of mail after it was sent is told once, in order, and to nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from gateway.base import bulk
from gateway.engine import feedback
from gateway.engine.feedback import Mark, Report
from gateway.models import Message, Recipient
from tests.support.cast import Tenant
from tests.support.factories import make_message
from tracking import events
from tracking.models import Event, EventType, HourlyStatistic, Suppression

NOW = timezone.now()


@pytest.fixture
def message(acme: Tenant) -> Message:
    return make_message(
        acme.account,
        ["Bob@inbox.example", "eve@inbox.example"],
        state="delivered",
        domain=acme.domain,
        smtp_user=acme.smtp_user,
        tags=["a"],
        campaign="spring",
        options={"event_headers": {"SC-Custom-A": "1"}},
    )


@pytest.fixture
def bob(message: Message) -> Recipient:
    recipient = message.recipients.get(position=0)
    Recipient.objects.filter(pk=recipient.pk).update(sequence=2)
    return recipient


def tell(*reports: Report):
    with transaction.atomic(), bulk.raw_cursor() as cursor:
        return feedback.tell(cursor, reports)


def report(recipient: Recipient, kind: EventType, **fields) -> Report:
    return Report(recipient_id=recipient.pk, type=kind, **{"at": NOW} | fields)


def told(recipient: Recipient) -> list[tuple[str, int, bool]]:
    rows = Event.objects.filter(recipient_id=recipient.pk, sequence__gt=1).order_by("sequence")
    return list(rows.values_list("type", "sequence", "is_first"))


def test_it_works(bob):
    [fact] = tell(report(bob, EventType.OPENED, address="192.0.2.1", agent="Mail/1"))
    assert (fact.sequence, fact.is_first, fact.recipient) == (3, True, "Bob@inbox.example")
    event = Event.objects.get(recipient_id=bob.pk, type="opened")
    assert (event.id, event.at, event.address, event.agent) == (events.event_id(bob.pk, 3), NOW, "192.0.2.1", "Mail/1")
    assert (event.tags, event.campaign, event.headers) == (["a"], "spring", {"SC-Custom-A": "1"})
    assert (event.account_id, event.domain_id, event.smtp_user_id) == (
        bob.account_id,
        bob.message.domain_id,
        bob.message.smtp_user_id,
    )
    bob.refresh_from_db()
    assert (bob.sequence, Mark(bob.marks), bob.state) == (3, Mark.OPENED, "delivered")


@pytest.mark.parametrize("kind", [EventType.UNSUBSCRIBED, EventType.COMPLAINED, EventType.BOUNCED])
def test_what_can_be_so_once_is_told_once(bob, kind):
    assert len(tell(report(bob, kind), report(bob, kind))) == 1
    assert tell(report(bob, kind)) == []
    assert told(bob) == [(kind, 3, True)]


@pytest.mark.parametrize("kind", [EventType.OPENED, EventType.CLICKED])
def test_what_happens_again_is_told_again_and_not_as_the_first(bob, kind):
    tell(report(bob, kind), report(bob, kind))
    tell(report(bob, kind))
    assert told(bob) == [(kind, 3, True), (kind, 4, False), (kind, 5, False)]


def test_the_story_of_each_recipient_is_numbered_by_itself(bob, message):
    eve = message.recipients.get(position=1)
    Recipient.objects.filter(pk=eve.pk).update(sequence=7)
    tell(
        report(eve, EventType.OPENED),
        report(bob, EventType.OPENED),
        report(eve, EventType.CLICKED, url="https://a.example"),
        report(bob, EventType.COMPLAINED),
    )
    assert told(bob) == [("opened", 3, True), ("complained", 4, True)]
    assert told(eve) == [("opened", 8, True), ("clicked", 9, True)]


def test_a_story_has_an_end(bob):
    Recipient.objects.filter(pk=bob.pk).update(sequence=feedback.LAST_OF_MANY - 1)
    assert len(tell(*[report(bob, EventType.OPENED)] * 3)) == 1
    assert tell(report(bob, EventType.CLICKED)) == []


@pytest.mark.parametrize("kind", [EventType.UNSUBSCRIBED, EventType.COMPLAINED, EventType.BOUNCED])
def test_what_a_robot_repeats_leaves_room_for_what_matters(bob, kind):
    Recipient.objects.filter(pk=bob.pk).update(sequence=feedback.LAST_OF_MANY)
    assert len(tell(report(bob, EventType.OPENED), report(bob, kind))) == 1
    assert told(bob) == [(kind, feedback.LAST_OF_MANY + 1, True)]


def test_who_unsubscribes_again_is_suppressed_again(bob):
    tell(report(bob, EventType.UNSUBSCRIBED))
    Suppression.objects.all().delete()
    assert tell(report(bob, EventType.UNSUBSCRIBED)) == []
    assert Suppression.objects.get().cause == "unsubscribed"


@pytest.mark.parametrize("kind", [EventType.COMPLAINED, EventType.BOUNCED])
def test_what_comes_back_a_second_time_suppresses_nobody_again(bob, kind):
    tell(report(bob, kind, category="recipient"))
    Suppression.objects.all().delete()
    tell(report(bob, kind, category="recipient"))
    assert not Suppression.objects.exists()


@pytest.mark.parametrize(
    ("kind", "category", "cause"),
    [
        (EventType.UNSUBSCRIBED, "", "unsubscribed"),
        (EventType.COMPLAINED, "", "complained"),
        (EventType.BOUNCED, "recipient", "bounced"),
        (EventType.BOUNCED, "mailbox", None),
        (EventType.OPENED, "", None),
        (EventType.CLICKED, "", None),
    ],
)
def test_who_is_not_to_be_mailed_again_is_suppressed(bob, kind, category, cause):
    tell(report(bob, kind, category=category, reply="550 no such user"))
    found = list(Suppression.objects.values_list("account_id", "email", "cause"))
    assert found == ([(bob.account_id, "bob@inbox.example", cause)] if cause else [])


def test_the_source_of_a_suppression_is_named(bob):
    tell(report(bob, EventType.BOUNCED, category="recipient", reply="550 no such user"))
    assert Suppression.objects.get().source == f"Bounced by message {bob.message.public_id}: 550 no such user"


def test_only_the_account_that_mailed_suppresses(bob, globex):
    stranger = make_message(globex.account, ["bob@inbox.example"], state="delivered").recipients.get()
    tell(report(stranger, EventType.COMPLAINED))
    assert list(Suppression.objects.values_list("account_id", flat=True)) == [globex.account.pk]
    assert told(bob) == []
    tell(report(bob, EventType.COMPLAINED))
    assert Suppression.objects.count() == 2


def test_an_address_that_is_suppressed_already_stays_as_it_is(bob):
    tell(report(bob, EventType.UNSUBSCRIBED))
    tell(report(bob, EventType.COMPLAINED))
    assert Suppression.objects.get().cause == "unsubscribed"


@pytest.mark.parametrize(
    ("first", "then", "cause"),
    [
        ("bounced", "unsubscribed", "unsubscribed"),
        ("unsubscribed", "bounced", "unsubscribed"),
        ("bounced", "bounced", "bounced"),
    ],
)
def test_a_wish_outweighs_a_bounce(bob, first, then, cause):
    for kind in (first, then):
        tell(report(bob, EventType(kind), category="recipient"))
    assert Suppression.objects.get().cause == cause


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("delivered", "bounced"),
        ("sending", "sending"),
        ("deferred", "deferred"),
        ("bounced", "bounced"),
        ("expired", "expired"),
    ],
)
def test_a_delivery_that_bounced_after_all_is_bounced(bob, before, after):
    Recipient.objects.filter(pk=bob.pk).update(state=before)
    tell(report(bob, EventType.BOUNCED, code=550))
    bob.refresh_from_db()
    assert (bob.state, Mark(bob.marks)) == (after, Mark.BOUNCED)


def test_a_complaint_leaves_the_delivery_a_delivery(bob):
    tell(report(bob, EventType.COMPLAINED))
    bob.refresh_from_db()
    assert bob.state == "delivered"


def test_recipients_that_are_not_there_are_left_out(bob):
    missing = Report(recipient_id=bob.pk + 10_000, type=EventType.COMPLAINED, at=NOW)
    assert [fact.recipient_id for fact in tell(missing, report(bob, EventType.OPENED))] == [bob.pk]
    assert tell(missing) == []
    assert tell() == []


def test_after_an_account_was_purged_nothing_is_told(bob, acme):
    gone = report(bob, EventType.COMPLAINED)
    Message.objects.filter(account=acme.account).delete()
    assert tell(gone) == []
    assert not Suppression.objects.exists()
    assert not Event.objects.filter(type="complained").exists()


def test_statistics_know_what_was_the_first(bob):
    tell(*[report(bob, EventType.OPENED)] * 2, report(bob, EventType.BOUNCED, category="recipient"))
    assert HourlyStatistic.objects.filter(account_id=bob.account_id, bounced_hard=1).exists()


def test_a_report_keeps_its_own_time(bob):
    earlier = NOW - timedelta(days=3)
    tell(report(bob, EventType.OPENED, at=earlier))
    assert Event.objects.get(recipient_id=bob.pk, type="opened").at == earlier


def test_nothing_is_told_of_what_is_rolled_back(bob):
    with transaction.atomic():
        tell(report(bob, EventType.COMPLAINED))
        transaction.set_rollback(True)
    assert told(bob) == []
    assert len(tell(report(bob, EventType.COMPLAINED))) == 1


def test_many_at_once(acme):
    message = make_message(acme.account, [f"r{n}@inbox.example" for n in range(60)], state="delivered")
    reports = [report(one, EventType.COMPLAINED) for one in message.recipients.order_by("-pk")]
    assert len(tell(*reports, *reports)) == 60
    assert Suppression.objects.count() == 60
