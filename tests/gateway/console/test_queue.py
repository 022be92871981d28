from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, Membership
from domains.actions import delete_domain
from domains.models import SenderDomain
from gateway.console import waiting
from gateway.engine import control, queue, tasks
from gateway.models import ListTask, Recipient
from tests.support.browsers import log_in
from tests.support.cast import Tenant
from tests.support.factories import make_attempt, make_message, make_operator, make_person

pytestmark = pytest.mark.django_db(transaction=True)
State = Recipient.State
PAGE = "/console/queue/"


def act_page(verb: str, tenant: Tenant, domain: SenderDomain | None = None) -> str:
    return f"{PAGE}{verb}/{tenant.account.pk}/{domain.pk if domain else 0}/"


def test_it_works(acme: Tenant, insider: Client) -> None:
    make_message(acme.account, ["a@b.example", "c@d.example"], domain=acme.domain)
    page = insider.get(PAGE).content.decode()
    assert "acme.example" in page
    assert "2 queued" in page
    assert act_page("cancel", acme, acme.domain) in page


def test_what_is_being_sent_is_counted_for_those_who_may_see_it(acme: Tenant, insider: Client, outsider: Client) -> None:
    make_message(acme.account, ["a@b.example", "c@d.example"], domain=acme.domain)
    assert len(queue.claim(1)) == 1
    page = insider.get(PAGE).content.decode()
    assert "1 sending" in page
    assert "1 queued" in page
    assert "Nothing waits" in outsider.get(PAGE).content.decode()


def test_mail_of_deleted_domains_waits_in_one_line_without_acts(acme: Tenant, insider: Client) -> None:
    for name in ("one.example", "two.example"):
        domain = SenderDomain.objects.create(account=acme.account, name=name)
        message = make_message(acme.account, domain=domain)
        delete_domain(domain)
        assert insider.get(f"/console/gateway/message/{message.public_id}/change/").status_code == 200
    page = insider.get(PAGE).content.decode()
    assert page.count("(deleted)") == 1
    assert "2 queued" in page
    assert act_page("cancel", acme) not in page.partition("(deleted)")[2]


def test_an_empty_queue_says_so(insider: Client) -> None:
    assert "Nothing waits" in insider.get(PAGE).content.decode()


def test_it_says_where_mail_is_stuck_and_why(acme: Tenant, insider: Client) -> None:
    message = make_message(acme.account, ["a@slow.example"], domain=acme.domain, state=State.DEFERRED)
    recipient = message.recipients.get()
    make_attempt(recipient, "deferred", code=451, enhanced="4.7.1", reply="4.7.1 Greylisted, come back")
    Recipient.objects.update(next_attempt_at=timezone.now() + timedelta(minutes=5))
    page = insider.get(PAGE).content.decode()
    assert "slow.example" in page
    assert "451 4.7.1 Greylisted, come back" in page


def test_a_domains_queue_is_cleared_after_a_question(acme: Tenant, insider: Client) -> None:
    ours, other = make_message(acme.account, domain=acme.domain), make_message(acme.account)
    path = act_page("cancel", acme, acme.domain)
    assert "cannot be undone" in insider.get(path).content.decode()
    assert ours.recipients.get().state == State.QUEUED
    answer = insider.post(path, follow=True)
    assert "Clear: 1 recipients." in answer.content.decode()
    assert (ours.recipients.get().state, other.recipients.get().state) == (State.CANCELLED, State.QUEUED)
    entry = AuditEntry.objects.get(account=acme.account)
    assert (entry.actor, entry.action, entry.target) == (acme.user.email, "cleared the queue of", "acme.example")


def test_the_whole_queue_is_held_and_released(acme: Tenant, insider: Client) -> None:
    message = make_message(acme.account)
    insider.post(act_page("hold", acme))
    assert message.recipients.get().state == State.HELD
    insider.post(act_page("release", acme))
    assert message.recipients.get().state == State.QUEUED


