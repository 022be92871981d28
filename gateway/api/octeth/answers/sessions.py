"""What User.Login says."""

from __future__ import annotations

from accounts.access import Level
from accounts.models import Account, User
from gateway.api.octeth.answers.base import Done, Part


class AccountInfo(Part, kw_only=True, frozen=True):
    """One of the person's accounts: its id may be given to User.Login as AccountID. Not the vendor's, whose people have one."""

    account_id: int
    name: str
    role: str
    status: str


class UserInfo(Part, kw_only=True, frozen=True):
    """Who logged in, and the account that the session is of, which the vendor knows as the user."""

    user_id: str
    email_address: str
    username: str
    first_name: str
    last_name: str
    company_name: str
    account_status: str
    accounts: list[AccountInfo]


class LoggedIn(Done, kw_only=True, frozen=True):
    session_id: str
    user_info: UserInfo


def show(account: Account, user: User | None, accounts: list[tuple[Account, Level]]) -> UserInfo:
    """Return what is said of a person, or of nobody where a key logged in."""
    email, name = (user.email, user.name) if user is not None else ("", "")
    first, _, last = name.partition(" ")
    return UserInfo(
        user_id=str(account.pk),
        email_address=email,
        username=email,
        first_name=first,
        last_name=last,
        company_name=account.name,
        account_status=_status(account),
        accounts=[
            AccountInfo(account_id=one.pk, name=one.name, role=level.name.lower(), status=_status(one))
            for one, level in accounts
        ],
    )


def _status(account: Account) -> str:
    return "Enabled" if account.is_enabled else "Disabled"
