"""messages/*: to send, and to ask what became of it."""

from __future__ import annotations

from django.http import HttpResponse

from domains.credentials import Credential
from gateway.api.bodies import Payload
from gateway.api.sendclean.answers.messages import answer_sent
from gateway.api.sendclean.parse.messages import parse_mail
from gateway.api.sendclean.views.base import SendingView
from gateway.engine.submission import Accepted, Submission


class SendMail(SendingView):
    """messages/sendMail"""

    def parse(self, payload: Payload, credential: Credential) -> Submission:
        return parse_mail(payload, credential)

    def answer(self, done: Accepted) -> HttpResponse:
        return answer_sent()
