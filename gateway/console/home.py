"""The first page of the console: what a new account still needs before it can send, and the way to every room."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.access import Access
from accounts.markup import Words
from accounts.scoped import scope
from domains.models import APIKey, SenderDomain, SMTPUser
from gateway.models import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to do before mail flows, and whether it was done in one of the person's accounts."""

    title: Words
    text: Words
    url: str
    is_done: bool


def steps(access: Access) -> list[Step]:
    """Return the steps from a new account to its first message, in order; one small query for each."""
    return [
        Step(title=title, text=text, url=reverse(f"admin:{room}_changelist"), is_done=scope(rows, access).exists())
        for title, text, room, rows in _steps()
    ]


def _steps() -> Iterable[tuple[Words, Words, str, QuerySet[Any]]]:
    verified = Q(is_active=True) & (Q(verified_at__isnull=False) | Q(is_trusted=True))
    domains = SenderDomain.objects.filter(verified)
    users = SMTPUser.objects.filter(is_deleted=False)
    keys = APIKey.objects.filter(revoked_at=None)
    return (
        (_("A sender domain"), _("Its DNS records are published, and it is verified."), "domains_senderdomain", domains),
        (_("An SMTP user"), _("Name and secret, for SMTP and some APIs."), "domains_smtpuser", users),
        (_("An API key"), _("For the calls that take a key or a token."), "domains_apikey", keys),
        (_("The first message"), _("By any of the APIs, or by SMTP."), "gateway_message", Message.objects.all()),
    )