def test_large_queues_go_on_in_the_background(acme: Tenant, insider: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "BATCH", 2)
    monkeypatch.setattr(tasks, "ACT_WITHIN", -1.0)
    sent: list[tuple[object, ...]] = []
    monkeypatch.setattr(tasks.act, "delay", lambda *given: sent.append(given))
    message = make_message(acme.account, [f"u{number}@b.example" for number in range(5)])
    answer = insider.post(act_page("hold", acme), follow=True)
    assert "2 recipients. The rest follows in the background." in answer.content.decode()
    tasks.act(*sent.pop())
    assert {one.state for one in message.recipients.all()} == {State.HELD}
    assert sent == []


def test_counts_are_bounded(acme: Tenant, insider: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "MOST", 3)
    make_message(acme.account, [f"u{number}@b.example" for number in range(5)], domain=acme.domain)
    assert "<strong>3+</strong>" in insider.get(PAGE).content.decode()


def test_a_stranger_sees_and_does_nothing(acme: Tenant, globex: Tenant) -> None:
    message = make_message(acme.account, ["secret@canary.example"], domain=acme.domain, state=State.DEFERRED)
    make_attempt(message.recipients.get(), "deferred", code=451, reply="canary reply")
    stranger = log_in(globex.user)
    page = stranger.get(PAGE).content.decode()
    assert "Nothing waits" in page
    assert "canary" not in page
    assert "acme" not in page
    for path in (act_page("cancel", acme, acme.domain), act_page("hold", acme)):
        assert stranger.get(path).status_code == stranger.post(path).status_code == 404
    assert stranger.post(f"{PAGE}cancel/{globex.account.pk}/{acme.domain.pk}/").status_code == 404
    assert message.recipients.get().state == State.DEFERRED


def test_a_viewer_only_looks(acme: Tenant) -> None:
    message = make_message(acme.account, domain=acme.domain)
    viewer = log_in(make_person(acme.account, Membership.Role.VIEWER))
    assert "/cancel/" not in viewer.get(PAGE).content.decode()
    assert viewer.post(act_page("cancel", acme, acme.domain)).status_code == 403
    assert message.recipients.get().state == State.QUEUED


def test_an_operator_sees_whose_mail_waits(acme: Tenant, globex: Tenant) -> None:
    for tenant in (acme, globex):
        make_message(tenant.account, domain=tenant.domain)
    page = log_in(make_operator()).get(PAGE).content.decode()
    assert "Acme" in page
    assert "Globex" in page


def test_one_message_is_cancelled_from_its_page(acme: Tenant, insider: Client) -> None:
    message = make_message(acme.account)
    page = f"/console/gateway/message/{message.public_id}/change/"
    assert f"/console/gateway/message/{message.public_id}/cancel/" in insider.get(page).content.decode()
    insider.get(f"/console/gateway/message/{message.public_id}/cancel/")
    assert message.recipients.get().state == State.QUEUED
    answer = insider.post(f"/console/gateway/message/{message.public_id}/cancel/")
    assert answer.headers["Location"] == page
    assert message.recipients.get().state == State.CANCELLED
    assert AuditEntry.objects.filter(action="cancelled message").exists()
    assert "/cancel/" not in insider.get(page).content.decode()


def test_a_stranger_cancels_no_message(acme: Tenant, globex: Tenant) -> None:
    message = make_message(acme.account)
    stranger = log_in(globex.user)
    stranger.post(f"/console/gateway/message/{message.public_id}/cancel/")
    assert message.recipients.get().state == State.QUEUED


def test_sends_to_lists_wait_too(acme: Tenant, globex: Tenant, insider: Client) -> None:
    message = make_message(acme.account, [], domain=acme.domain, subject="Spring news")
    fields = {"account": acme.account, "message": message, "list_address": "news@lists.example", "members": 1234}
    task = ListTask.objects.create(**fields, state="held", next_at=timezone.now())
    ListTask.objects.create(**fields, state="done")
    page = insider.get(PAGE).content.decode()
    assert "Nothing waits" not in page
    assert page.count("Spring news") == 1
    assert f"/console/gateway/listtask/{task.pk}/change/" in page
    assert "0 / 1,234" in page
    outsider = log_in(globex.user)
    assert "Spring news" not in outsider.get(PAGE).content.decode()
