"""The one account that a page is about: of those that the person may see, the one asked for, else the first by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import Http404, HttpRequest

from accounts.access import access_of
from accounts.models import Account
from accounts.scoped import MOST_CHOICES, scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """`others` are all that may be chosen, the chosen one among them; empty where there is no choice."""

    account: Account | None
    others: Sequence[Account] = ()


def choose_account(request: HttpRequest) -> Chosen:
    """Return the account of `?account=`; raise Http404 where it is not there, or not for this person."""
    accounts = scope(Account.objects.exclude(status=Account.Status.PURGED), access_of(request)).order_by("name", "pk")
    offered = list(accounts[:MOST_CHOICES])
    asked = request.GET.get("account", "")
    if not asked:
        account = offered[0] if offered else None
    elif asked.isascii() and asked.isdecimal() and len(asked) < 19:
        account = accounts.filter(pk=int(asked)).first()
    else:
        account = None
    if asked and account is None:
        raise Http404
    return Chosen(account=account, others=offered if len(offered) > 1 else ())
