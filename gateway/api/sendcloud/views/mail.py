"""mail/*: what sends."""

from __future__ import annotations

from django.http import HttpResponse

from domains.credentials import Credential
from gateway.api.bodies import Payload
from gateway.api.sendcloud.answers.mail import Sent, say_sent
from gateway.api.sendcloud.parse.mail import SEND, SendCall, parse_send
from gateway.api.sendcloud.views.base import SendCloudView
from gateway.engine.submission import Accepted


class SendingView(SendCloudView):
    """A call that sends."""

    http_method_names = ("post",)


class Send(SendingView):
    """mail/send: a mail with its own content."""

    fields = SEND
    files = ("attachments", "embeddedImage")
    answers = (Sent,)

    def parse(self, payload: Payload, credential: Credential) -> SendCall:
        return parse_send(payload, credential)

    def act(self, asked: SendCall) -> tuple[Accepted, bool]:
        return super().act(asked.submission), asked.with_ids

    def answer(self, done: tuple[Accepted, bool]) -> HttpResponse:
        accepted, with_ids = done
        return say_sent(accepted, with_ids=with_ids)
