"""Log-ins and sessions of an API that logs people in (Octeth's User.Login).

A session stands for a person in one account. It is stored hashed, ends after two idle hours, and dies with the password or the
role, and rests while the account is suspended: what it may do is the person's role in that account, read anew with each use.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.contrib.auth import authenticate
from django.contrib.auth.models import update_last_login

from accounts.access import Level, load_access
from accounts.models import Account, ApiSession, User
from gateway.base import clock, rates, tokens
from gateway.base.errors import BadCredentials
from gateway.base.networks import group_client
from gateway.base.rates import Limit

IDLE: Final = timedelta(hours=2)
NOTED: Final = timedelta(minutes=1)  # how late the use of a session may be noted, so that not every request writes
MOST: Final = 50  # live sessions of one person; the one used longest ago goes
LONGEST: Final = 1024  # characters of a password; nobody's is longer
WINDOW: Final = 600  # seconds in which log-ins that failed are counted
FAILURES: Final = 10  # of a client (of IPv6, a /64) at one name; whoever guesses elsewhere does not lock the person out
FAILURES_OF_CLIENT: Final = 50
FAILURES_OF_NAME: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Whom a session stands for, in which account, and how much they may do there."""

    account_id: int
    user_id: int
    level: Level
    email: str
    requests_per_minute: int | None = None


def log_in(email: str, password: str, *, client: str) -> User:
    """Return the active person of that address and password; raise BadCredentials, or RateExceeded after many failures.

    `client` is the IP address that it is asked from.
    """
    name = email.strip().lower()
    limits = _limits_of(name, client)
    rates.check_room(limits)
    user = authenticate(username=name, password=password) if len(password) <= LONGEST else None
    if not isinstance(user, User):
        rates.count_failure(limits)
        raise BadCredentials
    return user


def accounts_of(user: User) -> list[tuple[Account, Level]]:
    """Return the accounts that a person is a member of, the one first that they most likely mean.

    That is one that is enabled, then the one where they may do most, then the oldest.
    """
    levels = load_access(user).levels
    rows = Account.objects.filter(pk__in=levels)
    return sorted(((row, levels[row.pk]) for row in rows), key=lambda one: (not one[0].is_enabled, -one[1], one[0].pk))


def open_session(user: User, account: Account) -> str:
    """Open a session of a person in an account of theirs and return its secret, of which a hash is kept."""
    secret = tokens.make_secret()
    _drop_old(user)
    ApiSession.objects.create(
        account=account,
        user=user,
        token_hash=tokens.hash_secret(secret),
        password_mark=user.get_session_auth_hash(),
        used_at=clock.now(),
    )
    update_last_login(User, user)
    return secret


def find_session(secret: str) -> Session | None:
    """Return whom a session stands for now; None where it is not there, is over, or its person or account may do nothing."""
    row = ApiSession.objects.select_related("user", "account").filter(token_hash=tokens.hash_secret(secret)).first()
    if row is None or not _is_alive(row):
        return None
    level = load_access(row.user).levels.get(row.account_id, Level.STRANGER)
    if level is Level.STRANGER:
        return None
    _note_use(row)
    return Session(
        account_id=row.account_id,
        user_id=row.user_id,
        level=level,
        email=row.user.email,
        requests_per_minute=row.account.requests_per_minute,
    )


def _limits_of(name: str, client: str) -> Sequence[Limit]:
    known = tokens.hash_secret(name).hex()[:32]  # names are as long and as odd as anybody likes
    client = group_client(client)
    return (
        (f"login:{client}:{known}", FAILURES, WINDOW),
        (f"login:client:{client}", FAILURES_OF_CLIENT, WINDOW),
        (f"login:name:{known}", FAILURES_OF_NAME, WINDOW),
    )


def _is_alive(row: ApiSession) -> bool:
    is_right = row.account.is_enabled and row.password_mark == row.user.get_session_auth_hash()
    return is_right and row.used_at > clock.now() - IDLE


def _note_use(row: ApiSession) -> None:
    now = clock.now()
    if now - row.used_at > NOTED:
        ApiSession.objects.filter(pk=row.pk).update(used_at=now)


def _drop_old(user: User) -> None:
    """Delete a person's sessions that are over, and the oldest of too many."""
    mine = ApiSession.objects.filter(user=user)
    kept = mine.filter(used_at__gt=clock.now() - IDLE).order_by("-used_at", "-pk").values_list("pk", flat=True)[: MOST - 1]
    mine.exclude(pk__in=list(kept)).delete()
