"""What an account has, as rows: by the names that its customers know, or a page of all. Another account's is not there."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Q, QuerySet

from domains.models import SenderDomain, SMTPUser, TrackingDomain
from domains.names import read_domain
from gateway.base.errors import FieldInvalid

Named = TypeVar("Named", SenderDomain, TrackingDomain)

PAGE = 1000  # rows of a list
_VERIFIED = Q(is_active=True) & (Q(is_trusted=True) | Q(verified_at__isnull=False))  # SenderDomain.is_verified


def get_smtp_user(account_id: int, name: str) -> SMTPUser:
    """Return an account's SMTP user by its name; raise FieldInvalid where it has none of that name, or deleted it."""
    user = live_smtp_users(account_id).filter(name=name).first()
    if user is None:
        raise FieldInvalid("smtp_user_name", f"This account has no SMTP user {name[:64]}.", value=name)
    return user


def get_any_smtp_user(account_id: int, name: str) -> SMTPUser:
    """Return an account's SMTP user by its name, also one that was deleted; raise FieldInvalid where it has none."""
    user = SMTPUser.objects.for_account(account_id).select_related("domain").filter(name=name).first()
    if user is None:
        raise FieldInvalid("Username", f"This account has no SMTP user {name[:64]}.", value=name)
    return user


def live_smtp_users(account_id: int) -> QuerySet[SMTPUser]:
    """Return an account's SMTP users, without those that were deleted."""
    found: QuerySet[SMTPUser] = SMTPUser.objects.for_account(account_id).filter(is_deleted=False)
    return found


def list_smtp_users(account_id: int, page: int = 0) -> list[SMTPUser]:
    """Return a page of an account's SMTP users, the oldest first; pages count from 0."""
    return list(live_smtp_users(account_id).select_related("domain").order_by("pk")[page * PAGE : (page + 1) * PAGE])


def get_domain(account_id: int, name: str) -> SenderDomain:
    """Return an account's sender domain by its name, in any spelling of it; raise FieldInvalid where it has none."""
    return _get_named(SenderDomain, account_id, name, "sender domain")


def list_domains(account_id: int, page: int = 0) -> list[SenderDomain]:
    """Return a page of an account's sender domains, the oldest first."""
    return _list(SenderDomain, account_id, page)


def find_verified_domain(account_id: int) -> SenderDomain | None:
    """Return the oldest sender domain of an account that mail may be sent from, None where there is none."""
    found: SenderDomain | None = SenderDomain.objects.for_account(account_id).filter(_VERIFIED).order_by("pk").first()
    return found


def find_account_that_verified(name: str) -> int | None:
    """Return the account that may send from a domain, whichever that is: for mail of the platform, not of a customer."""
    rows = SenderDomain.objects.filter(_VERIFIED, name=name).order_by("pk")
    found: int | None = rows.values_list("account_id", flat=True).first()
    return found


def get_tracking_domain(account_id: int, name: str) -> TrackingDomain:
    """Return an account's tracking domain by its name, in any spelling of it; raise FieldInvalid where it has none."""
    return _get_named(TrackingDomain, account_id, name, "tracking domain")


def list_tracking_domains(account_id: int, page: int = 0) -> list[TrackingDomain]:
    """Return a page of an account's tracking domains, the oldest first."""
    return _list(TrackingDomain, account_id, page)


def _get_named(model: type[Named], account_id: int, name: str, what: str) -> Named:
    found: Named | None = model.objects.for_account(account_id).filter(name=read_domain(name)).first()
    if found is None:
        raise FieldInvalid("domain", f"This account has no {what} {name[:80]}.", value=name)
    return found


def _list(model: type[Named], account_id: int, page: int) -> list[Named]:
    return list(model.objects.for_account(account_id).order_by("pk")[page * PAGE : (page + 1) * PAGE])
