"""The room of templates: texts are checked where they are written, each change is a version, and one sees what comes out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, Membership
from templates_app.actions import add_template, save_version
from templates_app.models import Template, TemplateVersion
from templates_app.texts import Texts
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


def save(browser: Client, template: Template, **changed: str) -> Any:
    return browser.post(reverse("admin:templates_app_template_change", args=(template.pk,)), FORM | changed)


def page_of(browser: Client, name: str, *key: object) -> str:
    return browser.get(reverse(f"admin:templates_app_template_{name}", args=key)).content.decode()


def versions(template: Template) -> list[tuple[int, str]]:
    return list(TemplateVersion.objects.filter(template=template).order_by("number").values_list("number", "subject"))


def frame_of(page: str) -> str:
    return page.partition("<iframe")[2].partition("</iframe>")[0]


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


def test_line_ends_that_a_browser_changes_are_no_change(browser: Client, template: Template) -> None:
    save_version(template, Texts(subject="Hi {{ NAME }}", html="<b>\r\nHi</b>", text="Hi\nthere"))
    save(browser, template, html="<b>\r\nHi</b>", text="Hi\r\nthere")
    assert len(versions(template)) == 2
    save(browser, template, html="<b>\r\nHi</b>", text="Hi\r\nyou")
    assert TemplateVersion.objects.get(template=template, number=3).text == "Hi\nyou"


def test_the_form_begins_with_the_latest_version(browser: Client, template: Template) -> None:
    save(browser, template, html="<i>newest</i>")
    page = browser.get(reverse("admin:templates_app_template_change", args=(template.pk,)))
    assert page.context["adminform"].form["html"].value() == "<i>newest</i>"


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("html", "<p>\n{% iff %}</p>", "Line 2: There is no tag {% iff %} here; remove it."),
        ("text", "{% for i in (1..1000000000) %}x{% endfor %}", "A range has more than 10,000 numbers."),
        ("subject", "{{ NAME", "never closed"),
        ("subject", "x" * 1_001, "at most 1,000"),
        ("invoke_name", "two words", "must be 1 to 64 letters"),
    ],
)
def test_what_cannot_be_sent_is_said_at_its_field(
    browser: Client, template: Template, field: str, value: str, words: str
) -> None:
    answer = save(browser, template, **{field: value})
    errors = answer.context["adminform"].form.errors
    assert list(errors) == [field]
    assert words in errors[field][0]
    assert versions(template) == [(1, "Hi {{ NAME }}")]


def test_every_part_at_fault_is_named_at_once(browser: Client, template: Template) -> None:
    answer = save(browser, template, html="{{", text="{%", subject="{{")
    assert set(answer.context["adminform"].form.errors) == {"html", "text", "subject"}


def test_a_template_needs_a_body(browser: Client, template: Template) -> None:
    assert "html" in save(browser, template, html="", text="").context["adminform"].form.errors


def test_the_missing_part_is_made_when_asked(browser: Client, template: Template) -> None:
    save(browser, template, html="<p>Hi {{ NAME }}</p>", text="", completes="on")
    assert TemplateVersion.objects.get(template=template, number=2).text == "Hi {{ NAME }}"
    save(browser, template, html="<p>Hi</p>", text="")
    assert TemplateVersion.objects.get(template=template, number=3).text == ""


def test_one_name_of_a_template_in_an_account(browser: Client, template: Template, globex: Tenant) -> None:
    answer = browser.post(reverse("admin:templates_app_template_add"), FORM)
    assert answer.context["adminform"].form.errors
    log_in(globex.user).post(reverse("admin:templates_app_template_add"), FORM)
    assert Template.objects.for_account(globex.account).count() == 1


def test_a_viewer_sees_the_template_and_no_form(acme: Tenant, template: Template) -> None:
    viewer = log_in(make_person(acme.account, Membership.Role.VIEWER))
    page = page_of(viewer, "change", template.pk)
    assert "Hi {{ NAME }}" in page
    assert "<textarea" not in page
    assert "Preview what is written here" not in page


def test_the_page_shows_how_calls_name_it(browser: Client, template: Template) -> None:
    page = page_of(browser, "change", template.pk)
    assert f'data-copy="{template.pk}"' in page
    assert 'data-copy="welcome"' in page


def test_deleting_a_template_takes_its_versions(browser: Client, template: Template) -> None:
    browser.post(reverse("admin:templates_app_template_delete", args=(template.pk,)), {"post": "yes"})
    assert not Template.objects.exists()
    assert not TemplateVersion.objects.exists()


# Previews ---------------------------------------------------------------------------------------------------------------


def test_a_preview_has_a_sample_for_each_field(browser: Client, template: Template) -> None:
    save(browser, template, html="<p>{{ GREETING }}</p>")
    page = page_of(browser, "preview", template.pk)
    assert "Hi NAME" in page
    assert "&lt;p&gt;GREETING&lt;/p&gt;" in frame_of(page)


def test_a_preview_takes_other_values_and_says_which_are_missing_or_not_used(browser: Client, template: Template) -> None:
    url = reverse("admin:templates_app_template_preview", args=(template.pk,))
    page = browser.post(url, {"values": json.dumps({"OTHER": "<x>", "PRICE": 2})}).content.decode()
    assert "Without a value: <code>NAME</code>" in page
    assert "Not used in the template: <code>OTHER</code>, <code>PRICE</code>" in page


@pytest.mark.parametrize("values", ["{", "[]", '{"a": []}', "[" * 10_000, '"' + "x" * 100_001 + '"'])
def test_values_that_are_none_are_said_to_be(browser: Client, template: Template, values: str) -> None:
    page = browser.post(reverse("admin:templates_app_template_preview", args=(template.pk,)), {"values": values})
    assert page.context["problem"].startswith("The value")
    assert page.context["values"] == values


def test_what_is_not_saved_can_be_previewed(browser: Client, template: Template) -> None:
    texts = {"syntax": "mailup", "subject": "Dear [NAME]", "html": "<p>[NAME]</p>", "text": ""}
    page = browser.post(reverse("admin:templates_app_template_try"), texts)
    assert page.context["seen"].texts == Texts(subject="Dear NAME", html="<p>NAME</p>")
    again = browser.post(reverse("admin:templates_app_template_try"), texts | {"values": '{"NAME": "<b>"}'})
    assert again.context["seen"].texts == Texts(subject="Dear <b>", html="<p>&lt;b&gt;</p>")
    assert versions(template) == [(1, "Hi {{ NAME }}")]


def test_a_broken_text_is_previewed_as_a_sentence(browser: Client, acme: Tenant) -> None:
    page = browser.post(reverse("admin:templates_app_template_try"), {"syntax": "liquid", "html": "{% x %}", "text": "Hi"})
    assert page.context["seen"].faults == ("The HTML cannot be filled in. Line 1: There is no tag {% x %} here; remove it.",)
    assert page.context["seen"].texts.text == "Hi"


def test_a_preview_can_do_nothing(browser: Client, template: Template) -> None:
    save(browser, template, html="<p>Hi</p><script>alert(1)</script>")
    frame = frame_of(page_of(browser, "preview", template.pk))
    assert 'sandbox=""' in frame
    assert "script" not in frame


# Versions ---------------------------------------------------------------------------------------------------------------


def test_an_old_version_shows_what_it_would_change_and_comes_back(browser: Client, template: Template) -> None:
    save(browser, template, subject="Changed", html="<b>Hi</b>\n<i>more</i>")
    page = browser.get(reverse("admin:templates_app_template_version", args=(template.pk, 1)))
    assert [name for name, lines in page.context["changes"] if lines] == ["subject", "HTML"]
    assert ("bad", "-<i>more</i>") in dict(page.context["changes"])["HTML"]
    browser.post(reverse("admin:templates_app_template_version", args=(template.pk, 1)))
    assert versions(template)[-1] == (3, "Hi {{ NAME }}")
    assert AuditEntry.objects.filter(action="restored a version of template").exists()


def test_a_version_that_is_no_liquid_is_not_restored_into_it(browser: Client, acme: Tenant) -> None:
    template = add_template(acme.account.pk, invoke_name="a", name="A", texts=Texts(subject="{{", text="Hi"), syntax="mailup")
    save_version(template, Texts(subject="Hi", text="Hi"))
    Template.objects.filter(pk=template.pk).update(syntax="liquid")
    answer = browser.post(reverse("admin:templates_app_template_version", args=(template.pk, 1)), follow=True)
    assert "never closed" in answer.content.decode()
    assert len(versions(template)) == 2


def test_a_viewer_looks_and_restores_nothing(acme: Tenant, browser: Client, template: Template) -> None:
    save(browser, template, subject="Changed")
    viewer = log_in(make_person(acme.account, Membership.Role.VIEWER))
    assert "Restore" not in page_of(viewer, "version", template.pk, 1)
    assert "Hi NAME" not in page_of(viewer, "preview", template.pk)
    assert viewer.post(reverse("admin:templates_app_template_version", args=(template.pk, 1))).status_code == 403
    assert viewer.post(reverse("admin:templates_app_template_try"), {"html": "x"}).status_code == 403
    assert len(versions(template)) == 2


@pytest.mark.parametrize("name", ["preview", "version"])
def test_anothers_template_is_as_one_that_is_not_there(template: Template, globex: Tenant, name: str) -> None:
    stranger = log_in(globex.user)
    rest = (1,) if name == "version" else ()
    for send in (stranger.get, stranger.post):
        theirs = send(reverse(f"admin:templates_app_template_{name}", args=(template.pk, *rest)))
        nobodys = send(reverse(f"admin:templates_app_template_{name}", args=(template.pk + 999, *rest)))
        assert (theirs.status_code, theirs.headers.get("Location")) == (nobodys.status_code, nobodys.headers.get("Location"))
        assert theirs.status_code == 302
    assert len(versions(template)) == 1
