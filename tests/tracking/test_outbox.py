"""Rows for webhooks are written with the events: in the same commit, for those that want them, and for nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from domains.actions import add_smtp_user
from domains.models import SenderDomain
from gateway.base import bulk, wake
from tests.support.cast import Tenant
from tests.tracking.webhooks.conftest import happen, make_fact
from tracking import events, outbox
from tracking.models import Event, EventType, Webhook, WebhookDelivery
from tracking.webhooks.actions import add_webhook

pytestmark = pytest.mark.django_db


def hook(tenant: Tenant, **options: Any) -> Webhook:
    return add_webhook(tenant.account, "https://hooks.acme.com/", **options)[0]


def told(webhook: Webhook) -> set[int]:
    return set(WebhookDelivery.objects.filter(webhook=webhook).values_list("event_id", flat=True))


def test_it_works(acme: Tenant, globex: Tenant) -> None:
    ours, theirs = hook(acme), hook(globex)
    fact = make_fact(acme)
    happen(fact)
    assert told(ours) == {fact.id}
    assert told(theirs) == set()
    delivery = WebhookDelivery.objects.get()
    assert (delivery.event_at, delivery.state, delivery.attempts) == (fact.at, "waiting", 0)
    assert Event.objects.filter(pk=(delivery.event_at, delivery.event_id)).exists()


def test_types_domain_and_smtp_user_choose(acme: Tenant) -> None:
    domain = SenderDomain.objects.create(account=acme.account, name="other.example", verification_token="t")
    user, _ = add_smtp_user(acme.account, name="other_user")
    opened = make_fact(acme, EventType.OPENED)
    elsewhere = make_fact(acme, domain_id=domain.pk)
    by_other = make_fact(acme, smtp_user_id=user.pk)
    by_nobody = make_fact(acme, smtp_user_id=None, domain_id=None)
    facts = [opened, elsewhere, by_other, by_nobody]
    every, some = hook(acme), hook(acme, events=["opened"])
    of_domain, of_user = hook(acme, domain=domain), hook(acme, smtp_user=user)
    happen(*facts)
    assert told(every) == {fact.id for fact in facts}
    assert told(some) == {opened.id}
    assert told(of_domain) == {elsewhere.id}
    assert told(of_user) == {by_other.id}


def test_one_half_of_the_bounces_may_be_chosen(acme: Tenant) -> None:
    gone = make_fact(acme, EventType.BOUNCED, category="recipient")
    full, blocked = make_fact(acme, EventType.BOUNCED, category="full"), make_fact(acme, EventType.BOUNCED, category="blocked")
    both, hard = hook(acme, events=["bounced"]), hook(acme, events=["bounced_hard"])
    soft = hook(acme, events=["bounced_soft", "opened"])
    happen(gone, full, blocked, make_fact(acme))
    assert (told(both), told(hard), told(soft)) == ({gone.id, full.id, blocked.id}, {gone.id}, {full.id, blocked.id})


@pytest.mark.parametrize(("name", "count"), [("standard", 12), ("sendclean", 6), ("sendcloud", 10), ("octeth", 7)])
def test_what_a_format_has_no_word_for_is_not_written(name: str, count: int, acme: Tenant) -> None:
    one = Webhook.objects.create(account=acme.account, url="https://hooks.acme.com/", format=name, sealed_key=b"")
    happen(*(make_fact(acme, kind) for kind in EventType))
    assert len(told(one)) == count


def test_a_disabled_webhook_is_told_nothing(acme: Tenant) -> None:
    one = hook(acme)
    Webhook.objects.update(is_active=False)
    outbox.forget()
    happen(make_fact(acme))
    assert told(one) == set()


def test_what_is_rolled_back_is_told_to_nobody(acme: Tenant) -> None:
    hook(acme)
    with transaction.atomic(), bulk.raw_cursor() as cursor:
        events.record(cursor, [make_fact(acme)])
        transaction.set_rollback(True)
    assert not WebhookDelivery.objects.exists()


def test_accounts_without_webhooks_ask_nothing(acme: Tenant) -> None:
    happen(make_fact(acme))
    with CaptureQueriesContext(connection) as asked:
        happen(make_fact(acme))
    assert not [query for query in asked.captured_queries if "tracking_webhook" in query["sql"]]


@pytest.mark.django_db(transaction=True)
def test_the_fan_out_is_woken_after_the_commit_and_only_where_there_is_something(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    hints: list[str] = []
    monkeypatch.setattr(wake, "hint", hints.append)
    happen(make_fact(acme))
    assert hints == []
    hook(acme)
    with transaction.atomic(), bulk.raw_cursor() as cursor:
        events.record(cursor, [make_fact(acme), make_fact(acme)])
        assert hints == []
    assert hints == ["tracking.tasks.deliver_webhooks"]


def test_a_webhook_that_was_deleted_meanwhile_harms_no_mail(acme: Tenant) -> None:
    one = hook(acme)
    happen(make_fact(acme))
    Webhook.objects.filter(pk=one.pk).delete()  # by another process: this one believes in it for two seconds more
    happen(make_fact(acme))
    assert Event.objects.count() == 2
    connection.check_constraints()
