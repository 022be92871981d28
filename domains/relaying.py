"""Which domains mail is sent from, and which hosts take mail back: for the mail servers that stand beside this installation."""

from __future__ import annotations

from django.conf import settings
from django.db.models import Q, QuerySet

from domains.models import SenderDomain

_VERIFIED = Q(is_active=True) & (Q(is_trusted=True) | Q(verified_at__isnull=False))  # SenderDomain.is_verified


def verified_domains(account_id: int | None = None, domain_id: int | None = None) -> QuerySet[SenderDomain]:
    """Return sender domains that are verified, by name: an account's, the one of a key, or with neither the installation's."""
    rows = SenderDomain.objects.filter(_VERIFIED).order_by("name", "pk")
    rows = rows if account_id is None else rows.filter(account_id=account_id)
    return rows if domain_id is None else rows.filter(pk=domain_id)


def takes_mail_back(host: str, account_id: int | None = None, domain_id: int | None = None) -> bool:
    """Tell whether mail to `host` (lower case, punycode) is for us: it is a verified domain, or a host of return paths."""
    if host == settings.GATEPOST_RETURN_DOMAIN.lower():
        return True
    labels = host.split(".")
    names = [".".join(labels[begin:]) for begin in range(len(labels))]
    return any(host in {one.name, one.return_host} for one in verified_domains(account_id, domain_id).filter(name__in=names))
