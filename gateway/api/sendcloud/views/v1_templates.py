"""template.* of version 1: stored mails with fields to fill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.http import HttpResponse

from gateway.api.asked import Asked
from gateway.api.sendcloud.answers.v1_modules import (
    TemplateAddedV1,
    TemplateDeletedV1,
    TemplatesV1,
    TemplateUpdatedV1,
    tell_templates,
)
from gateway.api.sendcloud.parse import v1_modules as parse
from gateway.api.sendcloud.parse.v1_modules import OF_TEMPLATES, in_version_2
from gateway.api.sendcloud.views import templates
from gateway.api.sendcloud.views.paging import take_part
from gateway.api.sendcloud.views.v1 import ChangingV1View, ModuleV1View
from templates_app.models import Template, TemplateVersion
from templates_app.queries import latest_versions, templates_of

Found = tuple[Sequence[Template], Mapping[int, TemplateVersion]]


class GetTemplates(ModuleV1View):
    """webapi/template.get

    Returns the templates with what they say, or the one of a name, in the order that they were made.
    """

    fields = parse.TEMPLATES
    answers = (TemplatesV1,)

    def act(self, asked: Asked) -> Found:
        rows = take_part(templates_of(asked.account_id, invoke_name=asked["invoke_name"] or ""), asked).rows
        return rows, latest_versions(rows)

    def answer(self, done: Found) -> HttpResponse:
        return self.say(tell_templates(*done))


class AddTemplateV1(ChangingV1View):
    """webapi/template.add

    Makes a template, which may be sent at once.
    """

    fields = parse.ADD_TEMPLATE
    codes = (40219, 40220)
    answers = (TemplateAddedV1,)

    def change(self, asked: Asked) -> int:
        templates.add_template(in_version_2(asked, OF_TEMPLATES))
        return 1

    def answer(self, done: int) -> HttpResponse:
        return self.say(TemplateAddedV1(add_count=done))


class UpdateTemplateV1(ChangingV1View):
    """webapi/template.update

    Changes what is given of a template. Calls that are accepted from then on send the new state.
    """

    fields = parse.UPDATE_TEMPLATE
    codes = (40216, 40218)
    answers = (TemplateUpdatedV1,)

    def change(self, asked: Asked) -> int:
        return templates.update_template(in_version_2(asked, OF_TEMPLATES))

    def answer(self, done: int) -> HttpResponse:
        return self.say(TemplateUpdatedV1(update_count=done))


class DeleteTemplateV1(ChangingV1View):
    """webapi/template.delete

    Deletes a template. Mail that was accepted with it is sent nevertheless.
    """

    fields = parse.DELETE_TEMPLATE
    codes = (40216,)
    answers = (TemplateDeletedV1,)

    def change(self, asked: Asked) -> int:
        return templates.delete_template(in_version_2(asked, OF_TEMPLATES))

    def answer(self, done: int) -> HttpResponse:
        return self.say(TemplateDeletedV1(del_count=done))
