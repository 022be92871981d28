"""The cast: tenants with one of everything, built the way the product builds them."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils import timezone

from accounts.models import Account, Membership, User
from domains.actions import add_api_key, add_smtp_user
from domains.models import APIKey, SenderDomain, SMTPUser


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """An account with a verified domain, an SMTP user, an API key of the account and one of the domain, and its owner."""

    account: Account
    domain: SenderDomain
    smtp_user: SMTPUser
    smtp_secret: str = field(repr=False)
    api_key: APIKey
    api_secret: str = field(repr=False)
    domain_key: APIKey
    domain_secret: str = field(repr=False)
    user: User
    password: str = field(repr=False)


def make_tenant(name: str) -> Tenant:
    """Make tenant `name`, which owns `name.example` and is run by `owner@name.example`."""
    account = Account.objects.create(name=name.title(), owner_id=name)
    domain = SenderDomain.objects.create(
        account=account, name=f"{name}.example", verification_token=f"token-of-{name}", verified_at=timezone.now()
    )
    smtp_user, smtp_secret = add_smtp_user(account, name=f"smtp_{name}")
    api_key, api_secret = add_api_key(account, description="of the account")
    domain_key, domain_secret = add_api_key(account, domain=domain, description="of the domain")
    password = f"correct horse {name}"
    user = User.objects.create_user(f"owner@{name}.example", password, name=f"Owner of {name}")
    Membership.objects.create(account=account, user=user, role=Membership.Role.OWNER)
    return Tenant(
        account=account,
        domain=domain,
        smtp_user=smtp_user,
        smtp_secret=smtp_secret,
        api_key=api_key,
        api_secret=api_secret,
        domain_key=domain_key,
        domain_secret=domain_secret,
        user=user,
        password=password,
    )
