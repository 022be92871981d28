"""The page of events: everything that was told of an account's mail, newest first, and filters over it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.models import Account
from accounts.scoped import MOST_CHOICES
from domains.models import SenderDomain, SMTPUser
from gateway.console.chosen import choose_account
from gateway.console.words import tone_of
from tracking.models import Event, EventType
from tracking.queries import Count, EventFilter, count_events, find_events

PER_PAGE = 50
FILTERS = ("q", "type", "domain", "user", "tag", "campaign", "from", "to")  # what the form asks for


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One event as the list shows it."""

    event: Event
    tone: str
    said: str  # by the receiver, or which link
    url: str  # of the message's page


@require_safe
def show_events(request: HttpRequest) -> HttpResponse:
    """Show a page of events of one account."""
    chosen = choose_account(request)
    context: dict[str, Any] = {
        "title": _("Events"),
        "chosen": chosen,
        "asked": {name: request.GET.get(name, "") for name in FILTERS},
    }
    if chosen.account is not None:
        context |= _found(chosen.account, request.GET)
    return TemplateResponse(request, "console/events.html", {**admin.site.each_context(request), **context})


def _found(account: Account, asked: QueryDict) -> dict[str, Any]:
    wanted = read_filter(account, asked)
    page = find_events(wanted, before=asked.get("before"), after=asked.get("after"), limit=PER_PAGE)
    return {
        "lines": [_line(event) for event in page.events],
        "count": count_events(wanted) if page.events else Count(value=0),
        "older": _link(asked, before=page.older),
        "newer": _link(asked, after=page.newer),
        "is_filtered": any(asked.get(name) for name in FILTERS),
        "types": EventType.choices,
        "domains": _names(SenderDomain.objects.for_account(account)),
        "users": _names(SMTPUser.objects.for_account(account)),
    }


def read_filter(account: Account, asked: Mapping[str, str]) -> EventFilter:
    """Return what a form asks for. What cannot be read is left out; another account's domain or user finds nothing."""
    kind, until = asked.get("type", ""), _day(asked.get("to", ""))
    return EventFilter(
        account_id=account.pk,
        types=(kind,) if kind in EventType.values else (),
        domain_id=_whole(asked.get("domain", "")),
        smtp_user_id=_whole(asked.get("user", "")),
        tag=asked.get("tag", "").strip(),
        campaign=asked.get("campaign", "").strip(),
        since=_day(asked.get("from", "")),
        until=until + timedelta(days=1) if until else None,
        text=asked.get("q", "").strip(),
    )


def _line(event: Event) -> Line:
    url = reverse("admin:gateway_message_change", args=(event.public_id,))
    return Line(event=event, tone=tone_of(event.type), said=event.url or _said(event), url=url)


def _said(event: Event) -> str:
    """Return a reply with its codes in front, each of them once: some replies begin with them."""
    said = event.reply
    for code in (event.enhanced, str(event.code or "")):
        said = f"{code} {said}".strip() if code not in event.reply.split()[:2] else said
    return said


def _link(asked: QueryDict, **cursor: str) -> str:
    """Return the query of another page of the same events, empty where there is none."""
    if not any(cursor.values()):
        return ""
    query = asked.copy()
    for name in ("before", "after"):
        query.pop(name, None)
    query.update(cursor)
    return f"?{query.urlencode()}"


def _names(rows: Any) -> Iterable[tuple[str, str]]:
    return [(str(key), name) for key, name in rows.order_by("name").values_list("pk", "name")[:MOST_CHOICES]]


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _day(text: str) -> datetime | None:
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    return day if day.year in range(1971, 9999) else None
