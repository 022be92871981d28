"""Who calls: SMTP users by name and secret, API keys by themselves. Answers are values, kept for four seconds.

Every door asks here, so that a credential means the same by SMTP and by each API.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.conf import settings

from accounts.models import Account
from domains.models import APIKey, SMTPUser
from gateway.base import clock, tokens
from gateway.base.cache import TimedCache
from gateway.base.errors import (
    AccountDeleted,
    AccountPurged,
    AccountSuspended,
    BadCredentials,
    CredentialBlocked,
    CredentialBlockedUntil,
    CredentialDisabled,
    CredentialRevoked,
)

_NOBODY = tokens.hash_secret("nobody")
# Longer ones are nobody's: they are not looked up, so that strangers fill no memory with them.
_LONGEST_NAME: Final = 64  # characters, as SMTPUser has it
_LONGEST_KEY: Final = len(tokens.make_secret())


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A known caller: an SMTP user or an API key (then `smtp_user_id` is None) of an account.

    `domain_id` is set for one that may send from that domain only; `senders` are the addresses and domains that an SMTP user
    may send from, in lower case, empty for all of the account's.
    """

    account_id: int
    owner_id: str
    account_status: str
    requests_per_minute: int | None
    key_id: int | None = None
    smtp_user_id: int | None = None
    name: str = ""
    domain_id: int | None = None
    senders: tuple[str, ...] = ()
    priority: int = 3
    campaign_code: str = ""
    track_opens: bool | None = None  # None: as the sender domain has it
    track_clicks: bool | None = None
    unsubscribe_link: bool | None = None
    email_type: int | None = None  # of SMTPUser.EmailType; None: it sends both
    unsubscribe_page_id: int | None = None
    may_manage: bool = True
    is_enabled: bool = True
    is_deleted: bool = False
    is_blocked: bool = False
    blocked_until: datetime | None = None
    hourly_limit: int | None = None
    total_limit: int | None = None
    secret_hash: bytes = field(default=b"", repr=False)

    def check_usable(self) -> None:
        """Raise the first refusal that holds, in the order of decision 21."""
        if self.account_status == Account.Status.PURGED:
            raise AccountPurged
        if self.account_status == Account.Status.DELETED:
            raise AccountDeleted
        if self.account_status == Account.Status.SUSPENDED:
            raise AccountSuspended
        if self.is_deleted:
            raise CredentialRevoked
        if not self.is_enabled:
            raise CredentialDisabled
        if self.is_blocked:
            raise CredentialBlocked
        if self.blocked_until is not None and self.blocked_until > clock.now():
            raise CredentialBlockedUntil(self.blocked_until)


def authenticate_smtp_user(name: str, secret: str) -> Credential:
    """Return the SMTP user of that name and secret; raise BadCredentials. Whether it may be used: `check_usable`."""
    credential = _find_smtp_user(name)
    is_right = tokens.is_secret(secret, credential.secret_hash if credential else _NOBODY)
    if credential is None or not is_right:
        raise BadCredentials
    return credential


def recall_smtp_user(name: str, secret: str) -> Credential | None:
    """Return the SMTP user of that name and secret where it was looked up a moment ago, else None. Asks no database."""
    credential = _smtp_users.peek(name)
    return credential if credential is not None and tokens.is_secret(secret, credential.secret_hash) else None


def find_smtp_user(account_id: int, name: str) -> Credential | None:
    """Return an account's SMTP user by name alone, for calls that an API key of the same account has authenticated."""
    credential = _find_smtp_user(name)
    return credential if credential is not None and credential.account_id == account_id else None


def get_smtp_user(smtp_user_id: int) -> Credential | None:
    """Return an SMTP user by its key, None when it is gone."""
    return _smtp_users_by_id.get(smtp_user_id, _load_smtp_user_by_id)


def authenticate_api_key(key: str) -> Credential:
    """Return the key's credential; raise BadCredentials."""
    credential = _api_keys.get(tokens.hash_secret(key), _load_api_key) if len(key) <= _LONGEST_KEY else None
    if credential is None:
        raise BadCredentials
    return credential


def is_admin_key(key: str) -> bool:
    """Tell whether a key is that of those who run the installation (GATEPOST_ADMIN_KEY)."""
    admin = settings.GATEPOST_ADMIN_KEY
    return bool(admin) and tokens.is_secret(key, tokens.hash_secret(admin))


def forget() -> None:
    """Forget what was looked up, so that this process sees a change at once."""
    _smtp_users.clear()
    _smtp_users_by_id.clear()
    _api_keys.clear()


def _find_smtp_user(name: str) -> Credential | None:
    return _smtp_users.get(name, _load_smtp_user) if len(name) <= _LONGEST_NAME else None


def _load_smtp_user(name: str) -> Credential | None:
    return _credential_of(SMTPUser.objects.select_related("account").filter(name=name).first())


def _load_smtp_user_by_id(smtp_user_id: int) -> Credential | None:
    return _credential_of(SMTPUser.objects.select_related("account").filter(pk=smtp_user_id).first())


def _credential_of(user: SMTPUser | None) -> Credential | None:
    if user is None:
        return None
    return Credential(
        account_id=user.account_id,
        owner_id=user.account.owner_id,
        account_status=user.account.status,
        requests_per_minute=user.account.requests_per_minute,
        smtp_user_id=user.pk,
        name=user.name,
        domain_id=user.domain_id,
        senders=tuple(part.strip().lower() for part in user.senders.split(";") if part.strip()),
        priority=user.priority,
        campaign_code=user.campaign_code,
        track_opens=user.track_opens,
        track_clicks=user.track_clicks,
        unsubscribe_link=user.unsubscribe_link,
        email_type=user.email_type,
        unsubscribe_page_id=user.unsubscribe_page_id,
        may_manage=user.may_manage,
        is_enabled=user.is_enabled,
        is_deleted=user.is_deleted,
        is_blocked=user.is_blocked,
        blocked_until=user.blocked_until,
        hourly_limit=user.hourly_limit,
        total_limit=user.total_limit,
        secret_hash=bytes(user.secret_hash),
    )


def _load_api_key(secret_hash: bytes) -> Credential | None:
    key = APIKey.objects.select_related("account").filter(secret_hash=secret_hash, revoked_at=None).first()
    if key is None:
        return None
    return Credential(
        account_id=key.account_id,
        owner_id=key.account.owner_id,
        account_status=key.account.status,
        requests_per_minute=key.account.requests_per_minute,
        key_id=key.pk,
        name=f"{key.secret_prefix}…",
        domain_id=key.domain_id,
    )


_smtp_users: TimedCache[str, Credential | None] = TimedCache(seconds=4)
_smtp_users_by_id: TimedCache[int, Credential | None] = TimedCache(seconds=4)
_api_keys: TimedCache[bytes, Credential | None] = TimedCache(seconds=4)
