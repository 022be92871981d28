"""Who is at the door of readers, as far as a request tells: host asked for, address, agent, whether anybody looks at all."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any, Final

from django.conf import settings

from gateway.api.bodies import client_address
from gateway.base import clock
from gateway.base.networks import unwrap
from tracking.links import Link, Purpose
from tracking.spool import Hit

LONGEST_AGENT: Final = 500  # characters
# What browsers and mail programs send when they fetch what nobody has asked for yet.
_FORESIGHT: Final = ("HTTP_SEC_PURPOSE", "HTTP_PURPOSE", "HTTP_X_PURPOSE", "HTTP_X_MOZ")
_FORESEEN: Final = ("prefetch", "prerender", "preview", "preload")


def host_of(meta: Mapping[str, Any]) -> str:
    """Return the host that was asked for; behind GATEPOST_PROXIES proxies, the one that the outermost of them saw."""
    hops = [part.strip() for part in str(meta.get("HTTP_X_FORWARDED_HOST", "")).split(",") if part.strip()]
    if not settings.GATEPOST_PROXIES or not hops:
        return str(meta.get("HTTP_HOST", ""))
    seen: str = hops[-min(settings.GATEPOST_PROXIES, len(hops))]
    return seen


def is_foresight(meta: Mapping[str, Any]) -> bool:
    """Tell whether a page is fetched before anybody has asked for it."""
    return any(str(meta.get(name, "")).strip().lower().startswith(_FORESEEN) for name in _FORESIGHT)


def make_hit(purpose: Purpose, link: Link, meta: Mapping[str, Any]) -> Hit:
    """Return the hit that a request is."""
    return Hit(
        purpose=purpose,
        at=clock.now(),
        account_id=link.account_id,
        recipient_id=link.recipient_id,
        url=link.target,
        address=_address(meta),
        agent=_agent(meta),
    )


def _address(meta: Mapping[str, Any]) -> str:
    """Return the reader's IP address; empty where there is none, as behind a socket of the file system."""
    try:
        return str(unwrap(ip_address(client_address(meta))))
    except ValueError:
        return ""


def _agent(meta: Mapping[str, Any]) -> str:
    said = str(meta.get("HTTP_USER_AGENT", ""))[: 4 * LONGEST_AGENT]
    words = said.encode("latin-1", "replace").decode("utf-8", "replace")  # WSGI hands bytes over as Latin-1
    return "".join(letter if letter.isprintable() else " " for letter in words)[:LONGEST_AGENT]
