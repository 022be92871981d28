"""The page of statistics: what became of an account's mail in a span, beside the span before, over time and by what it was."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.access import access_of
from accounts.markup import Words
from accounts.models import Account
from domains.models import SenderDomain, SMTPUser
from gateway.base import clock
from gateway.console.chosen import choose_account
from gateway.console.statistics_chart import Chart, make_chart
from gateway.console.statistics_tiles import Tile, make_tiles
from tracking.queries import EventFilter, Totals, break_down, bucketed, compare
from tracking.queries.rollups import floor

ROWS = 10  # of each table

_NameAll = Callable[[int, Sequence[Any]], Mapping[Any, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A span up to now; `bucket` is what one bar of the chart stands for."""

    name: str
    label: Words
    length: timedelta
    bucket: str

    def until_now(self) -> tuple[datetime, datetime]:
        """Return its ends: whole hours, or whole days with today."""
        step = timedelta(hours=1) if self.bucket == "hour" else timedelta(days=1)
        until = floor(self.bucket, clock.now()) + step
        return until - self.length, until


SPANS: Final = (
    Span(name="24h", label=_("24 hours"), length=timedelta(hours=24), bucket="hour"),
    Span(name="7d", label=_("7 days"), length=timedelta(days=7), bucket="day"),
    Span(name="30d", label=_("30 days"), length=timedelta(days=30), bucket="day"),
    Span(name="90d", label=_("90 days"), length=timedelta(days=90), bucket="day"),
)
WEEK: Final = SPANS[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What was sent by domain, SMTP user, tag or campaign; `of` is the filter's name on the page of events."""

    title: Words
    of: str
    lines: Sequence[tuple[Any, str, Totals]]  # key, name, numbers


@require_safe
def show_statistics(request: HttpRequest) -> HttpResponse:
    """Show the statistics of one account."""
    chosen = choose_account(request)
    span = next((span for span in SPANS if span.name == request.GET.get("span")), WEEK)
    context: dict[str, Any] = {"title": _("Statistics"), "chosen": chosen, "span": span, "spans": SPANS}
    if chosen.account is not None:
        context |= _numbers(chosen.account, span)
    return TemplateResponse(request, "console/statistics.html", {**admin.site.each_context(request), **context})


def week_of(request: HttpRequest) -> Chart | None:
    """Return the chart of the last seven days for a person with one account; None where nothing was sent."""
    account_id = access_of(request).sole_account
    return _chart(_asked(account_id, WEEK), WEEK) if account_id is not None else None


def _numbers(account: Account, span: Span) -> dict[str, Any]:
    asked = _asked(account.pk, span)
    now, before = compare(asked)
    if now.is_empty:
        return {"before": before}
    tiles: Sequence[Tile] = make_tiles(now, before)
    return {"tiles": tiles, "chart": _chart(asked, span), "tables": _tables(asked), "since": asked.since}


def _asked(account_id: int, span: Span) -> EventFilter:
    since, until = span.until_now()
    return EventFilter(account_id=account_id, since=since, until=until)


def _chart(asked: EventFilter, span: Span) -> Chart | None:
    return make_chart(bucketed(asked, span.bucket), span.bucket)


def _tables(asked: EventFilter) -> list[Table]:
    found = (Table(title=title, of=of, lines=_lines(asked, field, name_all)) for title, of, field, name_all in _TABLES)
    return [table for table in found if table.lines]


def _lines(asked: EventFilter, field: str, name_all: _NameAll) -> list[tuple[Any, str, Totals]]:
    lines = break_down(asked, field, ROWS)
    names = name_all(asked.account_id, [line[0] for line in lines])
    return [(key, names.get(key) or str(_("(gone)")), numbers) for key, numbers in lines]


def _domains(account_id: int, keys: Sequence[Any]) -> Mapping[Any, str]:
    return dict(SenderDomain.objects.for_account(account_id).filter(pk__in=keys).values_list("pk", "name"))


def _users(account_id: int, keys: Sequence[Any]) -> Mapping[Any, str]:
    return dict(SMTPUser.objects.for_account(account_id).filter(pk__in=keys).values_list("pk", "name"))


def _themselves(account_id: int, keys: Sequence[Any]) -> Mapping[Any, str]:  # noqa: ARG001  one shape for all
    return {key: str(key) for key in keys}


_TABLES: Final[Sequence[tuple[Words, str, str, _NameAll]]] = (
    (_("By domain"), "domain", "domain_id", _domains),
    (_("By SMTP user"), "user", "smtp_user_id", _users),
    (_("By tag"), "tag", "tag", _themselves),
    (_("By campaign"), "campaign", "campaign", _themselves),
)
