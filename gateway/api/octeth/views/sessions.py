"""The command that logs in.

A person of several accounts is logged in to the one where they may do most, of those that are enabled; the parameter AccountID,
which is ours, names another. A key that logs in is its own session: it lives and dies with the key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from accounts.access import Level
from accounts.models import Account
from accounts.sessions import accounts_of, log_in, open_session
from domains.credentials import authenticate_api_key
from gateway.api.bodies import Payload
from gateway.api.fields import Field, fault_in, text
from gateway.api.octeth.answers.sessions import LoggedIn, show
from gateway.api.octeth.parse.base import identifier, not_there, parse_fields
from gateway.api.octeth.views.command import Caller, Command, caller_of_key
from gateway.base.errors import NotAllowed, NotAuthenticated
from gateway.base.networks import group_client

WRONG, NO_ACCOUNT = 3, 6
BY_PASSWORD: Final = (
    Field("Username", required=True, missing=1, aliases=("EmailAddress",)),
    Field("Password", required=True, missing=2),
    Field("AccountID", identifier),
    # Taken, and of no meaning here: there is no captcha, nor a second factor.
    *(Field(name, lambda value: value) for name in ("TFACode", "TFARecoveryCode", "DisableCaptcha", "RememberMe")),
)
BY_KEY: Final = (Field("APIKey", text),)


class Login(Command):
    """User.Login: open a session, by name and password or by an API key of the account."""

    name = "User.Login"
    fields = (*BY_PASSWORD, *BY_KEY)
    answers = (LoggedIn,)
    errors: ClassVar = {
        1: "Username is missing",
        2: "Password is missing",
        WRONG: "Invalid login information",
        NO_ACCOUNT: "User account is not active",
    }
    refusals: ClassVar = {NotAuthenticated: WRONG, NotAllowed: NO_ACCOUNT}
    lists_codes = True

    def authenticate(self, payload: Payload, values: Mapping[str, Any]) -> Caller:
        """Return nobody yet, whose requests are counted by their address."""
        meter = f"client{group_client(payload.client)}"
        return Caller(account_id=0, level=Level.VIEWER, name="", meter=meter, address=payload.client)

    def parse(self, values: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        return parse_fields(self.fields if not values.get("apikey") else (*BY_KEY, *BY_PASSWORD[2:]), values)

    def act(self, asked: Mapping[str, Any], caller: Caller) -> LoggedIn:
        if asked["APIKey"]:
            return _log_key_in(asked["APIKey"])
        user = log_in(asked["Username"], asked["Password"], client=caller.address)
        accounts = accounts_of(user)
        account = _choose([one for one, _ in accounts], asked["AccountID"])
        return LoggedIn(session_id=open_session(user, account), user_info=show(account, user, accounts))


def _choose(accounts: list[Account], wanted: int | None) -> Account:
    if not accounts:
        raise fault_in("Username", NO_ACCOUNT)
    found = next((account for account in accounts if wanted in {None, account.pk}), None)
    if found is None:
        raise not_there(WRONG, "AccountID")
    if not found.is_enabled:
        raise fault_in("AccountID", NO_ACCOUNT, f"The account {found.name} is {found.status}.")
    return found


def _log_key_in(secret: str) -> LoggedIn:
    account = caller_of_key(authenticate_api_key(secret)).account()
    return LoggedIn(session_id=secret, user_info=show(account, None, []))
