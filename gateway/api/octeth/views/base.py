"""The base of Octeth's public calls, `/api/v1`, and what answers every other path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.http import HttpResponse

from domains.credentials import Credential, authenticate_api_key
from gateway.api.base import DialectView, Rate, UnknownPath
from gateway.api.bodies import Payload
from gateway.api.fields import Fault, FieldsRefused, fault_in, fold
from gateway.api.octeth.answers.public import answer_refused
from gateway.api.octeth.errors import EMAIL, Table
from gateway.api.octeth.parse.email_fields import KEY
from gateway.base.errors import Refused


class OctethView(DialectView):
    """The key of a sender domain, as a bearer token or as SenderAPIKey. `table` has the call's codes and their words."""

    dialect = "octeth"
    rate: ClassVar[Rate | None] = Rate(limit=100)
    http_method_names: tuple[str, ...] = ("post",)
    table: ClassVar[Table] = EMAIL

    def authenticate(self, payload: Payload) -> Credential:
        secret = payload.bearer or KEY.find(fold(payload.values))
        if not secret:
            raise FieldsRefused(Fault(field="SenderAPIKey", error=self.table.no_key), *self.examine(payload))
        key = authenticate_api_key(str(secret))
        key.check_usable()
        if key.domain_id is None:
            raise fault_in("DomainID", self.table.no_domain)
        return key

    def examine(self, payload: Payload) -> list[Fault]:
        """Return what else is wrong with a call that has no key: the vendor lists it all."""
        return []

    def refuse(self, refusal: Refused) -> HttpResponse:
        return answer_refused(refusal, self.table)


class ByMethod(OctethView):
    """A path with a call for each method."""

    calls: ClassVar[Mapping[str, type[OctethView]]]

    def serve(self) -> HttpResponse:
        response: HttpResponse = self.calls[self.http.method or ""].as_view()(self.http)
        return response


class NoSuchCall(UnknownPath, OctethView):
    """Every other path."""
