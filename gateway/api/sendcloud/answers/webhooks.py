"""What webhook/* says."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from django.http import HttpResponse

from gateway.api.base import json_answer
from gateway.api.sendcloud.answers import Page, Told, say_time
from gateway.api.sendcloud.parse.webhooks import ALL
from gateway.base.sealing import CannotOpen
from tracking.models import Webhook
from tracking.webhooks.calls import open_key
from tracking.webhooks.of_user import choices_of


class Hook(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A webhook: the API user whose mail it is told of, or `all`; the numbers of the kinds of events; the key that signs."""

    url: str
    category_name: str
    event: str
    app_key: str
    gmt_created: str


class HookData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    data: Hook


class HookTold(Told, frozen=True, kw_only=True):
    """One webhook."""

    info: HookData


class Hooks(Page, frozen=True, kw_only=True):
    data_list: list[Hook]


class HooksListed(Told, frozen=True, kw_only=True):
    """A part of the webhooks."""

    info: Hooks


def say_hook(webhook: Webhook) -> HttpResponse:
    return json_answer(HookTold(info=HookData(data=_show(webhook))))


def say_hooks(webhooks: Iterable[Webhook], total: int) -> HttpResponse:
    shown = [_show(webhook) for webhook in webhooks]
    return json_answer(HooksListed(info=Hooks(count=len(shown), total=total, data_list=shown)))


def _show(webhook: Webhook) -> Hook:
    return Hook(
        url=webhook.url,
        category_name=webhook.smtp_user.name if webhook.smtp_user else ALL,
        event=",".join(map(str, sorted(choices_of(webhook)))),
        app_key=_key_of(webhook),
        gmt_created=say_time(webhook.created_at),
    )


def _key_of(webhook: Webhook) -> str:
    try:
        return open_key(webhook)
    except CannotOpen:
        return ""
