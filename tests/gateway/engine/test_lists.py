"""Expansion: each member of a list becomes a recipient once, in batches that may be interrupted anywhere."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Account, UsageCounter
from accounts.queries import forget as forget_accounts
from domains.models import SenderDomain
from domains.queries import forget as forget_domains
from gateway.base import wake
from gateway.base.errors import FieldInvalid
from gateway.engine import lists, queue, tasks
from gateway.engine.accept import accept
from gateway.engine.compose import compose
from gateway.engine.submission import Mailbox, Submission, Syntax
from gateway.models import ListTask, Message, Recipient
from templates_app.lists import delete_list
from templates_app.members import Entry, delete_members, put_members
from tests.gateway.engine.conftest import Make
from tests.support.cast import Tenant
from tests.support.lists import make_list
from tracking.models import Event, Suppression

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "BATCH", 10)


def begin(submission: Submission, *address_lists: Any) -> list[ListTask]:
    """Accept a send to lists and return its tasks."""
    ids = tuple(one.pk for one in address_lists)
    (answer,) = accept(
        [Submission(**_fields(submission) | {"list_ids": ids, "recipients": (), "one_by_one": True, "bulk": True})]
    )
    return [ListTask.objects.get(pk=task_id) for task_id in answer.task_ids]


def _fields(submission: Submission) -> dict[str, Any]:
    return {name: getattr(submission, name) for name in Submission.__dataclass_fields__}


def emails() -> list[str]:
    return list(Recipient.objects.order_by("message_id", "position").values_list("email", flat=True))


def state_of(task: ListTask) -> tuple[str, int, int]:
    task.refresh_from_db()
    return task.state, task.expanded, task.added


def test_it_works(make: Make, acme: Tenant) -> None:
    news = make_list(acme.account.pk, 25)
    (task,) = begin(make(), news)
    assert not lists.expand(5)
    assert state_of(task) == ("done", 25, 25)
    assert emails() == [f"p{number}@inbox.example" for number in range(25)]
    rows = list(Recipient.objects.order_by("position"))
    assert [row.position for row in rows] == list(range(25))
    assert {(row.account_id, row.message_id, row.kind, row.state, row.priority, row.domain) for row in rows} == {
        (acme.account.pk, task.message_id, "to", "queued", 1, "inbox.example")
    }
    assert [row.variables for row in rows] == [{"N": str(number), "email": row.email} for number, row in enumerate(rows)]
    events = Event.objects.filter(type="accepted").values_list("recipient_id", "sequence")
    assert set(events) == {(row.pk, 1) for row in rows}


def test_a_members_name_and_address_are_fields_unless_the_list_has_its_own(make: Make, acme: Tenant) -> None:
    news = make_list(acme.account.pk, 0)
    entries = [Entry(email="a@b.example", name="Ann"), Entry(email="c@d.example", name="Bob", variables={"name": "Bobby"})]
    put_members(acme.account.pk, news.pk, entries)
    begin(make(), news)
    lists.expand(5)
    fields = [row.variables for row in Recipient.objects.order_by("position")]
    assert fields == [{"email": "a@b.example", "name": "Ann"}, {"email": "c@d.example", "name": "Bobby"}]


def test_each_copy_is_composed_with_its_own_values(make: Make, acme: Tenant, acme_keys: Any) -> None:
    begin(make(text="You are %N%.", syntax=Syntax.SENDCLOUD), make_list(acme.account.pk, 3))
    lists.expand(5)
    mails = {copy.email: compose(copy, ()).wire for copy in queue.claim(10)}
    assert b"To: p2@inbox.example\r\n" in mails["p2@inbox.example"]
    assert b"You are 2." in mails["p2@inbox.example"]
    assert len(mails) == 3


def test_earlier_lists_of_the_same_call_come_first_and_leave_nobody_twice(make: Make, acme: Tenant) -> None:
    one = make_list(acme.account.pk, [f"p{n}@inbox.example" for n in range(15)], "one")
    two = make_list(acme.account.pk, [f"P{n}@INBOX.example" for n in range(10, 30)], "two")
    first, second = begin(make(), one, two)
    lists.expand(5)
    assert (state_of(first), state_of(second)) == (("done", 15, 15), ("done", 20, 15))
    assert Counter(email.lower() for email in emails()) == Counter(f"p{n}@inbox.example" for n in range(30))
    assert sorted(Recipient.objects.values_list("position", flat=True)) == list(range(30))


def test_the_next_list_waits_for_the_one_before(make: Make, acme: Tenant) -> None:
    first, second = begin(make(), make_list(acme.account.pk, 15, "one"), make_list(acme.account.pk, 5, "two"))
    assert lists._pick(0) == [first.pk]
    lists.expand_batch(first.pk)
    assert lists._pick(0) == [first.pk]
    lists.expand_batch(first.pk)
    assert lists._pick(0) == [second.pk]


def test_who_is_deleted_and_imported_again_meanwhile_is_mailed_once(make: Make, acme: Tenant) -> None:
    news = make_list(acme.account.pk, 25)
    (task,) = begin(make(), news)
    lists.expand_batch(task.pk)
    people = [f"p{n}@inbox.example" for n in range(25)]
    delete_members(acme.account.pk, news.pk, people)
    put_members(acme.account.pk, news.pk, [Entry(email=email.upper()) for email in people])
    lists.expand(5)
    assert Counter(email.lower() for email in emails()) == Counter(people)


def test_two_sends_to_one_list_are_two_sends(make: Make, acme: Tenant) -> None:
    news = make_list(acme.account.pk, 5)
    begin(make(), news)
    begin(make(), news)
    lists.expand(5)
    assert Counter(emails()) == {f"p{n}@inbox.example": 2 for n in range(5)}


def test_suppressed_members_are_marked(make: Make, acme: Tenant, globex: Tenant) -> None:
    Suppression.objects.create(account=acme.account, email="p1@inbox.example", cause="manual")
    Suppression.objects.create(account=globex.account, email="p2@inbox.example", cause="manual")
    (task,) = begin(make(), make_list(acme.account.pk, 3))
    lists.expand(5)
    states = dict(Recipient.objects.values_list("email", "state"))
    assert states == {"p0@inbox.example": "queued", "p1@inbox.example": "suppressed", "p2@inbox.example": "queued"}
    assert set(Event.objects.filter(recipient="p1@inbox.example").values_list("type", flat=True)) == {"accepted", "suppressed"}
    task.refresh_from_db()
    assert (task.added, task.suppressed) == (3, 1)


def test_quotas_let_the_rest_wait_and_nothing_is_lost(make: Make, acme: Tenant) -> None:
    Account.objects.filter(pk=acme.account.pk).update(quota_day=13)
    (task,) = begin(make(), make_list(acme.account.pk, 25))
    assert not lists.expand(5)
    assert state_of(task) == ("running", 13, 13)
    assert "quota of 13 recipients in this day is used up" in task.error
    assert task.next_at is not None
    assert timezone.now() < task.next_at <= timezone.now() + lists.RECHECK
    assert UsageCounter.objects.get().used == 13
    Account.objects.filter(pk=acme.account.pk).update(quota_day=100)
    forget_accounts()
    ListTask.objects.update(next_at=timezone.now())
    lists.expand(5)
    assert state_of(task) == ("done", 25, 25)
    assert task.error == ""
    assert Counter(emails()) == Counter(f"p{n}@inbox.example" for n in range(25))
    assert UsageCounter.objects.get().used == 25


def test_copies_of_a_list_that_a_quota_held_up_have_their_whole_lifetime(make: Make, acme: Tenant) -> None:
    (task,) = begin(make(), make_list(acme.account.pk, 3))
    Message.objects.update(accepted_at=timezone.now() - 6 * DAY)
    lists.expand(5)
    (copy, *_) = queue.claim(10)
    assert timezone.now() - copy.letter.due_at < timedelta(minutes=1)
    assert state_of(task) == ("done", 3, 3)


def test_nothing_happens_before_its_time(make: Make, acme: Tenant) -> None:
    (task,) = begin(make(send_at=timezone.now() + DAY), make_list(acme.account.pk, 3))
    assert not lists.expand(5)
    assert not lists.is_work_waiting()
    assert lists.expand_batch(task.pk) is None
    assert state_of(task) == ("waiting", 0, 0)
    ListTask.objects.update(next_at=timezone.now())
    Message.objects.update(send_at=timezone.now())
    lists.expand(5)
    assert state_of(task) == ("done", 3, 3)
    assert {row.state for row in Recipient.objects.all()} == {"queued"}


@pytest.mark.parametrize(
    ("status", "state", "words"),
    [
        (Account.Status.SUSPENDED, "waiting", "The account is suspended"),
        (Account.Status.DELETED, "failed", "The account was deleted; 0 of 3 members had been taken in."),
        (Account.Status.PURGED, "failed", "The account was deleted"),
    ],
)
def test_an_account_that_may_not_send_any_more(make: Make, acme: Tenant, status: str, state: str, words: str) -> None:
    (task,) = begin(make(), make_list(acme.account.pk, 3))
    Account.objects.filter(pk=acme.account.pk).update(status=status)
    forget_accounts()
    assert not lists.expand(5)
    assert state_of(task) == (state, 0, 0)
    assert words in task.error


def test_a_domain_that_is_not_verified_any_more_lets_it_wait(make: Make, acme: Tenant) -> None:
    (task,) = begin(make(), make_list(acme.account.pk, 3))
    SenderDomain.objects.update(verified_at=None, is_trusted=False)
    forget_domains()
    assert not lists.expand(5)
    assert "not verified any more" in ListTask.objects.get(pk=task.pk).error
    SenderDomain.objects.update(verified_at=timezone.now())
    forget_domains()
    ListTask.objects.update(next_at=timezone.now())
    lists.expand(5)
    assert state_of(task) == ("done", 3, 3)


def test_a_list_that_is_deleted_meanwhile_is_done_with_a_note(make: Make, acme: Tenant) -> None:
    news = make_list(acme.account.pk, 25)
    (task,) = begin(make(), news)
    lists.expand_batch(task.pk)
    delete_list(acme.account.pk, news.pk)
    lists.expand(5)
    assert state_of(task) == ("done", 10, 10)
    assert task.error == "The list was deleted; 10 of 25 members had been taken in."
    assert task.list_address == "news@lists.example"


def test_an_empty_list_is_done_at_once(make: Make, acme: Tenant) -> None:
    (task,) = begin(make(), make_list(acme.account.pk, 0))
    lists.expand(5)
    assert state_of(task) == ("done", 0, 0)


def test_a_full_last_batch_ends(make: Make, acme: Tenant) -> None:
    (task,) = begin(make(), make_list(acme.account.pk, 20))
    lists.expand(5)
    assert state_of(task) == ("done", 20, 20)


def test_accounts_take_turns(make: Make, acme: Tenant, globex: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    (ours,) = begin(make(), make_list(acme.account.pk, 100))
    theirs_asked = make(
        account_id=globex.account.pk, smtp_user_id=globex.smtp_user.pk, sender=Mailbox(email="g@globex.example")
    )
    (theirs,) = begin(theirs_asked, make_list(globex.account.pk, 20))
    order: list[int] = []
    real = lists.expand_batch

    def expand_batch(task_id: int) -> lists.Task | None:
        order.append(task_id)
        return real(task_id)

    monkeypatch.setattr(lists, "expand_batch", expand_batch)
    lists.expand(5)
    assert order[:4] == [ours.pk, theirs.pk, ours.pk, theirs.pk]
    assert set(Recipient.objects.filter(message=theirs.message).values_list("account_id", flat=True)) == {globex.account.pk}


def test_a_slice_ends_in_time_and_says_that_there_is_more(make: Make, acme: Tenant) -> None:
    (task,) = begin(make(), make_list(acme.account.pk, 100))
    assert lists.expand(0.0001)
    assert lists.is_work_waiting()
    assert state_of(task)[0] != "done"


def test_a_fault_is_in_nobody_elses_way(make: Make, acme: Tenant, globex: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    (ours,) = begin(make(), make_list(acme.account.pk, 3))
    theirs_asked = make(
        account_id=globex.account.pk, smtp_user_id=globex.smtp_user.pk, sender=Mailbox(email="g@globex.example")
    )
    (theirs,) = begin(theirs_asked, make_list(globex.account.pk, 3))
    real = lists._store

    def fail_for_ours(cursor: Any, task: lists.Task, *rest: Any) -> None:
        real(cursor, task, *rest)
        if task.id == ours.pk:
            raise RuntimeError("a fault")

    monkeypatch.setattr(lists, "_store", fail_for_ours)
    lists.expand(5)
    assert state_of(theirs) == ("done", 3, 3)
    assert state_of(ours) == ("waiting", 0, 0)
    assert "fault inside Gatepost" in ours.error
    assert Recipient.objects.filter(message=ours.message).count() == 0  # all of a batch or nothing


def test_senders_are_woken_after_each_batch_that_has_mail(make: Make, acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[bool] = []
    monkeypatch.setattr(wake, "wake_sender", lambda: woken.append(True))
    begin(make(), make_list(acme.account.pk, 20))
    lists.expand(5)
    assert len(woken) == 2


def test_the_task_comes_back_while_there_is_work(make: Make, acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(make(), make_list(acme.account.pk, 100))
    hinted: list[str] = []
    monkeypatch.setattr(wake, "hint", hinted.append)
    monkeypatch.setattr(tasks, "SLICE", 0.0001)
    tasks.expand_lists()
    assert hinted == ["gateway.engine.tasks.expand_lists"]
    monkeypatch.setattr(tasks, "SLICE", 10)
    tasks.expand_lists()
    assert len(hinted) == 1
    assert Recipient.objects.count() == 100


def test_a_limit_takes_the_first_members_by_their_addresses(make: Make, acme: Tenant) -> None:
    people = [f"p{number:02}@inbox.example" for number in range(30)]
    (task,) = begin(make(list_limit=12), make_list(acme.account.pk, [email.upper() for email in reversed(people)]))
    assert task.members == 12
    lists.expand(5)
    assert [email.lower() for email in emails()] == people[:12]
    assert state_of(task) == ("done", 12, 12)


def test_a_limit_stays_when_a_quota_holds_the_list_up(make: Make, acme: Tenant) -> None:
    Account.objects.update(quota_day=5)
    (task,) = begin(make(list_limit=8), make_list(acme.account.pk, 20))
    lists.expand(5)
    assert state_of(task) == ("running", 5, 5)
    Account.objects.update(quota_day=None)
    forget_accounts()
    ListTask.objects.update(next_at=None)
    lists.expand(5)
    assert state_of(task) == ("done", 8, 8)
    assert Counter(emails()) == Counter(sorted(f"p{number}@inbox.example" for number in range(20))[:8])


def test_octeths_syntax_knows_the_address_by_its_own_name(make: Make, acme: Tenant, acme_keys: Any) -> None:
    begin(make(text="%Subscriber:EmailAddress% is {{ Subscriber:N }}.", syntax=Syntax.OCTETH), make_list(acme.account.pk, 2))
    lists.expand(5)
    mails = {copy.email: compose(copy, ()).wire for copy in queue.claim(10)}
    assert b"p1@inbox.example is 1." in mails["p1@inbox.example"]


def test_a_list_without_members_is_refused_where_that_is_asked_for(make: Make, acme: Tenant) -> None:
    empty = make_list(acme.account.pk, 0)
    asked = _fields(make(refuse_empty_lists=True)) | {"list_ids": (empty.pk,), "recipients": ()}
    (answer,) = accept([Submission(**asked)])
    assert isinstance(answer, FieldInvalid)
    assert answer.field == "list_members"
