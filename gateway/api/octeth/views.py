"""Octeth's public calls, `/api/v1`."""

from __future__ import annotations

from django.http import HttpResponse

from domains.credentials import Credential, authenticate_api_key
from gateway.api.base import DialectView, Rate, UnknownPath
from gateway.api.bodies import Payload
from gateway.api.fields import Fault, FieldsRefused, fold
from gateway.api.octeth.answers import answer_no_command, answer_refused, answer_sent
from gateway.api.octeth.parse import KEY, examine_email, parse_email
from gateway.base.errors import Refused
from gateway.engine.submission import Accepted, Submission


class OctethView(DialectView):
    """The key of a sender domain, as a bearer token or as SenderAPIKey."""

    dialect = "octeth"
    rate = Rate(limit=100)
    http_method_names = ("post",)

    def authenticate(self, payload: Payload) -> Credential:
        secret = payload.bearer or KEY.find(fold(payload.values))
        if not secret:
            raise FieldsRefused(Fault(field="SenderAPIKey", error=1), *self.examine(payload))
        key = authenticate_api_key(str(secret))
        key.check_usable()
        if key.domain_id is None:
            raise FieldsRefused(Fault(field="DomainID", error=2))
        return key

    def examine(self, payload: Payload) -> list[Fault]:
        """Return what else is wrong with a call that has no key: the vendor lists it all."""
        return []

    def refuse(self, refusal: Refused) -> HttpResponse:
        return answer_refused(refusal)


class SendEmail(OctethView):
    """POST /api/v1/email"""

    def examine(self, payload: Payload) -> list[Fault]:
        return examine_email(payload.values)[1]

    def parse(self, payload: Payload, credential: Credential) -> Submission:
        return parse_email(payload, credential)

    def answer(self, done: Accepted) -> HttpResponse:
        return answer_sent(done)


class NoSuchCall(UnknownPath, OctethView):
    """Every other path."""


class NoSuchCommand(NoSuchCall):
    """/api.php: none of its commands is served."""

    def refuse(self, refusal: Refused) -> HttpResponse:
        return answer_no_command(refusal)
