"""Sessions of an API that logs people in (Octeth's User.Login): stored hashed, two hours idle, dead with the password or role.

A session stands for a person in one account. What it may do is the person's role there, read anew with each use. One opened
by an API key hangs on the key instead of a password: `mark` names it, and the key must still work.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from accounts.access import Level, load_access
from accounts.models import Account, ApiSession, User
from gateway.base import clock, tokens

IDLE: Final = timedelta(hours=2)
NOTED: Final = timedelta(minutes=1)  # how late the use of a session may be noted, so that not every request writes
MOST: Final = 50  # live sessions of one person; the oldest goes


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whom a session stands for, in which account, and how much they may do there."""

    account_id: int
    user_id: int
    level: Level
    actor: str  # the e-mail address, for the audit
    requests_per_minute: int | None = None


def open_session(user: User, account: Account) -> str:
    """Open a session of a person in an account and return its secret, which is kept as a hash."""
    secret = tokens.make_secret()
    now = clock.now()
    _forget_old(user)
    ApiSession.objects.create(
        account=account,
        user=user,
        token_hash=tokens.hash_secret(secret),
        password_mark=user.get_session_auth_hash(),
        used_at=now,
    )
    return secret


def find_session(secret: str) -> Person | None:
    """Return whom a session stands for now; None for one that is not there, is over, or whose person has no role any more."""
    row = ApiSession.objects.select_related("user", "account").filter(token_hash=tokens.hash_secret(secret)).first()
    if row is None or not _is_alive(row):
        return None
    level = load_access(row.user).level_in(row.account_id)
    if level <= Level.STRANGER or row.account.status == Account.Status.PURGED:
        return None
    _note_use(row)
    return Person(
        account_id=row.account_id,
        user_id=row.user_id,
        level=level,
        actor=row.user.email,
        requests_per_minute=row.account.requests_per_minute,
    )


def _is_alive(row: ApiSession) -> bool:
    return row.used_at > clock.now() - IDLE and row.password_mark == row.user.get_session_auth_hash()


def _note_use(row: ApiSession) -> None:
    now = clock.now()
    if now - row.used_at > NOTED:
        ApiSession.objects.filter(pk=row.pk).update(used_at=now)


def _forget_old(user: User) -> None:
    """Delete a person's sessions that are over, and the oldest of too many."""
    mine = ApiSession.objects.filter(user=user)
    kept = mine.filter(used_at__gt=clock.now() - IDLE).order_by("-used_at", "-pk").values_list("pk", flat=True)[: MOST - 1]
    mine.exclude(pk__in=list(kept)).delete()
