"""mail.* of version 1: what sends."""

from __future__ import annotations

from django.http import HttpResponse

from domains.credentials import Credential
from gateway.api.bodies import Payload
from gateway.api.sendcloud.answers.v1_mail import ListsSentTo, MailSent, tell_sent
from gateway.api.sendcloud.parse.mail import SendCall
from gateway.api.sendcloud.parse.v1_mail import SEND_TEMPLATE_V1, SEND_V1, parse_send_v1, parse_template_v1
from gateway.api.sendcloud.views.mail import OF_ALL, OF_CONTENT, OF_TEMPLATES, Done, SendingView
from gateway.api.sendcloud.views.v1 import V1View

OF_COMPRESSED = (40865, 40866)


class SendingV1View(V1View, SendingView):
    """A call of version 1 that sends."""

    files = ("files",)
    answers = (MailSent, ListsSentTo)

    def answer(self, done: Done) -> HttpResponse:
        return self.say(tell_sent(done.accepted, with_ids=done.with_ids))


class SendV1(SendingV1View):
    """webapi/mail.send

    Sends a mail with its own content, to addresses or to address lists.
    """

    fields = SEND_V1
    codes = (*OF_ALL, *OF_CONTENT, *OF_COMPRESSED)

    def parse(self, payload: Payload, credential: Credential) -> SendCall:
        return parse_send_v1(payload, credential)


class SendTemplateV1(SendingV1View):
    """webapi/mail.send_template

    Sends a stored template, with values for each recipient in its fields.
    """

    fields = SEND_TEMPLATE_V1
    codes = (*OF_ALL, *OF_TEMPLATES, *OF_COMPRESSED)

    def parse(self, payload: Payload, credential: Credential) -> SendCall:
        return parse_template_v1(payload, credential)
