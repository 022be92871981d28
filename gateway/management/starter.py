"""A first account with one of everything, for `bootstrap` and `demo`."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from accounts.models import Account, Membership, User
from domains.actions import add_api_key, add_smtp_user
from domains.keys import add_keys
from domains.models import SenderDomain
from gateway.base.ids import make_name
from gateway.base.tokens import make_secret
from templates_app.actions import add_template
from templates_app.texts import Texts

_TEXTS = Texts(
    subject="Hello {{ NAME }}",
    html="<p>Hello {{ NAME }},</p>\n<p>this is your first template. Change it in the console.</p>\n",
    text="Hello {{ NAME }},\n\nthis is your first template. Change it in the console.\n",
)


@transaction.atomic
def make_first_account(domain_name: str, *, is_trusted: bool = False, has_limits: bool = True) -> dict[str, Any]:
    """Make an account and all that it needs to send; return its credentials, with the keys that `bootstrap --json` promises.

    `domain_name` is in lower case and punycode. `is_trusted` lets it send at once, without looking at DNS.
    """
    account = Account.objects.create(name=domain_name, requests_per_minute=None if has_limits else 0)
    domain = SenderDomain.objects.create(
        account=account, name=domain_name, verification_token=make_name(32), is_trusted=is_trusted
    )
    add_keys(domain)
    smtp_user, password = add_smtp_user(account)
    _, token = add_api_key(account, description="SendClean token")
    _, account_key = add_api_key(account, description="whole account")
    _, domain_key = add_api_key(account, domain=domain, description=f"sends from {domain_name}")
    template = add_template(account.pk, invoke_name="hello", name="Hello", texts=_TEXTS)
    return {
        "account": {"id": account.pk, "owner_id": account.owner_id, "token": token},
        "smtp_user": {"name": smtp_user.name, "password": password},
        "domain": {"id": domain.pk, "name": domain.name, "api_key": domain_key},
        "api_key": account_key,
        "console": _add_owner(account, domain_name),
        "template": {"id": template.pk, "invoke_name": template.invoke_name},
    }


def _add_owner(account: Account, domain_name: str) -> dict[str, str]:
    email, password = f"owner@{domain_name}", make_secret()
    if User.objects.filter(email=email).exists():
        email = f"owner-{account.pk}@{domain_name}"
    user = User.objects.create_user(email, password, name="Owner")
    Membership.objects.create(account=account, user=user, role=Membership.Role.OWNER)
    return {"email": email, "password": password}
