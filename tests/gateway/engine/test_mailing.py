"""Sends to lists: one message with a task for each list, accepted and refused as any submission is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Account
from domains.models import SenderDomain
from gateway.base import errors, wake
from gateway.engine import control, intake, lists, mailing
from gateway.engine.accept import EXPAND_TASK, accept
from gateway.engine.mailing import cancel_list_task, send_to_lists
from gateway.engine.submission import Accepted, Addressee, Mailbox
from gateway.models import Content, ListTask, Message, Recipient
from tests.gateway.engine.conftest import Make
from tests.support.cast import Tenant
from tests.support.lists import make_list
from tracking.models import Event


@pytest.fixture(autouse=True)
def _in_this_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commit in the test's own transaction instead of the intake's thread."""

    def accept_one(submission: Any) -> Accepted:
        (answer,) = accept([submission])
        if isinstance(answer, errors.Refused):
            raise answer
        return answer

    monkeypatch.setattr(mailing, "accept_one", accept_one)


def test_it_works(make: Make, acme: Tenant) -> None:
    news, staff = make_list(acme.account.pk), make_list(acme.account.pk, 2, "staff@lists.example")
    answer = send_to_lists(make(), [news.pk, staff.pk])
    message = Message.objects.get()
    assert (answer.message_id, answer.emails) == (message.pk, ())
    assert Content.objects.get().text == "Hello, Bob."
    assert message.options["one_by_one"] is True
    assert not Recipient.objects.exists()
    assert not Event.objects.exists()
    tasks = list(ListTask.objects.order_by("position"))
    assert answer.task_ids == tuple(task.pk for task in tasks)
    assert [(task.message_id, task.address_list_id, task.list_address, task.members, task.state) for task in tasks] == [
        (message.pk, news.pk, "news@lists.example", 3, "waiting"),
        (message.pk, staff.pk, "staff@lists.example", 2, "waiting"),
    ]


def test_the_intake_is_the_way_in() -> None:
    assert mailing.accept_one is not intake.accept_one  # replaced above; the product has no other
    assert "accept_one" in mailing.send_to_lists.__code__.co_names


