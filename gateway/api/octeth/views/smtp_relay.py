"""Octeth's command for a mail server that takes customers' mail in, and hands it on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from accounts.access import Level
from domains.credentials import Credential, authenticate_smtp_user, is_admin_key
from gateway.api.bodies import Payload
from gateway.api.octeth.answers.base import Part
from gateway.api.octeth.answers.smtp_relay import LoggedIn, NotRelayed, Relayed, tell_refused
from gateway.api.octeth.parse.base import parse_fields
from gateway.api.octeth.parse.smtp_relay import FIELDS, make_submission
from gateway.api.octeth.views.command import Caller, Command
from gateway.base import rates
from gateway.base.errors import NotAuthenticated, Refused, Unavailable
from gateway.engine.intake import accept_one


class SMTPRelay(Command):
    """EmailGateway.SMTPRelay: log a customer of SMTP in, and send the mail that comes with it, by the installation's key."""

    name = "EmailGateway.SMTPRelay"
    fields = FIELDS
    answers = (Relayed, LoggedIn, NotRelayed)
    errors: ClassVar = {1: "Missing SMTPUsername", 2: "Missing SMTPPassword"}

    def authenticate(self, payload: Payload, values: Mapping[str, Any]) -> Caller:
        self.idempotency_key = payload.idempotency_key
        if not is_admin_key(payload.bearer or str(values.get("adminapikey") or "")):
            raise NotAuthenticated
        return Caller(
            account_id=0,
            level=Level.OPERATOR,
            name="the installation",
            meter="installation",
            requests_per_minute=0,
            address=payload.client,
        )

    def parse(self, values: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        return parse_fields(self.fields, values) | {"Idempotency-Key": self.idempotency_key}

    def act(self, asked: Mapping[str, Any], caller: Caller) -> Part:
        """Do it; what is refused has a reply of its own, but for a database that is away."""
        try:
            return _relay(asked, caller.address)
        except Unavailable:
            raise
        except Refused as refusal:
            return tell_refused(refusal)


def _relay(asked: Mapping[str, Any], client: str) -> Part:
    name, secret = asked["SMTPUsername"], asked["SMTPPassword"]
    user = authenticate_smtp_user(name, secret)
    user.check_usable()
    if asked["RawEmail"] is None:
        return LoggedIn(smtp_username=name, smtp_password=secret)
    _check_rate(user)
    accept_one(make_submission(asked, user, client=client))
    return Relayed(smtp_username=name, smtp_password=secret)


def _check_rate(user: Credential) -> None:
    """Raise RateExceeded as the SMTP door does, and counted with it."""
    if user.requests_per_minute:
        rates.check_rate(f"smtp:user{user.smtp_user_id}", user.requests_per_minute, 60)
