"""Octeth's calls for the mail servers beside an installation; with a tenant's own key they know of that tenant alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from django.http import HttpResponse

from domains.credentials import Credential, authenticate_api_key, is_admin_key
from domains.relaying import takes_mail_back, verified_domains
from gateway.api.base import json_answer
from gateway.api.bodies import Payload
from gateway.api.fields import fold
from gateway.api.octeth.answers.envelope import say_refused
from gateway.api.octeth.answers.sender_domains import RelayAllowed, RelayDenied, SenderDomainList, answer_domains
from gateway.api.octeth.errors.public import RELAY_CHECK as RELAY_TABLE
from gateway.api.octeth.parse.base import parse_fields
from gateway.api.octeth.parse.sender_domains import RELAY_CHECK, SENDER_DOMAINS
from gateway.api.octeth.views.base import OctethView
from gateway.base.errors import NotAllowed, NotAuthenticated, Refused

KEYS = ("adminapikey", "apikey", "senderapikey")
INSTALLATION = Credential(account_id=0, owner_id="", account_status="enabled", requests_per_minute=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked for, and of whom: an account, one of its domains, or the installation (None)."""

    account_id: int | None
    domain_id: int | None
    values: dict[str, Any]


class ServersCall(OctethView):
    """A call for mail servers, by the key of the installation; a tenant's key does as well."""

    http_method_names: tuple[str, ...] = ("get", "post")

    def authenticate(self, payload: Payload) -> Credential:
        values = fold(payload.values)
        given = (payload.bearer, *(values.get(name) for name in KEYS))
        secret = next((str(key) for key in given if key), "")
        if not secret:
            raise NotAuthenticated
        if is_admin_key(secret):
            return INSTALLATION
        key = authenticate_api_key(secret)
        key.check_usable()
        return key

    def parse(self, payload: Payload, credential: Credential) -> Asked:
        return Asked(
            account_id=credential.account_id or None,
            domain_id=credential.domain_id,
            values=parse_fields(self.fields, fold(payload.values)),
        )


class SenderDomains(ServersCall):
    """GET /api/v1/sender.domains: the verified sender domains, as a list or as PowerMTA's configuration."""

    fields = SENDER_DOMAINS
    answers = (SenderDomainList,)
    words: ClassVar = {1: "Invalid DomainsResponseFormat"}

    def act(self, asked: Asked) -> HttpResponse:
        rows, start = verified_domains(asked.account_id, asked.domain_id), asked.values["StartFrom"]
        page = rows[start : start + asked.values["RetrieveCount"]]
        return answer_domains(page, rows.count(), asked.values["DomainsResponseFormat"])

    def answer(self, done: HttpResponse) -> HttpResponse:
        return done

    def refuse(self, refusal: Refused) -> HttpResponse:
        return say_refused(refusal, words=self.words, numbers={}, lists_codes=False, in_xml=False)


class InboundRelayDomainCheck(ServersCall):
    """GET /api/v1/inbound-relay-domain-check: whether mail for a host is to be handed on to us."""

    rate = None  # a mail server asks for each recipient
    fields = RELAY_CHECK
    answers = (RelayAllowed, RelayDenied)
    table = RELAY_TABLE

    def act(self, asked: Asked) -> str:
        host: str = asked.values["Domain"]
        return host if takes_mail_back(host, asked.account_id, asked.domain_id) else ""

    def answer(self, done: str) -> HttpResponse:
        if done:
            return json_answer(RelayAllowed(relay_domain=done))
        response = json_answer(RelayDenied(), status=500)
        # A plain no, which strangers bring about as often as they like: not to be logged as an error of ours.
        response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001  Django's mark for its own
        return response

    def refuse(self, refusal: Refused) -> HttpResponse:
        response = super().refuse(refusal)
        if isinstance(refusal, NotAuthenticated | NotAllowed):
            response.status_code = 403  # which mail servers take for a trouble that passes
        return response
