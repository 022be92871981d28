"""The shape of one command of /api.php, and who may call it.

    class GetThing(Command):
        \"\"\"EmailGateway.GetThing: what it does.\"\"\"

        name = "EmailGateway.GetThing"
        fields = (Field("DomainID", identifier, required=True, missing=1),)
        answers = (ThingAnswer,)                                  # a Done with what is answered
        errors = {1: "Missing required parameter: DomainID", 2: "Unable to retrieve sender domain"}

        def act(self, asked: dict[str, Any], caller: Caller) -> ThingAnswer:
            domain = caller.domain(asked["DomainID"], error=2)    # another account's is like one that is not there
            ...

and one line in the table of views/commands.py. What changes something has `level = Level.DEVELOPER`, does it within
`transaction.atomic`, and ends with `caller.remember(row, "added")`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import msgspec
from django.db.models import Model
from django.http import HttpResponse

from accounts import audit
from accounts.access import Level
from accounts.models import Account
from accounts.sessions import Session, find_session
from domains.credentials import Credential, authenticate_api_key
from domains.models import SenderDomain
from gateway.api.bodies import Payload
from gateway.api.fields import Field
from gateway.api.octeth.answers.base import Part
from gateway.api.octeth.answers.envelope import Refusals
from gateway.api.octeth.parse.base import not_there, parse_fields
from gateway.base.errors import BadCredentials, NotAuthenticated

KEY_LEVEL = Level.ADMIN  # what a key of the whole account may do: all but what is its owner's


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls: a person by a session, or a key of the whole account.

    `name` is what the audit knows them by, `meter` what their requests are counted by.
    """

    account_id: int
    level: Level
    name: str
    meter: str
    requests_per_minute: int | None = None
    address: str = ""

    def account(self) -> Account:
        """Return the row of the account."""
        return Account.objects.for_account(self.account_id).get()

    def domain(self, domain_id: int, *, error: int) -> SenderDomain:
        """Return a sender domain of the account; raise the command's number `error` for one that it has not."""
        found: SenderDomain | None = (
            SenderDomain.objects.for_account(self.account_id).select_related("account").filter(pk=domain_id).first()
        )
        if found is None:
            raise not_there(error, "DomainID")
        return found

    def remember(self, row: Model, action: str, **detail: object) -> None:
        """Write to the audit that the caller did `action` to a row, in the console's words; before the row is deleted."""
        audit.remember(row, action, actor=self.name, address=self.address, **detail)


class Command:
    """One command. `fields` and `answers` are as DialectView has them; `errors` are its documented numbers and their words."""

    name: ClassVar[str]
    level: ClassVar[Level] = Level.VIEWER  # the least that a session's role must be
    fields: ClassVar[tuple[Field, ...]] = ()
    answers: ClassVar[tuple[type[msgspec.Struct], ...]] = ()
    errors: ClassVar[Mapping[int, str]] = {}
    refusals: ClassVar[Refusals] = {}  # which number answers a refusal of the apps: by its class, or by its field
    lists_codes: ClassVar[bool] = False  # ErrorCode is an array

    def authenticate(self, payload: Payload, values: Mapping[str, Any]) -> Caller:
        """Return who calls, by SessionID or APIKey; `values` are the payload's, folded. Raise NotAuthenticated."""
        return authenticate(values, payload.client)

    def parse(self, values: Mapping[str, Any], caller: Caller) -> Any:
        """Return what is asked for: by default the fields' values by documented name."""
        return parse_fields(self.fields, values)

    def act(self, asked: Any, caller: Caller) -> Part | HttpResponse:
        """Do it, and return what is answered; an HttpResponse is sent as it is."""
        raise NotImplementedError


def authenticate(values: Mapping[str, Any], address: str) -> Caller:
    """Return who calls by the SessionID, or where no session of that name lives, by the APIKey; a key may stand in either."""
    session_id, key = (str(values.get(name) or "") for name in ("sessionid", "apikey"))
    session = find_session(session_id) if session_id else None
    if session is not None:
        return _caller_of_session(session, address)
    if not (key or session_id):
        raise NotAuthenticated
    return caller_of_key(authenticate_api_key(key or session_id), address)


def _caller_of_session(session: Session, address: str) -> Caller:
    return Caller(
        account_id=session.account_id,
        level=session.level,
        name=session.email,
        meter=f"session{session.account_id}.{session.user_id}",
        requests_per_minute=session.requests_per_minute,
        address=address,
    )


def caller_of_key(key: Credential, address: str = "") -> Caller:
    """Return the caller behind a key of the account; one of a single domain sends from that, and administers nothing.

    Raises NotAuthenticated, or NotAllowed where the account is suspended or deleted.
    """
    if key.domain_id is not None:
        raise BadCredentials
    key.check_usable()
    return Caller(
        account_id=key.account_id,
        level=KEY_LEVEL,
        name=key.name,
        meter=f"key{key.key_id}",
        requests_per_minute=key.requests_per_minute,
        address=address,
    )
