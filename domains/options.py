"""What an account chooses for mail from one of its sender domains, or of one of its SMTP users."""

from __future__ import annotations

from typing import Any

from domains import credentials, queries
from domains.actions import wake_checks
from domains.models import SenderDomain, SMTPUser
from domains.schedule import wait_anew
from gateway.base import clock


def set_options(
    domain: SenderDomain,
    *,
    track_opens: bool | None = None,
    track_clicks: bool | None = None,
    unsubscribe_link: bool | None = None,
    hosting_provider: str | None = None,
    uses_tracking_host: bool | None = None,
) -> None:
    """Change what is given of a domain's options, and leave what is None as it is."""
    given = {
        "track_opens": track_opens,
        "track_clicks": track_clicks,
        "unsubscribe_link": unsubscribe_link,
        "hosting_provider": hosting_provider,
    }
    _save(domain, {name: value for name, value in given.items() if value is not None})
    if uses_tracking_host is not None and uses_tracking_host != domain.uses_tracking_host:
        _use_tracking_host(domain, is_used=uses_tracking_host)
    queries.forget()


def set_options_of_user(
    user: SMTPUser,
    *,
    email_type: int | None = None,
    track_opens: bool | None = None,
    track_clicks: bool | None = None,
    unsubscribe_link: bool | None = None,
    senders: str | None = None,
) -> None:
    """Change what is given of an SMTP user's options, and leave what is None as it is."""
    given = {
        "email_type": email_type,
        "track_opens": track_opens,
        "track_clicks": track_clicks,
        "unsubscribe_link": unsubscribe_link,
        "senders": senders,
    }
    _save(user, {name: value for name, value in given.items() if value is not None})
    credentials.forget()


def _use_tracking_host(domain: SenderDomain, *, is_used: bool) -> None:
    """Have tracked links name the domain's own host, once DNS was seen to point it to us, or the platform's again."""
    _save(domain, {"uses_tracking_host": is_used, "tracking_at": None})
    wait_anew(domain, clock.now())
    wake_checks()


def _save(row: SenderDomain | SMTPUser, changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        setattr(row, name, value)
    row.save(update_fields=sorted(changes))
