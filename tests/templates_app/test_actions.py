"""Templates are saved in versions, each checked before it is one."""

from __future__ import annotations

import pytest

from gateway.base.errors import ContentMissing, FieldInvalid, QuotaExceeded, TemplateBroken
from templates_app import actions
from templates_app.actions import (
    add_template,
    change_template,
    delete_template,
    latest_texts,
    restore_version,
    save_version,
)
from templates_app.models import Template, TemplateVersion
from templates_app.queries import find_named, find_template
from templates_app.texts import Texts
from tests.support.cast import Tenant

TEXTS = Texts(subject="Hi {{ NAME }}", html="<b>Hi {{ NAME }}</b>", text="Hi {{ NAME }}")


def add(tenant: Tenant, texts: Texts = TEXTS, **fields: str) -> Template:
    return add_template(tenant.account.pk, **{"invoke_name": "welcome", "name": "Welcome", **fields}, texts=texts)


def versions(template: Template) -> list[tuple[int, str]]:
    return list(TemplateVersion.objects.filter(template=template).order_by("number").values_list("number", "subject"))


def test_it_works(acme: Tenant) -> None:
    template = add(acme)
    assert latest_texts(template) == TEXTS
    assert versions(template) == [(1, "Hi {{ NAME }}")]
    assert find_named(acme.account.pk, "welcome") == template


def test_other_texts_make_a_version_and_the_same_make_none(acme: Tenant) -> None:
    template = add(acme)
    assert save_version(template, TEXTS) is None
    assert save_version(template, Texts(subject="New", text="Hi")) is not None
    assert versions(template) == [(1, "Hi {{ NAME }}"), (2, "New")]


@pytest.mark.django_db(transaction=True)
def test_what_is_saved_is_what_is_sent_at_once(acme: Tenant) -> None:
    template = add(acme)
    assert subject_sent(template) == "Hi {{ NAME }}"
    save_version(template, Texts(subject="New", text="Hi"))
    assert subject_sent(template) == "New"
    key = template.pk
    delete_template(template)
    assert find_template(acme.account.pk, key) is None


def subject_sent(template: Template) -> str:
    facts = find_template(template.account_id, template.pk)
    assert facts is not None
    return facts.subject


def test_an_old_version_comes_back_as_a_new_one(acme: Tenant) -> None:
    template = add(acme)
    save_version(template, Texts(subject="New", text="Hi"))
    restored = restore_version(TemplateVersion.objects.get(template=template, number=1))
    assert restored is not None
    assert (restored.number, restored.subject) == (3, "Hi {{ NAME }}")


def test_old_versions_are_bounded(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "MOST_VERSIONS", 3)
    template = add(acme)
    for number in range(2, 7):
        save_version(template, Texts(subject=str(number), text="Hi"))
    assert versions(template) == [(4, "4"), (5, "5"), (6, "6")]


def test_the_number_of_templates_is_bounded(acme: Tenant, globex: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "MOST_TEMPLATES", 1)
    add(acme)
    with pytest.raises(QuotaExceeded):
        add(acme, invoke_name="second")
    add(globex)


def test_an_invoke_name_is_one_templates_alone(acme: Tenant, globex: Tenant) -> None:
    add(acme)
    with pytest.raises(FieldInvalid, match="welcome already") as refused:
        add(acme)
    assert refused.value.field == "invoke_name"
    add(globex)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("invoke_name", value) for value in ("", "a b", "x" * 65)),
        *(("name", value) for value in (" ", "a\nb", "x" * 121)),
        ("syntax", "jinja"),
    ],
)
def test_names_are_checked(acme: Tenant, field: str, value: str) -> None:
    with pytest.raises(FieldInvalid) as refused:
        add(acme, **{field: value})
    assert refused.value.field == field
    assert not Template.objects.for_account(acme.account).exists()


def test_fields_change_and_texts_stay(acme: Tenant) -> None:
    template = add(acme)
    change_template(template, name="Other", is_bulk=True)
    template.refresh_from_db()
    assert (template.name, template.is_bulk, versions(template)) == ("Other", True, [(1, "Hi {{ NAME }}")])


def test_another_syntax_asks_for_other_texts(acme: Tenant) -> None:
    template = add(acme, Texts(subject="Hi", text="{% never %}"), syntax="mailup")
    with pytest.raises(TemplateBroken):
        change_template(template, syntax="liquid")
    template.refresh_from_db()
    assert template.syntax == "mailup"


def test_what_cannot_be_sent_is_not_saved(acme: Tenant) -> None:
    template = add(acme)
    with pytest.raises(TemplateBroken) as refused:
        save_version(template, Texts(html="<p>\n{% iff x %}</p>"))
    assert refused.value.field == "html"
    assert refused.value.message == (
        "The HTML of the template cannot be used. Line 2: There is no tag {% iff %} here; remove it."
    )
    assert versions(template) == [(1, "Hi {{ NAME }}")]


def test_a_template_says_something(acme: Tenant) -> None:
    with pytest.raises(ContentMissing):
        add(acme, Texts(subject="Hi", html=" \n"))


def test_the_other_part_is_made_when_asked(acme: Tenant) -> None:
    texts = Texts(subject="Hi", html='<p>Hi {{ NAME | default: "you" }}</p><p>{% if a < b %}less{% endif %}</p>')
    template = add_template(acme.account.pk, invoke_name="a", name="A", texts=texts, completes=True)
    assert latest_texts(template).text == 'Hi {{ NAME | default: "you" }}\n\n{% if a < b %}less{% endif %}'


def test_html_made_from_text_keeps_fields_and_links(acme: Tenant) -> None:
    texts = Texts(subject="Hi", text='Hi {{ NAME | default: "you & me" }}\nhttps://example.com/?id={{ ID }}')
    template = add_template(acme.account.pk, invoke_name="a", name="A", texts=texts, completes=True)
    assert 'Hi {{ NAME | default: "you & me" }}<br>' in latest_texts(template).html
    assert '<a href="https://example.com/?id={{ ID }}">' in latest_texts(template).html
