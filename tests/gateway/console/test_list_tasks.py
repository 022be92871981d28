"""The room of sends to lists: how far each got, its end, and the form that begins one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry, Membership
from gateway.engine import lists, mailing
from gateway.engine.accept import accept
from gateway.engine.submission import Accepted
from gateway.models import ListTask, Message, Recipient
from templates_app.models import Template, TemplateVersion
from tests.support.browsers import log_in
from tests.support.cast import Tenant
from tests.support.factories import make_person
from tests.support.lists import make_list

SEND = reverse("admin:gateway_listtask_send")


@pytest.fixture(autouse=True)
def _in_this_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commit in the test's own transaction instead of the intake's thread."""

    def accept_one(submission: Any) -> Accepted:
        (answer,) = accept([submission])
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(mailing, "accept_one", accept_one)


@pytest.fixture
def form(acme: Tenant) -> dict[str, Any]:
    return {
        "address_list": make_list(acme.account.pk, 3).pk,
        "template": make_template(acme).pk,
        "name": "Acme News",
        "local_part": "news",
        "domain": acme.domain.pk,
        "subject": "",
        "send_at": "",
        "once": "a-form",
    }


def make_template(tenant: Tenant) -> Template:
    template = Template.objects.create(account=tenant.account, invoke_name="t", name=f"Welcome to {tenant.account}")
    TemplateVersion.objects.create(template=template, subject="Number {{ N }}", text="You are {{ N }}.")
    return template


def send(browser: Client, form: dict[str, Any], **changes: Any) -> Any:
    return browser.post(SEND, form | changes)


def page_of(task: ListTask, page: str = "change") -> str:
    return reverse(f"admin:gateway_listtask_{page}", args=(task.pk,))


def test_it_works(insider: Client, form: dict[str, Any], acme: Tenant) -> None:
    answer = send(insider, form)
    task = ListTask.objects.get()
    assert answer.headers["Location"] == page_of(task)
    message = Message.objects.get()
    assert (message.account_id, message.door, message.sender, message.sender_name, message.subject) == (
        acme.account.pk,
        "console",
        "news@acme.example",
        "Acme News",
        "Number {{ N }}",
    )
    assert AuditEntry.objects.get().action == "began send to a list"
    lists.expand(5)
    page = insider.get(page_of(task)).content.decode()
    assert "3 of 3 members taken in" in page
    assert "3 queued" in page
    assert message.recipients.count() == 3


def test_the_form_offers_what_the_person_has(insider: Client, form: dict[str, Any], globex: Tenant) -> None:
    theirs = make_list(globex.account.pk, 2, "theirs@lists.example")
    make_template(globex)
    page = insider.get(f"{SEND}?list={form['address_list']}").content.decode()
    assert "theirs@lists.example" not in page
    assert "Welcome to Globex" not in page
    assert "globex.example" not in page
    assert f'value="{form["address_list"]}" selected' in page
    assert theirs.name not in page


@pytest.mark.parametrize("field", ["address_list", "template", "domain"])
def test_another_accounts_rows_cannot_be_chosen(insider: Client, form: dict[str, Any], globex: Tenant, field: str) -> None:
    theirs = {"address_list": make_list(globex.account.pk, 2), "template": make_template(globex), "domain": globex.domain}
    answer = send(insider, form, **{field: theirs[field].pk})
    assert field in answer.context["form"].errors
    assert not Message.objects.exists()


def test_rows_of_two_accounts_do_not_go_together(acme: Tenant, globex: Tenant, form: dict[str, Any]) -> None:
    Membership.objects.create(account=globex.account, user=acme.user, role=Membership.Role.OWNER)
    answer = send(log_in(acme.user), form, domain=globex.domain.pk)
    assert "belongs to another account" in str(answer.context["form"].errors["domain"])
    assert not Message.objects.exists()


def test_an_unverified_domain_is_not_offered(insider: Client, form: dict[str, Any], acme: Tenant) -> None:
    acme.domain.verified_at = None
    acme.domain.save()
    assert "domain" in send(insider, form).context["form"].errors


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"local_part": "a b"}, "local_part"),
        ({"local_part": ""}, "local_part"),
        ({"send_at": "2001-01-01T00:00"}, "send_at"),
        ({"name": "a\u202e\nb"}, None),
    ],
)
def test_what_is_not_right_is_said_at_its_field(
    insider: Client, form: dict[str, Any], changes: dict[str, str], field: str | None
) -> None:
    answer = send(insider, form, **changes)
    if field is not None:
        assert field in answer.context["form"].errors
        assert not Message.objects.exists()


