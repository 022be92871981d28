"""What SendClean's calls have in common: who calls, how often, and how a refusal sounds."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.http import HttpResponse

from domains.credentials import Credential, authenticate_api_key, find_smtp_user
from gateway.api.base import DialectView, Rate, UnknownPath
from gateway.api.bodies import Payload
from gateway.api.fields import check
from gateway.api.sendclean.answers import answer_refused
from gateway.api.sendclean.parse import CREDENTIALS, SMTP_USER
from gateway.base.errors import BadCredentials, FieldInvalid, Refused


class SendCleanView(DialectView):
    """Owner id and token in the body name the account."""

    dialect = "sendclean"
    http_method_names = ("post",)

    def rates(self) -> Sequence[Rate]:
        return [Rate(limit=limit, seconds=seconds) for limit, seconds in settings.GATEPOST_SENDCLEAN_RATES]

    def authenticate(self, payload: Payload) -> Credential:
        given = check(CREDENTIALS, payload.values)
        key = authenticate_api_key(given["token"])
        if key.owner_id != given["owner_id"] or key.domain_id is not None:
            raise BadCredentials
        key.check_usable()
        return key

    def refuse(self, refusal: Refused) -> HttpResponse:
        return answer_refused(refusal)


class SendingView(SendCleanView):
    """A call that sends also names the SMTP user of the account that it sends as."""

    def authenticate(self, payload: Payload) -> Credential:
        key = super().authenticate(payload)
        name = check(SMTP_USER, payload.values)["smtp_user_name"]
        user = find_smtp_user(key.account_id, name)
        if user is None:
            raise FieldInvalid("smtp_user_name", f"This account has no SMTP user {name[:64]}.", value=name)
        user.check_usable()
        return user


class NoSuchCall(UnknownPath, SendCleanView):
    """Every other path."""
