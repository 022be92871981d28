"""template/*: stored mails with fields to fill, as `%name%`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NoReturn

from django.http import HttpResponse

from gateway.api.asked import Asked
from gateway.api.fields import fault_in
from gateway.api.sendcloud.answers.templates import TemplateGot, TemplatesListed, say_template, say_templates
from gateway.api.sendcloud.errors import coded
from gateway.api.sendcloud.parse.templates import ADD, APPROVED, INVOKE_NAME, LIST, SUBMIT, SYNTAX, UPDATE
from gateway.api.sendcloud.views.base import ChangingView, ModuleView
from gateway.api.sendcloud.views.paging import Part, take_part
from gateway.base.errors import ContentRefused, FieldInvalid, QuotaExceeded
from templates_app import actions, queries
from templates_app.models import Template
from templates_app.texts import Texts


class ListTemplates(ModuleView):
    """template/list

    Returns the templates, or those of a name or type, in the order that they were made.
    """

    fields = LIST
    answers = (TemplatesListed,)

    def act(self, asked: Asked) -> Part[Template]:
        found = queries.templates_of(asked.account_id, invoke_name=asked["invokeName"] or "", is_bulk=asked["templateType"])
        return take_part(found if asked["templateStat"] in {None, APPROVED} else found.none(), asked)

    def answer(self, done: Part[Template]) -> HttpResponse:
        return say_templates(done.rows, done.total)


class GetTemplate(ModuleView):
    """template/get

    Returns a template with what it says.
    """

    fields = (INVOKE_NAME,)
    codes = (40216,)
    answers = (TemplateGot,)

    def act(self, asked: Asked) -> Template:
        return get_template(asked)

    def answer(self, done: Template) -> HttpResponse:
        return say_template(done, actions.latest_texts(done))


class AddTemplate(ChangingView):
    """template/add

    Makes a template, which may be sent at once.
    """

    fields = ADD
    codes = (40219, 40220)
    answers = (TemplateGot,)

    def change(self, asked: Asked) -> Template:
        return add_template(asked)

    def answer(self, done: Template) -> HttpResponse:
        return say_template(done, actions.latest_texts(done))


class UpdateTemplate(ChangingView):
    """template/update

    Changes what is given of a template. Calls that are accepted from then on send the new state.
    """

    fields = UPDATE
    codes = (40216, 40218)

    def change(self, asked: Asked) -> int:
        return update_template(asked)


class DeleteTemplate(ChangingView):
    """template/delete

    Deletes a template. Mail that was accepted with it is sent nevertheless.
    """

    fields = (INVOKE_NAME,)
    codes = (40216,)

    def change(self, asked: Asked) -> int:
        return delete_template(asked)


class SubmitTemplate(ModuleView):
    """template/submit

    Would ask for a template's approval, or take that back. Templates are approved as they are saved, so nothing is left to do.
    """

    fields = SUBMIT
    codes = (40216, 40218, 40227)

    def act(self, asked: Asked) -> NoReturn:
        get_template(asked)
        if asked["cancel"]:
            raise fault_in("cancel", 40218, "Templates are approved as they are saved: there is nothing to take back.")
        raise fault_in("invokeName", 40227, "Templates are approved as they are saved.")


def get_template(asked: Asked) -> Template:
    """Return the template that a call is about; raise FieldsRefused."""
    template = queries.find_named(asked.account_id, asked["invokeName"])
    if template is None:
        raise fault_in("invokeName", 40216, f"There is no template {asked['invokeName']}.")
    return template


def add_template(asked: Asked) -> Template:
    """Make a template; raise FieldsRefused."""
    with coded({FieldInvalid: 40220, QuotaExceeded: 40219}):
        template = actions.add_template(
            asked.account_id,
            invoke_name=asked["invokeName"],
            name=asked["name"],
            texts=Texts(subject=asked["subject"], html=asked["html"], text=asked["text"] or ""),
            syntax=SYNTAX,
            is_bulk=asked["templateType"],
        )
    asked.remember(template, "added")
    return template


def update_template(asked: Asked) -> int:
    """Change what is given of a template; return 1, or raise FieldsRefused."""
    template = get_template(asked)
    with coded({ContentRefused: 40218}):
        actions.change_template(template, texts=_changed(template, asked), **_names(asked))
    asked.remember(template, "changed")
    return 1


def delete_template(asked: Asked) -> int:
    """Delete a template; return 1, or raise FieldsRefused."""
    template = get_template(asked)
    asked.remember(template, "deleted")
    actions.delete_template(template)
    return 1


def _changed(template: Template, asked: Asked) -> Texts | None:
    """Return the texts with those that are given; raise FieldsRefused where nothing at all is."""
    given = {name: asked[name] for name in ("subject", "html", "text") if asked[name] is not None}
    if not given and not _names(asked):
        raise fault_in("name", 40218, "There is nothing to change: give a name, html, text, subject or templateType.")
    return replace(actions.latest_texts(template), **given) if given else None


def _names(asked: Asked) -> dict[str, Any]:
    named = {"name": asked["name"], "is_bulk": asked["templateType"]}
    return {name: value for name, value in named.items() if value is not None}
