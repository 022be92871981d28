"""What is read of accounts; for the hot path, as values kept for four seconds."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import Account, Membership, UsageCounter
from gateway.base.cache import TimedCache

Window = UsageCounter.Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What an account has designed to stand before and after the texts of its mail, and whether it usually does."""

    has_header: bool = False
    header_html: str = ""
    header_text: str = ""
    has_footer: bool = False
    footer_html: str = ""
    footer_text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFacts:
    """An account as `accept` sees it. `quotas` holds recipients allowed by window, only those that are limited."""

    id: int
    status: str
    quotas: dict[Window, int]
    track_opens: bool = False
    track_clicks: bool = False
    frame: Frame = Frame()

    @property
    def is_enabled(self) -> bool:
        return self.status == Account.Status.ENABLED


def hold_account(account_id: int) -> Account:
    """Return an account, held until the transaction ends: who else holds it waits. What it owns is locked after it.

    Mail does not wait: rows that name the account are added meanwhile.
    """
    return Account.objects.select_for_update(no_key=True).get(pk=account_id)


def find_account(account_id: int) -> AccountFacts | None:
    """Return the facts of an account, None when there is none of that key."""
    return _accounts.get(account_id, _load)


def find_owner_email(account_id: int) -> str:
    """Return the e-mail address of an account's first owner who is active, empty where it has none."""
    owners = Membership.objects.for_account(account_id).filter(role=Membership.Role.OWNER, user__is_active=True)
    return str(owners.order_by("pk").values_list("user__email", flat=True).first() or "")


def forget() -> None:
    """Forget what was looked up, so that this process sees a change at once."""
    _accounts.clear()


def _load(account_id: int) -> AccountFacts | None:
    account = Account.objects.filter(pk=account_id).first()
    if account is None:
        return None
    limits = {
        Window.HOUR: account.quota_hour,
        Window.DAY: account.quota_day,
        Window.MONTH: account.quota_month,
        Window.TOTAL: account.quota_total,
    }
    quotas = {window: limit for window, limit in limits.items() if limit is not None}
    return AccountFacts(
        id=account.pk,
        status=account.status,
        quotas=quotas,
        track_opens=account.track_opens,
        track_clicks=account.track_clicks,
        frame=Frame(
            has_header=account.has_header,
            header_html=account.header_html,
            header_text=account.header_text,
            has_footer=account.has_footer,
            footer_html=account.footer_html,
            footer_text=account.footer_text,
        ),
    )


_accounts: TimedCache[int, AccountFacts | None] = TimedCache(seconds=4)
