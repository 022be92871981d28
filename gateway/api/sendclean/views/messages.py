"""messages/*: to send, and to ask what became of it."""

from __future__ import annotations

from django.http import HttpResponse

from domains.credentials import Credential
from gateway.api.asked import Asked
from gateway.api.bodies import Payload
from gateway.api.sendclean.answers import Said
from gateway.api.sendclean.answers.messages import MessageInfo, answer_info, answer_sent, answer_sent_from_template
from gateway.api.sendclean.parse.info import GET_MESSAGE_INFO
from gateway.api.sendclean.parse.messages import (
    SEND_MAIL,
    SEND_TEMPLATE,
    SEND_TEMPLATE_BY_GET,
    parse_mail,
    parse_template,
    parse_template_by_get,
)
from gateway.api.sendclean.parse.raw import SEND_RAW, parse_raw
from gateway.api.sendclean.views.base import SendingView
from gateway.api.sendclean.views.settings import SettingView
from gateway.engine.reports import Report, report_on
from gateway.engine.submission import Accepted, Submission


class SendMail(SendingView):
    """messages/sendMail

    Sends a mail with bodies of its own.
    """

    fields = SEND_MAIL
    answers = (Said,)

    def parse(self, payload: Payload, credential: Credential) -> Submission:
        return parse_mail(payload, credential)

    def answer(self, done: Accepted) -> HttpResponse:
        return answer_sent()


class SendTemplate(SendingView):
    """messages/sendTemplate

    Sends a stored template, with the call's values in its fields.
    """

    fields = SEND_TEMPLATE
    answers = (Said,)

    def parse(self, payload: Payload, credential: Credential) -> Submission:
        return parse_template(payload, credential)

    def answer(self, done: Accepted) -> HttpResponse:
        return answer_sent_from_template()


class SendTemplateHTTPGet(SendTemplate):
    """messages/sendTemplateHTTPGet

    Sends a stored template to one recipient, all in a query: for programs that can call a URL and no more.
    """

    http_method_names = ("get",)
    fields = SEND_TEMPLATE_BY_GET

    def parse(self, payload: Payload, credential: Credential) -> Submission:
        return parse_template_by_get(payload, credential)


class SendRaw(SendMail):
    """messages/sendRaw

    Sends a whole mail to whom its To, Cc and Bcc name, as if it had come in by SMTP.
    """

    fields = SEND_RAW

    def parse(self, payload: Payload, credential: Credential) -> Submission:
        return parse_raw(payload, credential)


class GetMessageInfo(SettingView):
    """messages/getMessageInfo

    Tells what became of each copy of the mail with an X-Unique-Id, a hundred on a page.
    """

    fields = GET_MESSAGE_INFO
    answers = (MessageInfo,)

    def act(self, asked: Asked) -> list[Report]:
        return report_on(asked.account_id, asked["x_unique_id"].strip(), asked["skip_page"])

    def answer(self, done: list[Report]) -> HttpResponse:
        return answer_info(done)
