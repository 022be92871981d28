"""SMTP users as the commands show them: the seed's fields, and those of newer versions beside them."""

from __future__ import annotations

from typing import Any

import msgspec
from django.conf import settings

from domains.models import SMTPUser
from gateway.api.octeth.answers.base import Done, Part

STARS = "*" * 12


class SMTP(Part, kw_only=True, frozen=True):
    """An SMTP user. Its secret is whole in the answer that made it, elsewhere its beginning and asterisks (decision 5)."""

    smtp_id: str = msgspec.field(name="SMTPID")
    smtp_host: str
    smtp_ports: list[str]
    server: str
    port: int
    username: str
    smtp_username: str
    password: str
    smtp_password: str
    from_email: str  # the first address that it may send from, empty: any of its domain
    from_name: str
    reply_to_email: str
    reply_to_name: str
    is_active: bool


class SMTPAdded(Done, kw_only=True, frozen=True):
    new_smtp_id: str
    smtp: SMTP


class SMTPShown(Done, kw_only=True, frozen=True):
    smtp: SMTP


class SMTPList(Done, kw_only=True, frozen=True):
    smtps: list[SMTP]


def show(user: SMTPUser, secret: str = "") -> SMTP:
    shown = secret or f"{user.secret_prefix}{STARS}"
    return SMTP(
        smtp_id=str(user.pk),
        **_server(),
        username=user.name,
        smtp_username=user.name,
        password=shown,
        smtp_password=shown,
        from_email=next((part.strip() for part in user.senders.split(";") if "@" in part), ""),
        from_name="",
        reply_to_email="",
        reply_to_name="",
        is_active=user.is_enabled and not user.is_blocked,
    )


def _server() -> dict[str, Any]:
    ports = [settings.GATEPOST_SMTP.port, settings.GATEPOST_SMTPS.port]
    host = settings.GATEPOST_HOSTNAME
    return {"smtp_host": host, "server": host, "smtp_ports": [str(port) for port in ports], "port": ports[0]}
