"""A test of a template goes to whoever asked for it, as one accepted message."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, Membership
from gateway.models import Message
from templates_app.actions import add_template, delete_template
from templates_app.models import Template
from templates_app.texts import Texts
from tests.support.browsers import log_in
from tests.support.cast import Tenant
from tests.support.factories import make_person

TEXTS = Texts(subject="Hi {{ NAME }}", html="<p>{{ CITY }}</p>", text="Hi")
FORM = {"sender": "news@acme.example", "values": '{"NAME": "Ann", "CITY": "Ulm"}'}


@pytest.fixture
def template(acme: Tenant) -> Template:
    return add_template(acme.account.pk, invoke_name="welcome", name="Welcome", texts=TEXTS)


@pytest.fixture
def browser(acme: Tenant) -> Client:
    return log_in(acme.user)


def path_of(template_id: int) -> str:
    return reverse("admin:template_test", args=(template_id,))


def send(browser: Client, template: Template, **changed: str) -> Any:
    return browser.post(path_of(template.pk), FORM | changed)


def test_it_works(browser: Client, template: Template, acme: Tenant) -> None:
    answer = send(browser, template)
    message = Message.objects.get()
    assert answer.headers["Location"] == reverse("admin:gateway_message_change", args=(message.public_id,))
    assert (message.account_id, message.door, message.sender) == (acme.account.pk, "console", "news@acme.example")
    assert message.recipients.get().email == acme.user.email
    assert message.options["variables"] == {"NAME": "Ann", "CITY": "Ulm"}
    assert message.template_version_id == template.versions.get().pk
    assert AuditEntry.objects.filter(action="sent a test of template").exists()


def test_its_page_names_the_template_for_as_long_as_that_is_there(browser: Client, template: Template) -> None:
    page = send(browser, template).headers["Location"]
    assert "Welcome v1" in browser.get(page).content.decode()
    delete_template(template)
    answer = browser.get(page)
    assert answer.status_code == 200
    assert "Welcome v1" not in answer.content.decode()


def test_the_form_suggests_a_sender_and_values(browser: Client, template: Template, acme: Tenant) -> None:
    asked = browser.get(path_of(template.pk)).context["asked"]
    assert asked.sender == "test@acme.example"
    assert '"NAME": "NAME"' in asked.values
    acme.domain.verified_at = None
    acme.domain.save()
    assert browser.get(path_of(template.pk)).context["asked"].sender == ""
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"sender": "news@globex.example"}, "not a sender domain of this account"),
        ({"sender": ""}, "sender"),
        ({"values": "{"}, "not JSON"),
    ],
)
def test_what_is_refused_is_said_and_nothing_typed_is_lost(
    browser: Client, template: Template, globex: Tenant, changed: dict[str, str], words: str
) -> None:
    answer = send(browser, template, **changed)
    assert words in answer.context["problem"].lower() or words in answer.context["problem"]
    assert (answer.context["asked"].sender, answer.context["asked"].values) == tuple((FORM | changed).values())
    assert not Message.objects.exists()


def test_a_stranger_is_told_that_there_is_nothing(template: Template, globex: Tenant) -> None:
    stranger = log_in(globex.user)
    for key in (template.pk, template.pk + 999):
        assert stranger.get(path_of(key)).status_code == 404
        assert stranger.post(path_of(key), FORM).status_code == 404
    assert not Message.objects.exists()


def test_a_viewer_sends_nothing(template: Template, acme: Tenant) -> None:
    viewer = log_in(make_person(acme.account, Membership.Role.VIEWER))
    assert send(viewer, template).status_code == 403
    assert "Send a test" not in viewer.get(reverse("admin:templates_app_template_change", args=(template.pk,))).content.decode()
    assert not Message.objects.exists()


def test_whoever_did_not_log_in_is_sent_to_the_door(client: Client, template: Template) -> None:
    assert "/login/" in send(client, template).headers["Location"]
    assert not Message.objects.exists()
