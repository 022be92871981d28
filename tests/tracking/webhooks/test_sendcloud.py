"""SendCloud's webhooks (contracts 2.4) from a send to what arrives: ids, list tasks, whence, whose; and the URL's test."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from itertools import chain
from typing import Any
from urllib.parse import parse_qsl

import pytest

from domains.actions import add_smtp_user
from gateway.base import clock
from gateway.base.errors import FieldInvalid
from gateway.engine import lists, mailing
from gateway.engine.accept import accept
from gateway.engine.submission import Accepted, Addressee, Mailbox, Submission
from gateway.models import Attempt, ListTask, Message, Recipient
from tests.support.cast import Tenant
from tests.support.lists import make_list
from tests.tracking.webhooks.conftest import World, happen, make_fact, states
from tracking import outbox
from tracking.formats import FORMATS
from tracking.labels import add_label
from tracking.models import EventType, Webhook, WebhookDelivery
from tracking.webhooks import queries
from tracking.webhooks.schedule import MINUTE, next_try

pytestmark = pytest.mark.django_db(transaction=True)

Make = Callable[..., World]


def read(body: bytes) -> dict[str, str]:
    return dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True))


def heard(here: World, path: str = "/") -> list[dict[str, str]]:
    """Return what was posted to a path, but for the test that its URL passed first."""
    return [read(call.body) for call in here.endpoint.to(path)[1:]]


def ask(tenant: Tenant, *emails: str, **changes: Any) -> Submission:
    submission: dict[str, Any] = {
        "account_id": tenant.account.pk,
        "smtp_user_id": tenant.smtp_user.pk,
        "door": "sendcloud",
        "sender": Mailbox(email=f"news@{tenant.domain.name}"),
        "recipients": tuple(Addressee(email=email) for email in emails),
        "subject": "Hello",
        "text": "Hello",
        "event_headers": {"SC-Custom-Order": "17"},
    }
    return Submission(**submission | changes)


def take(submission: Submission) -> Accepted:
    (answer,) = accept([submission])
    assert isinstance(answer, Accepted)
    return answer


def test_one_request_names_all_copies_by_the_ids_of_the_answer(world: Make, acme: Tenant) -> None:
    here = world()
    here.hook(format_name="sendcloud")
    emails = ("ben@inbox.example", "joe@inbox.example")
    answer = take(ask(acme, *emails))
    here.run()
    (one,) = heard(here)
    assert (one["event"], one["messageId"]) == ("request", answer.inbound_id)
    assert json.loads(one["emailIds"]) == [f"{answer.inbound_id}{position}${email}" for position, email in enumerate(emails)]
    assert (json.loads(one["recipientArray"]), one["recipientSize"]) == (list(emails), "2")
    assert (one["apiUser"], one["category"]) == (acme.smtp_user.name, acme.smtp_user.name)
    assert (one["maillistTaskId"], one["mail_list_task_id"], one["labelId"]) == ("0", "0", "0")
    assert json.loads(one["userHeaders"]) == {"SC-Custom-Order": "17"}


def test_requests_of_other_messages_and_other_events_go_alone(world: Make, acme: Tenant) -> None:
    here = world()
    here.hook(format_name="sendcloud")
    wanted = [["ann@a.example", "bob@a.example"], ["cid@a.example"], ["dan@a.example"]]
    answers = [take(ask(acme, *emails)) for emails in wanted]
    happen(*(make_fact(acme, message_id=7) for _ in range(2)))
    here.run()
    told = heard(here)
    requests = {one["messageId"]: json.loads(one["recipientArray"]) for one in told if one["event"] == "request"}
    assert requests == dict(zip((answer.inbound_id for answer in answers), wanted, strict=True))
    assert [one["event"] for one in told].count("deliver") == 2
    assert len(told) == 5


def test_many_requests_are_told_in_bodies_of_a_bounded_size(world: Make, acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "GATHERED", 3)
    here = world()
    here.hook(format_name="sendcloud")
    emails = [f"u{number}@inbox.example" for number in range(8)]
    take(ask(acme, *emails))
    here.run()
    told = [json.loads(one["recipientArray"]) for one in heard(here)]
    assert sorted(map(len, told)) == [2, 3, 3]
    assert sorted(chain.from_iterable(told)) == emails


def test_a_request_of_very_many_is_shown_as_it_went_out(world: Make, acme: Tenant) -> None:
    here = world()
    here.hook(format_name="sendcloud")
    take(ask(acme, *(f"u{number}@inbox.example" for number in range(150))))
    here.run()
    (told,) = heard(here)
    assert told["recipientSize"] == "150"
    assert read(queries.load_call(WebhookDelivery.objects.order_by("?")[0]).body) == told


def test_a_request_of_many_goes_out_again_with_the_same_bytes(world: Make, acme: Tenant) -> None:
    here = world({"/": lambda times: 500 if times == 1 else 200})  # the first call tries the URL
    here.hook(format_name="sendcloud")
    take(ask(acme, "ben@inbox.example", "joe@inbox.example"))
    here.run()
    here.later(hours=1)
    here.run()
    bodies = [call.body for call in here.endpoint.calls[1:]]
    assert len(bodies) == 2
    assert len(set(bodies)) == 1
    assert states() == {"done": 2}


def test_copies_of_a_list_name_its_task(world: Make, acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailing, "accept_one", take)
    here = world()
    here.hook(format_name="sendcloud")
    first = make_list(acme.account.pk, 3, "first@lists.example")
    second = make_list(acme.account.pk, 5, "second@lists.example")
    answer = mailing.send_to_lists(ask(acme), [first.pk, second.pk])
    lists.expand(20)
    here.run()
    told = heard(here)
    assert {one["messageId"] for one in told} == {answer.inbound_id}
    added = dict(ListTask.objects.values_list("pk", "added"))
    assert tuple(added) == answer.task_ids
    assert {int(one["maillistTaskId"]): int(one["recipientSize"]) for one in told} == added
    assert all(one["maillistTaskId"] == one["mail_list_task_id"] for one in told)
    assert {email_id for one in told for email_id in json.loads(one["emailIds"])} == {
        f"{answer.inbound_id}{position}${email}" for position, email in Recipient.objects.values_list("position", "email")
    }


def test_a_label_has_its_accounts_number(world: Make, acme: Tenant, globex: Tenant) -> None:
    add_label(globex.account.pk, "spring")
    ours = add_label(acme.account.pk, "spring")
    here = world()
    here.hook(format_name="sendcloud")
    happen(make_fact(acme, tags=["spring", "shop"]), make_fact(acme, tags=["nobody's"]), make_fact(acme, tags=[]))
    here.run()
    assert {(one["labelName"], one["labelId"]) for one in heard(here)} == {
        ("spring", str(ours.pk)),
        ("nobody's", "0"),
        ("", "0"),
    }


def test_a_delivery_names_whence_it_went(world: Make, acme: Tenant) -> None:
    here = world()
    here.hook(format_name="sendcloud", events=["delivered"])
    take(ask(acme, "ben@inbox.example"))
    message, copy = Message.objects.get(), Recipient.objects.get()
    for number, result, source in ((1, "deferred", "192.0.2.1"), (2, "delivered", "192.0.2.2")):
        Attempt.objects.create(recipient=copy, number=number, at=message.accepted_at, result=result, source=source)
    happen(make_fact(acme, recipient_id=copy.pk, message_id=message.pk, public_id=str(message.public_id)))
    here.run()
    (told,) = heard(here)
    assert (told["event"], told["outIp"], told["message"]) == ("deliver", "192.0.2.2", "Ok: queued")
    (delivery,) = WebhookDelivery.objects.all()
    assert read(queries.load_call(delivery).body) == told


def test_a_reader_is_told_by_program_and_system(world: Make, acme: Tenant) -> None:
    here = world()
    here.hook(format_name="sendcloud")
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36"
    kinds = (EventType.OPENED, EventType.CLICKED, EventType.UNSUBSCRIBED)
    happen(*(make_fact(acme, kind, agent=agent, address="192.0.2.9", url="https://shop.example/?a=1") for kind in kinds))
    here.run()
    told = {one["event"]: one for one in heard(here)}
    assert set(told) == {"open", "click", "unsubscribe"}
    for one in told.values():
        names = ("ip", "explorerName", "explorerVer", "oSName", "oSVer")
        assert [one[name] for name in names] == ["192.0.2.9", "Chrome", "142.0", "Windows", "10"]
    assert told["click"]["url"] == "https://shop.example/?a=1"
    assert "url" not in told["open"]


def test_only_the_mail_of_its_user_is_told(world: Make, acme: Tenant) -> None:
    other, _ = add_smtp_user(acme.account, name="smtp_other")
    here = world()
    here.hook(format_name="sendcloud", smtp_user=other)
    happen(make_fact(acme), make_fact(acme, smtp_user_id=other.pk), make_fact(acme, smtp_user_id=None))
    here.run()
    assert [one["category"] for one in heard(here)] == ["smtp_other"]


def test_it_is_tried_six_times_in_half_an_hour_with_the_same_bytes(world: Make) -> None:
    here = world({"/": lambda times: 500 if times else 200})  # it passes its test, and never again
    here.hook(format_name="sendcloud")
    here.happen()
    for _ in range(8):
        here.run()
        here.later(hours=1)
    bodies = [call.body for call in here.endpoint.calls[1:]]
    assert len(bodies) == 6
    assert len(set(bodies)) == 1
    assert states() == {"failed": 1}


def test_an_endpoint_that_fails_wholly_is_asked_as_often_as_they_were_told(world: Make) -> None:
    here = world({"/": lambda times: 500 if times else 200})
    hook = here.hook(format_name="sendcloud")
    Webhook.objects.filter(pk=hook.pk).update(failures=99)
    here.happen()
    here.run()
    hook.refresh_from_db()
    assert hook.failures == 100
    assert hook.paused_until is not None
    assert (hook.paused_until - clock.now()).total_seconds() <= 16 * MINUTE * 1.1


def test_the_waits_double_from_a_minute_on() -> None:
    class Fair:
        def uniform(self, _: float, __: float, /) -> float:
            return 1

    form, now = FORMATS["sendcloud"], clock.now()
    waits = [next_try(form.delays, tries, now, dice=Fair()) for tries in range(1, 7)]
    assert waits == [now + timedelta(seconds=minutes * MINUTE) for minutes in (1, 2, 4, 8, 16)] + [None]
    assert form.seconds == 3


# When a URL is saved -----------------------------------------------------------------------------------------------------


def only(method: str, here: World) -> Callable[[int], int]:
    """Answer 200 to one method alone."""
    return lambda _: 200 if here.endpoint.calls[-1].method == method else 405


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_answer_to_either_method_will_do(method: str, world: Make) -> None:
    here = world()
    here.endpoint.script["/"] = only(method, here)
    here.hook(format_name="sendcloud")
    tried = [call.method for call in here.endpoint.calls]
    assert tried == (["POST"] if method == "POST" else ["POST", "GET"])


@pytest.mark.parametrize("status", [201, 302, 404, 500])
def test_a_url_that_answers_neither_is_refused(status: int, world: Make) -> None:
    here = world({"/": status})
    with pytest.raises(FieldInvalid, match=f"It answered {status}"):
        here.hook(format_name="sendcloud")


def test_an_address_that_may_not_be_called_is_called_by_neither(world: Make, settings: Any) -> None:
    here = world()
    settings.GATEPOST_WEBHOOK_ALLOW = ()
    with pytest.raises(FieldInvalid):
        here.hook(format_name="sendcloud")
    assert here.endpoint.calls == []
