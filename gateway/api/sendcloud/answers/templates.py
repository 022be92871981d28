"""What template/* says. templateStat, which older clients know as isVerify, is always that of an approved template."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from django.http import HttpResponse

from gateway.api.base import json_answer
from gateway.api.sendcloud.answers import Page, Told, say_time
from gateway.api.sendcloud.parse.templates import APPROVED
from templates_app.models import Template as Row
from templates_app.texts import Texts


class Template(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A template as lists show it."""

    name: str
    invoke_name: str
    template_type: int
    template_stat: int = APPROVED
    is_verify: int = APPROVED
    gmt_created: str
    gmt_updated: str


class WholeTemplate(Template, frozen=True, kw_only=True, rename="camel"):
    """A template with what it says."""

    html: str
    text: str
    subject: str
    content_summary: str = ""


class OneTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """A template."""

    data: WholeTemplate


class TemplateGot(Told, frozen=True, kw_only=True):
    """That there is a template, and which."""

    info: OneTemplate


class Templates(Page, frozen=True, kw_only=True, rename="camel"):
    """A part of the templates."""

    data_list: list[Template]


class TemplatesListed(Told, frozen=True, kw_only=True):
    """Templates."""

    info: Templates


def say_template(row: Row, texts: Texts) -> HttpResponse:
    whole = WholeTemplate(
        name=row.name,
        invoke_name=row.invoke_name,
        template_type=int(row.is_bulk),
        gmt_created=say_time(row.created_at),
        gmt_updated=say_time(row.updated_at),
        html=texts.html,
        text=texts.text,
        subject=texts.subject,
    )
    return json_answer(TemplateGot(info=OneTemplate(data=whole)))


def say_templates(rows: Sequence[Row], total: int) -> HttpResponse:
    listed = [
        Template(
            name=row.name,
            invoke_name=row.invoke_name,
            template_type=int(row.is_bulk),
            gmt_created=say_time(row.created_at),
            gmt_updated=say_time(row.updated_at),
        )
        for row in rows
    ]
    return json_answer(TemplatesListed(info=Templates(count=len(listed), total=total, data_list=listed)))
