"""What the calls about the account and what it has share: who asks, and what is remembered of a change."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any, ClassVar

import msgspec
from django.db import transaction
from django.http import HttpResponse

from domains.credentials import Credential
from gateway.api.asked import Asked
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


class ChangingView(SettingView):
    """A call that changes something, which goes into the account's audit with it; `message` is the vendor's word of success."""

    message: ClassVar[str]
    is_atomic: ClassVar[bool] = True  # not where the world is asked meanwhile
    answers: ClassVar[tuple[type[msgspec.Struct], ...]] = (Said,)

    def act(self, asked: Asked) -> Any:
        with transaction.atomic() if self.is_atomic else nullcontext():
            return self.change(asked)

    def change(self, asked: Asked) -> Any:
        """Do it, and remember it."""
        raise NotImplementedError

    def answer(self, done: Any) -> HttpResponse:
        return json_answer(Said(message=self.message))
