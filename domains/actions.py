"""What changes domains and credentials. Secrets are returned once, here, and kept as hashes."""

from __future__ import annotations

from accounts.models import Account
from domains.models import APIKey, SenderDomain, SMTPUser
from gateway.base import clock, tokens
from gateway.base.ids import make_name


def add_smtp_user(account: Account, *, name: str = "", domain: SenderDomain | None = None) -> tuple[SMTPUser, str]:
    """Make an SMTP user, named as asked or by chance; return it and its secret, which is shown this once."""
    secret = tokens.make_secret()
    user = SMTPUser.objects.create(
        account=account,
        name=name or f"smtp_{make_name(8)}",
        domain=domain,
        secret_hash=tokens.hash_secret(secret),
        secret_prefix=secret[:4],
    )
    return user, secret


def reset_smtp_secret(user: SMTPUser) -> str:
    """Give an SMTP user a new secret and return it; the old one stops working within two seconds."""
    secret = tokens.make_secret()
    user.secret_hash, user.secret_prefix = tokens.hash_secret(secret), secret[:4]
    user.save(update_fields=["secret_hash", "secret_prefix", "updated_at"])
    return secret


def add_api_key(account: Account, *, domain: SenderDomain | None = None, description: str = "") -> tuple[APIKey, str]:
    """Make a key of the account, or of one of its domains; return it and its secret, which is shown this once."""
    secret = tokens.make_secret()
    key = APIKey.objects.create(
        account=account,
        domain=domain,
        description=description,
        secret_hash=tokens.hash_secret(secret),
        secret_prefix=secret[:4],
    )
    return key, secret


def delete_smtp_user(user: SMTPUser) -> None:
    """Take an SMTP user out of use for good. The row stays: mail that it sent names it, and its name is not given again."""
    user.is_deleted = True
    user.save(update_fields=["is_deleted", "updated_at"])


def revoke_api_key(key: APIKey) -> None:
    """Make a key worthless, within two seconds everywhere."""
    key.revoked_at = clock.now()
    key.save(update_fields=["revoked_at"])
