"""SendCloud's API v2: `/apiv2/<module>/<action>`."""

from __future__ import annotations

from django.http import HttpResponse

from domains.credentials import Credential, authenticate_smtp_user
from gateway.api.base import DialectView, UnknownPath
from gateway.api.bodies import Payload
from gateway.api.sendcloud.answers import Sent, say_refused, say_refused_v1, say_sent
from gateway.api.sendcloud.parse import SEND, SendCall, parse_credentials, parse_send
from gateway.base.errors import Refused
from gateway.engine.submission import Accepted


class SendCloudView(DialectView):
    """A call of an API user: the SMTP user of that name, with its secret as `apiKey`."""

    dialect = "sendcloud"

    def authenticate(self, payload: Payload) -> Credential:
        credential = authenticate_smtp_user(*parse_credentials(payload))
        credential.check_usable()
        return credential

    def refuse(self, refusal: Refused) -> HttpResponse:
        return say_refused(refusal)


class Send(SendCloudView):
    """mail/send: a mail with its own content."""

    http_method_names = ("post",)
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


class Unknown(UnknownPath, SendCloudView):
    """Every other path under /apiv2/."""


class UnknownV1(Unknown):
    """Every path under /webapi/: version 1 of the API is not served."""

    def refuse(self, refusal: Refused) -> HttpResponse:
        return say_refused_v1(refusal)
