"""The room of templates: each saving of other content is a new version."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Membership
from templates_app.models import Template, TemplateVersion
from tests.support.browsers import log_in
from tests.support.cast import Tenant
from tests.support.factories import make_person

FORM = {
    "name": "Welcome",
    "invoke_name": "welcome",
    "syntax": "liquid",
    "subject": "Hi {{ NAME }}",
    "html": "<b>Hi</b>",
    "text": "Hi",
}


@pytest.fixture
def browser(acme: Tenant) -> Client:
    return log_in(acme.user)


@pytest.fixture
def template(browser: Client, acme: Tenant) -> Template:
    browser.post(reverse("admin:templates_app_template_add"), FORM)
    return Template.objects.for_account(acme.account).get()


def save(browser: Client, template: Template, **changed: str) -> Client:
    browser.post(reverse("admin:templates_app_template_change", args=(template.pk,)), FORM | changed)
    return browser


def versions(template: Template) -> list[tuple[int, str]]:
    return list(TemplateVersion.objects.filter(template=template).order_by("number").values_list("number", "subject"))


def test_it_works(template: Template) -> None:
    assert versions(template) == [(1, "Hi {{ NAME }}")]


def test_saving_other_content_makes_a_version_and_keeps_the_old_one(browser: Client, template: Template) -> None:
    save(browser, template, subject="Hello {{ NAME }}")
    assert versions(template) == [(1, "Hi {{ NAME }}"), (2, "Hello {{ NAME }}")]


def test_saving_the_same_content_makes_none(browser: Client, template: Template) -> None:
    save(browser, template, name="Another name")
    assert versions(template) == [(1, "Hi {{ NAME }}")]
    template.refresh_from_db()
    assert template.name == "Another name"


def test_the_form_begins_with_the_latest_version(browser: Client, template: Template) -> None:
    save(browser, template, html="<i>newest</i>")
    page = browser.get(reverse("admin:templates_app_template_change", args=(template.pk,)))
    assert page.context["adminform"].form["html"].value() == "<i>newest</i>"


def test_one_name_of_a_template_in_an_account(browser: Client, template: Template, globex: Tenant) -> None:
    answer = browser.post(reverse("admin:templates_app_template_add"), FORM)
    assert answer.context["adminform"].form.errors
    log_in(globex.user).post(reverse("admin:templates_app_template_add"), FORM)
    assert Template.objects.for_account(globex.account).count() == 1


def test_a_viewer_sees_the_template_and_no_form(acme: Tenant, template: Template) -> None:
    viewer = log_in(make_person(acme.account, Membership.Role.VIEWER))
    page = viewer.get(reverse("admin:templates_app_template_change", args=(template.pk,))).content.decode()
    assert "Hi {{ NAME }}" in page
    assert "<textarea" not in page


def test_a_preview_can_do_nothing(browser: Client, template: Template) -> None:
    save(browser, template, html="<p>Hi</p><script>alert(1)</script>")
    page = browser.get(reverse("admin:templates_app_template_change", args=(template.pk,))).content.decode()
    frame = page.partition("<iframe")[2].partition("</iframe>")[0]
    assert 'sandbox=""' in frame
    assert "script" not in frame
