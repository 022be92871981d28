"""Octeth's public call that sends."""

from __future__ import annotations

from django.http import HttpResponse

from domains.credentials import Credential
from gateway.api.base import json_answer
from gateway.api.bodies import Payload
from gateway.api.fields import Fault
from gateway.api.octeth.answers.email import EmailSent, tell_sent
from gateway.api.octeth.parse.email import examine_email, parse_email
from gateway.api.octeth.parse.email_fields import SEND_EMAIL
from gateway.api.octeth.views.base import OctethView
from gateway.engine.submission import Accepted, Submission


class SendEmail(OctethView):
    """POST /api/v1/email: a mail to those whom it names, or to an address list."""

    fields = SEND_EMAIL
    answers = (EmailSent,)

    def examine(self, payload: Payload) -> list[Fault]:
        return examine_email(payload.values)[1]

    def parse(self, payload: Payload, credential: Credential) -> Submission:
        return parse_email(payload, credential)

    def answer(self, done: Accepted) -> HttpResponse:
        return json_answer(tell_sent(done))
