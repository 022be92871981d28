"""System checks of the settings: what would let mail fail later is said when a command starts."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004 - Django's names

from gateway.base.cleartext import find_fault

OLDEST_SQLITE = (3, 38, 0)  # the first with the operator ->>


def check_settings(**_: Any) -> list[CheckMessage]:
    """Return what is wrong with the settings of this installation."""
    checks = (_check_sizes, _check_plain_smtp, *((_check_sqlite,) if settings.EMBEDDED else _PRODUCTION))
    return [message for message in (check() for check in checks) if message is not None]


def _check_sizes() -> CheckMessage | None:
    if settings.GATEPOST_MAX_SIZE <= settings.GATEPOST_MAX_BODY:
        return None
    return Error(
        f"GATEPOST_MAX_SIZE ({settings.GATEPOST_MAX_SIZE}) is more than GATEPOST_MAX_BODY ({settings.GATEPOST_MAX_BODY}).",
        hint="A message that SMTP takes could not come in by HTTP. Raise GATEPOST_MAX_BODY.",
        id="gateway.E001",
    )


def _check_sqlite() -> CheckMessage | None:
    if sqlite3.sqlite_version_info >= OLDEST_SQLITE:
        return None
    return Error(
        f"SQLite {sqlite3.sqlite_version} is too old; the embedded mode needs 3.38 or later.",
        hint="Use a newer Python build, or PostgreSQL by DATABASE_URL.",
        id="gateway.E002",
    )


def _check_plain_smtp() -> CheckMessage | None:
    fault = find_fault(settings.GATEPOST_SMTP_PLAIN, settings.GATEPOST_SMTP_PLAIN_ALLOW)
    if not fault:
        return None
    return Error(
        fault,
        hint="Listen on 127.0.0.1, or give the networks of those whose passwords may cross the net in clear.",
        id="gateway.E003",
    )


def _check_hostname() -> CheckMessage | None:
    if "." in settings.GATEPOST_HOSTNAME:
        return None
    return Warning(
        f"GATEPOST_HOSTNAME is {settings.GATEPOST_HOSTNAME!r}; receivers refuse mail from a server without a public name.",
        hint="Set it to the name that the PTR record of the sending address points to.",
        id="gateway.W001",
    )


def _check_return_domain() -> CheckMessage | None:
    if not settings.GATEPOST_RETURN_DOMAIN.endswith(".localhost"):
        return None
    return Warning(
        f"GATEPOST_RETURN_DOMAIN is {settings.GATEPOST_RETURN_DOMAIN!r}; bounces cannot come back to it.",
        hint="Set it to a domain whose MX record leads to GATEPOST_RETURNS.",
        id="gateway.W002",
    )


def _check_url() -> CheckMessage | None:
    if settings.GATEPOST_URL.startswith("https://"):
        return None
    return Warning(
        f"GATEPOST_URL is {settings.GATEPOST_URL!r}, without TLS; log-ins and links would cross the net in clear.",
        hint="Put a TLS proxy in front of the web process and set GATEPOST_URL to its https:// address.",
        id="gateway.W003",
    )


def _check_redis() -> CheckMessage | None:
    if settings.REDIS_URL:
        return None
    return Warning(
        "REDIS_URL is not set; workers on other hosts cannot be woken, and request rates are counted by each process.",
        hint="Set REDIS_URL.",
        id="gateway.W004",
    )


_PRODUCTION: tuple[Callable[[], CheckMessage | None], ...] = (_check_hostname, _check_return_domain, _check_url, _check_redis)

register(check_settings)