def test_a_form_that_comes_twice_sends_once(insider: Client, form: dict[str, Any]) -> None:
    first, again = send(insider, form), send(insider, form)
    assert first.headers["Location"] == again.headers["Location"]
    assert ListTask.objects.count() == 1
    changed = send(insider, form, subject="Another one")
    assert "began a send already" in changed.content.decode()
    assert ListTask.objects.count() == 1
    send(insider, form, once="another-form")
    assert ListTask.objects.count() == 2


def test_each_form_is_another_send(insider: Client, form: dict[str, Any]) -> None:
    assert insider.get(SEND).context["form"]["once"].value() != insider.get(SEND).context["form"]["once"].value()


def test_a_send_may_be_for_later(insider: Client, form: dict[str, Any]) -> None:
    later = (timezone.now() + timedelta(days=2)).replace(second=0, microsecond=0)
    send(insider, form, send_at=f"{later:%Y-%m-%dT%H:%M}")
    assert ListTask.objects.get().next_at == later
    page = insider.get(page_of(ListTask.objects.get())).content.decode()
    assert "Goes on at" in page
    assert "every 2s" not in page  # for two days there is nothing to see


def test_a_send_is_cancelled(insider: Client, form: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "BATCH", 2)
    send(insider, form)
    task = ListTask.objects.get()
    lists.expand_batch(task.pk)
    answer = insider.post(page_of(task, "cancel"))
    assert answer.headers["Location"] == page_of(task)
    assert set(Recipient.objects.values_list("state", flat=True)) == {"cancelled"}
    assert ListTask.objects.get().state == "cancelled"
    page = insider.get(page_of(task)).content.decode()
    assert page_of(task, "cancel") not in page
    assert "every 2s" not in page  # nothing more will happen


def test_a_send_that_waits_is_held_and_released(insider: Client, form: dict[str, Any]) -> None:
    send(insider, form)
    task = ListTask.objects.get()
    assert page_of(task, "release") not in insider.get(page_of(task)).content.decode()
    insider.post(page_of(task, "hold"))
    lists.expand(1.0)
    assert ListTask.objects.get().state == "held"
    page = insider.get(page_of(task)).content.decode()
    assert page_of(task, "hold") not in page
    assert "every 2s" not in page
    insider.post(page_of(task, "release"))
    lists.expand(1.0)
    assert ListTask.objects.get().state == "done"
    assert Recipient.objects.count() == 3


@pytest.mark.parametrize(("act", "state"), [("hold", "held"), ("cancel", "cancelled")])
def test_the_page_of_its_message_offers_the_same(insider: Client, form: dict[str, Any], act: str, state: str) -> None:
    send(insider, form)
    message = Message.objects.get()
    path = reverse(f"admin:gateway_message_{act}", args=(message.public_id,))
    assert path in insider.get(reverse("admin:gateway_message_change", args=(message.public_id,))).content.decode()
    insider.post(path)
    assert ListTask.objects.get().state == state


def test_the_page_follows_while_something_happens(insider: Client, form: dict[str, Any]) -> None:
    send(insider, form)
    assert 'hx-trigger="every 2s"' in insider.get(page_of(ListTask.objects.get())).content.decode()


def test_an_error_is_shown(insider: Client, form: dict[str, Any]) -> None:
    send(insider, form)
    ListTask.objects.update(error="The account's quota of 13 recipients in this day is used up.")
    assert "quota of 13 recipients" in insider.get(page_of(ListTask.objects.get())).content.decode()


def test_a_stranger_sees_and_stops_nothing(outsider: Client, insider: Client, form: dict[str, Any]) -> None:
    send(insider, form)
    task = ListTask.objects.get()
    for page in ("change", "hold", "release", "cancel"):
        assert outsider.post(page_of(task, page)).status_code == 302
        assert outsider.get(page_of(task, page)).status_code == 302
    assert ListTask.objects.get().state == "waiting"


def test_a_viewer_begins_and_stops_nothing(acme: Tenant, insider: Client, form: dict[str, Any]) -> None:
    viewer = log_in(make_person(acme.account, Membership.Role.VIEWER))
    assert viewer.get(SEND).status_code == 403
    assert send(viewer, form).status_code == 403
    assert SEND not in viewer.get(reverse("admin:gateway_listtask_changelist")).content.decode()
    send(insider, form)
    assert viewer.post(page_of(ListTask.objects.get(), "cancel")).status_code == 403
    assert SEND in insider.get(reverse("admin:gateway_listtask_changelist")).content.decode()


def test_a_list_that_is_gone_keeps_its_name_here(insider: Client, form: dict[str, Any]) -> None:
    send(insider, form)
    ListTask.objects.update(address_list=None)
    assert "news@lists.example" in insider.get(reverse("admin:gateway_listtask_changelist")).content.decode()
    assert "news@lists.example" in insider.get(page_of(ListTask.objects.get())).content.decode()
