"""What changes domains and credentials. Secrets are returned once, here, and kept as hashes."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from accounts.models import Account
from accounts.queries import hold_account
from domains import credentials, keys, queries
from domains.checking.findings import Finding
from domains.models import APIKey, SenderDomain, SMTPUser, TrackingDomain
from domains.names import clean_domain, clean_label
from domains.schedule import CHECK_TASK, ask_again, look_at_hosts_within, wait_anew
from domains.trackinghosts import check_tracking_domain
from domains.verification import check_domain
from gateway.base import clock, tokens, wake
from gateway.base.errors import FieldInvalid, QuotaExceeded
from gateway.base.ids import make_name

TOKEN = 32  # letters of 5 bits


def add_domain(account: Account, name: str, *, subdomain: str = "", track_prefix: str = "") -> SenderDomain:
    """Add a sender domain with its token and two DKIM keys; mail is sent from it once DNS shows its records.

    Raises FieldInvalid with a sentence for a name that cannot be one, QuotaExceeded beyond `Account.max_domains`. A domain that
    another account has verified can be added, but is not verified while that is so. `subdomain` and `track_prefix` are the
    prefixes of the return path's and the tracking host, empty for the usual ones.
    """
    clean = clean_domain(name)
    prefixes = _clean_prefixes(subdomain or "bounce", track_prefix or "track")
    with transaction.atomic():
        _check_room(account, "max_domains", SenderDomain.objects.for_account(account), "sender domains")
        if SenderDomain.objects.for_account(account).filter(name=clean).exists():
            raise FieldInvalid("domain", f"{clean} is a sender domain of this account already.", value=clean)
        domain = SenderDomain.objects.create(
            account=account,
            name=clean,
            verification_token=make_name(TOKEN),
            **prefixes,
        )
        keys.add_keys(domain)
    wake_checks()
    return domain


def delete_domain(domain: SenderDomain) -> None:
    """Delete a sender domain with its keys, API keys and webhooks, and retire its SMTP users. Mail under way from it fails.

    SMTP users stay as rows, since mail that they sent names them and their names are not given again.
    """
    with transaction.atomic():
        SenderDomain.objects.select_for_update().filter(pk=domain.pk).first()  # as a check locks it: before its keys
        domain.smtp_users.update(is_deleted=True, domain=None)
        look_at_hosts_within(domain, clock.now())
        domain.delete()
    queries.forget()
    keys.forget()
    credentials.forget()
    wake_checks()


def look_at_domain(domain: SenderDomain) -> tuple[Finding, ...]:
    """Look at a domain's DNS for somebody who waits for the answer, at most five seconds; return what was found.

    Where we had given up, we look by ourselves again from now on.
    """
    findings = check_domain(domain)
    ask_again(domain, clock.now())
    return findings


def look_at_tracking_domain(host: TrackingDomain) -> Finding:
    """As `look_at_domain`, for a tracking host; return the first finding that is not right, else that of the CNAME."""
    finding = check_tracking_domain(host)
    ask_again(host, clock.now())
    return finding


def set_prefixes(domain: SenderDomain, *, subdomain: str, track_prefix: str) -> None:
    """Name other hosts for the return path and tracked links; raise FieldInvalid.

    The platform's own are used until DNS points the new ones to us.
    """
    prefixes = _clean_prefixes(subdomain, track_prefix)
    if (domain.subdomain, domain.track_prefix) == tuple(prefixes.values()):
        return
    domain.return_path_at = domain.return_path_at if domain.subdomain == prefixes["subdomain"] else None
    domain.tracking_at = domain.tracking_at if domain.track_prefix == prefixes["track_prefix"] else None
    domain.subdomain, domain.track_prefix = prefixes.values()
    domain.save(update_fields=["subdomain", "track_prefix", "return_path_at", "tracking_at"])
    wait_anew(domain, clock.now())
    queries.forget()
    wake_checks()


def _clean_prefixes(subdomain: str, track_prefix: str) -> dict[str, str]:
    subdomain, track_prefix = clean_label(subdomain, field="subdomain"), clean_label(track_prefix, field="track_prefix")
    if subdomain == track_prefix:
        raise FieldInvalid("track_prefix", f"Return path and tracked links cannot share the host {subdomain}; choose another.")
    return {"subdomain": subdomain, "track_prefix": track_prefix}


def wake_checks() -> None:
    """Have DNS looked at soon, after the transaction at hand; where the hint is lost, beat does within a minute."""
    transaction.on_commit(lambda: wake.hint(CHECK_TASK))


@transaction.atomic
def add_smtp_user(
    account: Account,
    *,
    name: str = "",
    domain: SenderDomain | None = None,
    hourly_limit: int | None = None,
    total_limit: int | None = None,
) -> tuple[SMTPUser, str]:
    """Make an SMTP user, named as asked or by chance; return it and its secret, which is shown this once.

    The limits are in recipients, None for none. Raises QuotaExceeded beyond `Account.max_smtp_users`, and FieldInvalid for a
    name that anybody's SMTP user has, or had.
    """
    live = SMTPUser.objects.for_account(account).filter(is_deleted=False)
    _check_room(account, "max_smtp_users", live, "SMTP users")
    secret = tokens.make_secret()
    user = SMTPUser(
        account=account,
        name=name or f"smtp_{make_name(8)}",
        domain=domain,
        hourly_limit=hourly_limit,
        total_limit=total_limit,
        secret_hash=tokens.hash_secret(secret),
        secret_prefix=secret[:4],
    )
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:
        raise FieldInvalid("smtp_user_name", f"The name {user.name} is taken; choose another.", value=user.name) from None
    credentials.forget()  # that there was nobody of that name
    return user, secret


def edit_smtp_user(
    user: SMTPUser, *, hourly_limit: int | None = None, total_limit: int | None = None, is_enabled: bool | None = None
) -> None:
    """Change what is given of an SMTP user, and leave what is None as it is. The limits are in recipients."""
    given = {"hourly_limit": hourly_limit, "total_limit": total_limit, "is_enabled": is_enabled}
    changes = {name: value for name, value in given.items() if value is not None}
    for name, value in changes.items():
        setattr(user, name, value)
    user.save(update_fields=[*changes, "updated_at"])
    credentials.forget()


def reset_smtp_secret(user: SMTPUser) -> str:
    """Give an SMTP user a new secret and return it; the old one stops working within four seconds."""
    secret = tokens.make_secret()
    user.secret_hash, user.secret_prefix = tokens.hash_secret(secret), secret[:4]
    user.save(update_fields=["secret_hash", "secret_prefix", "updated_at"])
    credentials.forget()
    return secret


@transaction.atomic
def add_api_key(account: Account, *, domain: SenderDomain | None = None, description: str = "") -> tuple[APIKey, str]:
    """Make a key of the account, or of one of its domains; return it and its secret, which is shown this once.

    Raises QuotaExceeded beyond `Account.max_keys`.
    """
    _check_room(account, "max_keys", APIKey.objects.for_account(account).filter(revoked_at=None), "API keys")
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
    credentials.forget()


def reset_api_key(key: APIKey) -> str:
    """Give a key a new secret and return it; the old one stops working within four seconds."""
    secret = tokens.make_secret()
    key.secret_hash, key.secret_prefix = tokens.hash_secret(secret), secret[:4]
    key.save(update_fields=["secret_hash", "secret_prefix"])
    credentials.forget()
    return secret


def revoke_api_key(key: APIKey) -> None:
    """Make a key worthless, within four seconds everywhere."""
    key.revoked_at = clock.now()
    key.save(update_fields=["revoked_at"])
    credentials.forget()


def _check_room(account: Account, limit: str, live: QuerySet[SenderDomain | SMTPUser | APIKey], what: str) -> None:
    """Raise QuotaExceeded where the account has as many as it may. It stays locked: two at once cannot both be the last."""
    most = getattr(hold_account(account.pk), limit)
    if most is not None and live.count() >= most:
        message = f"The account may have {most} {what} and has that many; delete one, or ask the operator for more."
        raise QuotaExceeded(message, retry_after=86_400, limit=most)
