"""What doors do with webhooks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook as Verifier

from gateway.base import clock
from gateway.base.errors import FieldInvalid, QuotaExceeded
from gateway.base.sealing import CannotOpen
from tests.support.cast import Tenant
from tests.support.endpoint import BLESSED, HANG, saying
from tests.tracking.webhooks.conftest import World, happen, make_fact, states
from tracking.models import Webhook, WebhookAttempt, WebhookDelivery
from tracking.webhooks import actions, queue
from tracking.webhooks.calls import open_key

pytestmark = pytest.mark.django_db(transaction=True)

Make = Callable[..., World]


def test_it_works(acme: Tenant) -> None:
    hook, key = actions.add_webhook(
        acme.account,
        "https://hooks.acme.com/",
        events=["opened", "clicked"],
        domain=acme.domain,
        smtp_user=acme.smtp_user,
        description="shop",
        keeps_log=False,
    )
    hook = Webhook.objects.for_account(acme.account).get(pk=hook.pk)
    assert (hook.events, hook.domain, hook.smtp_user, hook.description, hook.keeps_log) == (
        ["clicked", "opened"],
        acme.domain,
        acme.smtp_user,
        "shop",
        False,
    )
    assert open_key(hook) == key
    assert key.encode() not in bytes(hook.sealed_key)


def test_a_key_opens_for_its_own_webhook_only(acme: Tenant, globex: Tenant) -> None:
    ours, _ = actions.add_webhook(acme.account, "https://hooks.acme.com/")
    theirs, _ = actions.add_webhook(globex.account, "https://hooks.globex.com/")
    theirs.sealed_key = ours.sealed_key
    with pytest.raises(CannotOpen):
        open_key(theirs)


def test_the_account_has_a_limit(acme: Tenant) -> None:
    acme.account.max_webhooks = 2
    for _ in range(2):
        actions.add_webhook(acme.account, "https://hooks.acme.com/")
    with pytest.raises(QuotaExceeded, match="may have 2 webhooks"):
        actions.add_webhook(acme.account, "https://hooks.acme.com/")


def test_two_at_once_cannot_both_be_the_last(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    acme.account.max_webhooks = 1
    acme.account.save()

    def add_another(*_: Any, **__: Any) -> None:  # while the URL of the first is tried
        Webhook.objects.create(account=acme.account, url="https://hooks.acme.com/other")

    monkeypatch.setattr(actions, "check_works", add_another)
    with pytest.raises(QuotaExceeded, match="may have 1 webhooks"):
        actions.add_webhook(acme.account, "https://hooks.acme.com/")
    assert Webhook.objects.count() == 1


@pytest.mark.parametrize(
    "url", ["", "ftp://acme.com/", "http://10.0.0.1/", "https://localhost/", f"https://a.com/{'x' * 2000}"]
)
def test_a_url_that_can_never_be_called_is_refused(url: str, acme: Tenant, settings: Any) -> None:
    settings.GATEPOST_WEBHOOK_ALLOW = ()
    with pytest.raises(FieldInvalid) as refusal:
        actions.add_webhook(acme.account, url)
    assert refusal.value.field == "url"
    assert not Webhook.objects.exists()


@pytest.mark.parametrize("name", ["sendcloud", "sendclean"])
def test_a_url_that_fails_its_test_is_refused_where_the_format_tests(name: str, world: Make) -> None:
    here = world({"/bad": 500, "/good": BLESSED})
    with pytest.raises(FieldInvalid, match="It answered 500"):
        here.hook("/bad", format_name=name)
    here.hook("/good", format_name=name)
    posted = [call.headers["content-type"] for call in here.endpoint.calls if call.method == "POST"]
    assert posted == ["application/x-www-form-urlencoded"] * 2


@pytest.mark.parametrize("words", [b"God bless you, Mail & Co", b"God bless you, SendClean\r\n", b"God bless you, PowerEmail"])
def test_sendcleans_words_of_success_are_taken(words: bytes, world: Make, settings: Any) -> None:
    settings.GATEPOST_BRAND = "Mail & Co"
    here = world({"/": saying(words)})
    hook = here.hook(format_name="sendclean")
    here.endpoint.script["/"] = 200
    here.happen()
    here.run()
    assert states() == {"done": 1}
    assert actions.find_fault(hook.format, actions.send_test(hook)) != ""


@pytest.mark.parametrize("words", [b"", b"OK", b"God bless you", b"God bless you, Acme", b"<p>God bless you, Gatepost</p>"])
def test_other_words_are_refused_when_a_sendclean_url_is_saved(words: bytes, world: Make) -> None:
    here = world({"/": saying(words)})
    with pytest.raises(FieldInvalid, match='must answer the text "God bless you, Gatepost"'):
        here.hook(format_name="sendclean")
    here.hook(format_name="sendcloud")


def test_a_test_is_signed_and_says_what_it_is(world: Make) -> None:
    here = world()
    hook = here.hook()
    answer = actions.send_test(hook)
    assert (answer.status, answer.body) == (200, b"well")
    call = here.endpoint.calls[0]
    assert Verifier(open_key(hook)).verify(call.body, dict(call.headers))["type"] == "email.test"
    hook.refresh_from_db()
    assert (hook.delivered, hook.last_success_at) == (0, None)


def test_a_test_of_a_silent_endpoint_ends(world: Make, quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    here = world({"/": HANG})
    hook = here.hook()
    monkeypatch.setattr(actions, "FORMATS", actions.FORMATS | {"standard": _hurried(actions.FORMATS["standard"])})
    answer = actions.send_test(hook)
    assert answer.status == 0
    assert "did not answer" in answer.problem


def _hurried(form: Any) -> Any:
    return type(form)(words=form.words, write=form.write, sign=form.sign, make_key=form.make_key, seconds=0.3)


def test_a_replay_has_the_same_id_and_bytes_and_a_schedule_of_its_own(world: Make) -> None:
    here = world({"/": lambda times: 200 if times in {0, 2} else 500})
    here.hook()
    here.happen()
    here.run()
    delivery = WebhookDelivery.objects.get()
    assert delivery.state == "done"
    assert actions.replay(delivery) == 1
    here.run()
    assert states() == {"waiting": 1}  # a failure begins the schedule anew
    here.later(minutes=1)
    here.run()
    assert states() == {"done": 1}
    assert len({(call.headers["webhook-id"], call.body) for call in here.endpoint.calls}) == 1
    assert list(WebhookAttempt.objects.order_by("number").values_list("number", "status")) == [(1, 200), (2, 500), (3, 200)]


def test_what_is_on_its_way_is_not_replayed(world: Make) -> None:
    here = world()
    here.hook()
    here.happen()
    assert actions.replay(WebhookDelivery.objects.get()) == 0


def test_a_batch_is_replayed_whole(world: Make) -> None:
    here = world({"/": BLESSED})
    here.hook(format_name="sendclean")
    here.happen(5)
    here.run()
    assert actions.replay(WebhookDelivery.objects.all()[2]) == 5
    here.run()
    _, first, again = here.endpoint.calls
    assert first.body == again.body


def test_what_failed_is_replayed_since_a_time(world: Make, globex: Tenant) -> None:
    here = world()
    hook = here.hook()
    theirs = here.hook(account=globex.account)
    happen(*(make_fact(here.tenant, at=clock.now() - timedelta(days=day)) for day in range(4)), make_fact(globex))
    WebhookDelivery.objects.update(state="failed", attempts=13)
    assert actions.replay_failed(hook, clock.now() - timedelta(days=1, hours=12)) == 2
    here.run()
    assert states() == {"done": 2, "failed": 3}
    assert actions.replay_failed(hook) == 2
    here.run()
    assert WebhookDelivery.objects.get(webhook=theirs).state == "failed"


def test_disabled_fails_what_waits_and_enabled_forgets_the_failures(world: Make) -> None:
    here = world()
    hook = here.hook()
    here.happen(3)
    Webhook.objects.update(failures=9, paused_until=clock.now() + timedelta(hours=1), failing_since=clock.now())
    hook.refresh_from_db()
    actions.disable(hook, "Too loud.")
    assert states() == {"failed": 3}
    assert "Too loud." in WebhookDelivery.objects.all()[0].answer
    actions.enable(hook)
    assert actions.replay_failed(hook) == 3
    here.run()
    assert states() == {"done": 3}


def test_a_deleted_webhook_leaves_nothing_waiting(world: Make) -> None:
    here = world()
    hook = here.hook()
    here.happen(3)
    actions.delete(hook)
    here.run()
    assert not here.endpoint.calls
    assert queue.give_up() == 3
    assert not queue.is_work_waiting()
    assert states() == {"failed": 3}


def test_deliveries_that_ended_long_ago_are_purged(world: Make) -> None:
    here = world()
    here.hook()
    old = clock.now() - queue.KEPT - timedelta(days=1)
    happen(*(make_fact(here.tenant, at=old) for _ in range(3)), make_fact(here.tenant))
    here.run()
    assert queue.purge(5) == 3
    assert (WebhookDelivery.objects.count(), WebhookAttempt.objects.count()) == (1, 1)