def test_the_expansion_is_hinted_once_it_is_committed(make: Make, acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    hinted: list[str] = []
    monkeypatch.setattr(wake, "hint", hinted.append)
    send_to_lists(make(), [make_list(acme.account.pk).pk])
    assert hinted == [EXPAND_TASK]


def test_one_list_twice_is_one_task(make: Make, acme: Tenant) -> None:
    news = make_list(acme.account.pk)
    assert len(send_to_lists(make(), [news.pk, news.pk]).task_ids) == 1


def test_a_strangers_list_is_refused_like_a_missing_one(make: Make, acme: Tenant, globex: Tenant) -> None:
    ours, theirs = make_list(acme.account.pk), make_list(globex.account.pk)
    for list_id in (theirs.pk, 987_654):
        with pytest.raises(errors.FieldInvalid, match=f"^There is no address list {list_id}.$") as refused:
            send_to_lists(make(), [ours.pk, list_id])
        assert (refused.value.field, refused.value.value) == ("list", str(list_id))
    assert not ListTask.objects.exists()
    assert not Message.objects.exists()


def test_five_lists_at_most(make: Make, acme: Tenant) -> None:
    made = [make_list(acme.account.pk, 0, f"list{number}") for number in range(6)]
    assert len(send_to_lists(make(), [one.pk for one in made[:5]]).task_ids) == 5
    with pytest.raises(errors.TooManyRecipients, match="6 address lists"):
        send_to_lists(make(), [one.pk for one in made])


def test_without_a_list_there_is_nobody_to_send_to(make: Make) -> None:
    with pytest.raises(errors.RecipientMissing):
        send_to_lists(make(), [])


def test_lists_and_recipients_do_not_go_together(make: Make, acme: Tenant) -> None:
    news = make_list(acme.account.pk)
    (answer,) = accept([make(list_ids=(news.pk,), recipients=(Addressee(email="eve@inbox.example"),))])
    assert isinstance(answer, errors.RecipientInvalid)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"sender": None}, errors.SenderMissing),
        ({"sender": Mailbox(email="ann@globex.example")}, errors.SenderNotAllowed),
        ({"text": ""}, errors.ContentMissing),
        ({"subject": "a\nb"}, errors.SubjectInvalid),
        ({"template_id": 987_654}, errors.TemplateMissing),
        ({"text": "x" * 16_000_001}, errors.MessageTooLarge),
        ({"headers": (("DKIM-Signature", "x"),)}, errors.HeaderReserved),
    ],
)
def test_what_accept_refuses_is_refused(make: Make, acme: Tenant, changes: dict[str, Any], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        send_to_lists(make(**changes), [make_list(acme.account.pk).pk])


def test_a_suspended_account_sends_to_nobody(make: Make, acme: Tenant) -> None:
    news = make_list(acme.account.pk)
    Account.objects.filter(pk=acme.account.pk).update(status=Account.Status.SUSPENDED)
    with pytest.raises(errors.AccountSuspended):
        send_to_lists(make(), [news.pk])


def test_an_unverified_domain_sends_to_nobody(make: Make, acme: Tenant) -> None:
    news = make_list(acme.account.pk)
    SenderDomain.objects.update(verified_at=None, is_trusted=False)
    with pytest.raises(errors.DomainNotVerified):
        send_to_lists(make(), [news.pk])


def test_a_key_answers_as_it_did(make: Make, acme: Tenant) -> None:
    news, staff = make_list(acme.account.pk), make_list(acme.account.pk, 2, "staff@lists.example")
    first = send_to_lists(make(idempotency_key="k"), [news.pk])
    assert send_to_lists(make(idempotency_key="k"), [news.pk]) == first
    assert ListTask.objects.count() == 1
    with pytest.raises(errors.IdempotencyConflict):
        send_to_lists(make(idempotency_key="k"), [staff.pk])


def test_what_was_cancelled_goes_to_nobody_more(make: Make, acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "BATCH", 2)
    news, staff = make_list(acme.account.pk, 5), make_list(acme.account.pk, 2, "staff@lists.example")
    first, second = send_to_lists(make(), [news.pk, staff.pk]).task_ids
    lists.expand_batch(first)
    assert cancel_list_task(acme.account.pk, second) == 2  # both lists are one message
    assert not lists.expand(1)
    assert set(Recipient.objects.values_list("state", flat=True)) == {"cancelled"}
    assert list(ListTask.objects.values_list("state", flat=True)) == ["cancelled", "cancelled"]
    assert Recipient.objects.count() == 2
    assert cancel_list_task(acme.account.pk, first) == 0


def test_a_list_is_held_and_released_with_its_message(make: Make, acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "BATCH", 2)
    news, staff = make_list(acme.account.pk, 5), make_list(acme.account.pk, 2, "staff@lists.example")
    answer = send_to_lists(make(), [news.pk, staff.pk])
    lists.expand_batch(answer.task_ids[0])
    message = control.Which(account_id=acme.account.pk, message_id=answer.message_id)
    control.hold(message)
    assert not lists.expand(1)
    assert list(Recipient.objects.values_list("state", flat=True)) == ["held", "held"]
    assert set(ListTask.objects.values_list("state", flat=True)) == {"held"}
    control.release(message)
    lists.expand(5)
    assert set(ListTask.objects.values_list("state", flat=True)) == {"done"}
    assert list(Recipient.objects.values_list("state", flat=True)) == ["queued"] * 5  # staff are in the news as well


def test_a_held_list_can_be_cancelled(make: Make, acme: Tenant) -> None:
    answer = send_to_lists(make(), [make_list(acme.account.pk).pk])
    control.hold(control.Which(account_id=acme.account.pk))
    cancel_list_task(acme.account.pk, answer.task_ids[0])
    assert ListTask.objects.get().state == "cancelled"


def test_clearing_a_queue_stops_the_lists_that_are_meant(make: Make, acme: Tenant, globex: Tenant) -> None:
    (first,) = send_to_lists(make(), [make_list(acme.account.pk).pk]).task_ids
    accepted_at = Message.objects.get().accepted_at
    account_id, domain_id = acme.account.pk, acme.domain.pk
    for other in ({"domain_id": domain_id + 1}, {"smtp_user_id": 987_654}, {"until": accepted_at - timedelta(seconds=1)}):
        control.cancel(control.Which(account_id=account_id, **other))
        assert ListTask.objects.get(pk=first).state == "waiting", other
    control.cancel(control.Which(account_id=account_id, domain_id=domain_id, until=accepted_at))
    assert ListTask.objects.get(pk=first).state == "cancelled"


def test_a_stranger_cancels_nothing(make: Make, acme: Tenant, globex: Tenant) -> None:
    (task_id,) = send_to_lists(make(), [make_list(acme.account.pk).pk]).task_ids
    assert cancel_list_task(globex.account.pk, task_id) == 0
    assert control.cancel(control.Which(account_id=globex.account.pk)) == 0
    assert ListTask.objects.get().state == "waiting"


def test_a_time_to_send_at_is_kept_on_the_task(make: Make, acme: Tenant) -> None:
    later = timezone.now() + timedelta(hours=2)
    send_to_lists(make(send_at=later), [make_list(acme.account.pk).pk])
    assert ListTask.objects.get().next_at == later
    assert Message.objects.get().send_at == later
