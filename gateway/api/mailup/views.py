"""MailUp's API v2.0: `/API/v2.0/<resource>/<method>`."""

from __future__ import annotations

from django.http import HttpResponse

from domains.credentials import Credential, authenticate_smtp_user
from gateway.api.base import DialectView, UnknownPath
from gateway.api.bodies import Payload
from gateway.api.mailup.answers import SendResponse, say_done, say_refused
from gateway.api.mailup.parse import MESSAGE, parse_document, parse_message, parse_user, refuse_xml
from gateway.base.errors import Refused
from gateway.engine.submission import Accepted, Submission


class MailUpView(DialectView):
    """A call of an SMTP+ user, whose name and secret stand in the document."""

    dialect = "mailup"
    parsers = {
        "application/json": parse_document,
        "application/xml": refuse_xml,
        "text/xml": refuse_xml,
    }

    def authenticate(self, payload: Payload) -> Credential:
        credential = authenticate_smtp_user(*parse_user(payload.values))
        credential.check_usable()
        return credential

    def refuse(self, refusal: Refused) -> HttpResponse:
        return say_refused(refusal)


class SendMessage(MailUpView):
    """SendMessage: a message with its own content."""

    http_method_names = ("post",)
    fields = MESSAGE
    answers = (SendResponse,)

    def parse(self, payload: Payload, credential: Credential) -> Submission:
        return parse_message(payload, credential)

    def answer(self, done: Accepted) -> HttpResponse:
        return say_done()


class Unknown(UnknownPath, MailUpView):
    """Every other path under /API/v2.0/."""
