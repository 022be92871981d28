"""What the commands about webhooks take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from gateway.api.fields import Fault, Field, FieldsRefused, examine, text
from gateway.api.octeth.parse.base import identifier, spell
from gateway.base.weburls import check_url
from tracking.formats.octeth import CHOICES

NO_WEB, LOCAL = 6, 7


def event(value: Any) -> tuple[str, ...]:
    """Take the name of an event of either family (`delivery`, `delivered`) as the types that it stands for."""
    word = text(value).strip().lower()
    if word not in CHOICES:
        raise ValueError(f"must be one of {', '.join(CHOICES)}")
    return CHOICES[word]


ADD: Final = (
    Field("DomainID", identifier, required=True, missing=1),
    Field("Event", event, required=True, missing=2, invalid=3),
    Field("WebhookURL", required=True, missing=5, invalid=NO_WEB),
)
DELETE: Final = (
    Field("WebhookID", identifier, required=True, missing=1),
    Field("DomainID", identifier, required=True, missing=1),
)


def parse_add(fields: Sequence[Field], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what AddWebhook takes; raise FieldsRefused with all that is wrong, as the vendor lists it."""
    found, faults = examine(fields, spell(fields, values))
    faults += _judge_url(found["WebhookURL"] or "")
    if faults:
        raise FieldsRefused(*faults)
    return found


def _judge_url(url: str) -> Iterator[Fault]:
    problem = check_url(url) if url else ""
    if problem:
        yield Fault(field="WebhookURL", error=LOCAL if _is_local(url) else NO_WEB, message=problem, value=url)


def _is_local(url: str) -> bool:
    """Tell whether a URL that cannot be called names this machine or a host of the local network (contracts.md 4.3)."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and (
        host == "localhost" or host.endswith((".localhost", ".local")) or _is_inside(host)
    )


def _is_inside(host: str) -> bool:
    try:
        return not ip_address(host).is_global
    except ValueError:
        return False
