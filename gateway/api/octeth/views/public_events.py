"""Octeth's public call about events."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

from domains.credentials import Credential
from gateway.api.base import json_answer
from gateway.api.bodies import Payload
from gateway.api.fields import Fault, examine, fold
from gateway.api.octeth.answers.events import PublicEvents, public_event
from gateway.api.octeth.errors.public import EVENTS
from gateway.api.octeth.parse.base import parse_fields, spell
from gateway.api.octeth.parse.events import PUBLIC_EVENTS
from gateway.api.octeth.views.base import OctethView
from gateway.api.octeth.views.events import Asked, filter_of, list_events


class ListEvents(OctethView):
    """GET /api/v1/events: the events of the key's sender domain, newest first."""

    http_method_names = ("get",)
    table = EVENTS
    fields = PUBLIC_EVENTS
    answers = (PublicEvents,)

    def examine(self, payload: Payload) -> list[Fault]:
        return examine(self.fields, spell(self.fields, fold(payload.values)))[1]

    def parse(self, payload: Payload, credential: Credential) -> tuple[Credential, dict[str, Any]]:
        return credential, parse_fields(self.fields, fold(payload.values))

    def act(self, asked: tuple[Credential, dict[str, Any]]) -> PublicEvents:
        key, found = asked
        wanted = filter_of(key.account_id, found, domain_id=key.domain_id)
        total, events = list_events(Asked(wanted=wanted, skip=found["StartFrom"], limit=found["RetrieveCount"]))
        return PublicEvents(total_records=total, events=[public_event(event) for event in events])

    def answer(self, done: PublicEvents) -> HttpResponse:
        return json_answer(done)
