"""What the calls about the account and what it has share: who asks, and what is remembered of a change."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec
from django.http import HttpResponse

from domains.credentials import Credential
from gateway.api.asked import Asked, ChangingCall
from gateway.api.base import json_answer
from gateway.api.bodies import Payload
from gateway.api.fields import check
from gateway.api.sendclean.answers import Said
from gateway.api.sendclean.views.base import SendCleanView


class SettingView(SendCleanView):
    """A call that takes the fields of its table, and reads."""

    def parse(self, payload: Payload, credential: Credential) -> Asked:
        given = check(self.fields, payload.values)
        return Asked(account_id=credential.account_id, actor=credential.name, client=payload.client, given=given)


class ChangingView(ChangingCall, SettingView):
    """A call that changes something; `message` is the vendor's word of success."""

    message: ClassVar[str]
    answers: ClassVar[tuple[type[msgspec.Struct], ...]] = (Said,)

    def answer(self, done: Any) -> HttpResponse:
        return json_answer(Said(message=self.message))
