"""What is said of statistics. Sent is what we accepted, but where a row says otherwise; opens and clicks count once a copy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from gateway.api.octeth.answers.base import Done, Part
from tracking.queries import Endings, Receiver, Series, Totals
from tracking.queries.receivers import Seconds

# Which of tracking.statistics.COUNTERS add up to what.
STATS: Final[Mapping[str, tuple[str, ...]]] = {
    "sent": ("accepted",),
    "delivered": ("delivered",),
    "bounced": ("bounced_hard", "bounced_soft", "bounced_block", "expired"),
    "opened": ("opened_unique",),
    "clicked": ("clicked_unique",),
    "unsubscribed": ("unsubscribed",),
    "complained": ("complained",),
    "rejected": ("suppressed",),
    "failed": ("failed", "cancelled"),
}
# The vendor counts what its queue calls Sent: handed over, not taken in.
SERIES: Final = {"sent": ("delivered",), **{name: STATS[name] for name in ("bounced", "opened", "clicked")}}

# Spans of RecipientDomainStats: below how many seconds each ends, and what it is called; the last has no end.
SPEEDS: Final[Mapping[str, float]] = {
    "< 1s": 1,
    "1-5s": 5,
    "5-10s": 10,
    "10-30s": 30,
    "30-60s": 60,
    "1-5m": 300,
    "5-10m": 600,
}
SLOWEST: Final = "> 10m"
_ENDS: Final = ("avg", "min", "max")
_STATUSES: Final = {"sent": "Sent", "failed": "Failed"}
_SECOND: Final = timedelta(seconds=1)


class Stats(Part, kw_only=True, frozen=True):
    """What became of mail; Bounced is also what was given up, Failed also what was cancelled."""

    sent: int
    delivered: int
    bounced: int
    opened: int
    clicked: int
    unsubscribed: int
    complained: int
    rejected: int
    failed: int


class Comparison(Stats, kw_only=True, frozen=True):
    """The same of the span before, which current versions put one level deeper."""

    previous_period: Stats


class DomainStatsAnswer(Done, kw_only=True, frozen=True):
    stats: Stats
    comparison_stats: Comparison
    tag_stats: dict[str, Stats]


class Rated(Stats, kw_only=True, frozen=True):
    """With shares of Sent, in percent; 0 where nothing was sent."""

    delivery_rate: float
    open_rate: float
    click_rate: float
    bounce_rate: float


class DomainRow(Rated, kw_only=True, frozen=True):
    domain_id: int
    sender_domain: str


class AccountStatsAnswer(Done, kw_only=True, frozen=True):
    start_date: str
    end_date: str
    totals: Rated
    comparison_totals: Rated
    per_domain: list[DomainRow]


class Day(Part, kw_only=True, frozen=True):
    """What became of the mail of a day; Sent is what was delivered."""

    sent: int
    bounced: int
    opened: int
    clicked: int


class DailySeriesAnswer(Done, kw_only=True, frozen=True):
    """Days by their date; those on which nothing happened are left out."""

    series: dict[str, Day]


class Summary(Part, kw_only=True, frozen=True):
    """Copies that ended as Sent or Failed, and the seconds from their message's acceptance."""

    status: str
    total_emails: int
    avg_delivery_seconds: float
    min_delivery_seconds: float
    max_delivery_seconds: float


class Speed(Part, kw_only=True, frozen=True):
    delivery_bucket: str
    email_count: int
    percentage: float


class RecipientDomainStatsAnswer(Done, kw_only=True, frozen=True):
    summary_stats: list[Summary]
    delivery_speed_histogram: dict[str, list[Speed]]


class RecipientDomain(Part, kw_only=True, frozen=True):
    """Mail to one receiving domain; the seconds are of what was delivered, null where nothing was."""

    domain: str
    sent: int
    failed: int
    sending: int
    avg_delivery_sec: float | None
    min_delivery_sec: float | None
    max_delivery_sec: float | None


class RecipientDomainsAnswer(Done, kw_only=True, frozen=True):
    start_date: str
    end_date: str
    limit: int
    recipient_domains: list[RecipientDomain]


def domain_stats(now: Totals, before: Totals, tags: Iterable[tuple[str, Totals]]) -> DomainStatsAnswer:
    earlier = _sums(before, STATS)
    return DomainStatsAnswer(
        stats=Stats(**_sums(now, STATS)),
        comparison_stats=Comparison(previous_period=Stats(**earlier), **earlier),
        tag_stats={tag: Stats(**_sums(numbers, STATS)) for tag, numbers in tags},
    )


def account_stats(
    span: tuple[datetime, datetime], now: Totals, before: Totals, domains: Iterable[tuple[int, str, Totals | None]]
) -> AccountStatsAnswer:
    """Return the answer with the domains that sent most first; None are the numbers of one that sent nothing."""
    rows = [DomainRow(domain_id=key, sender_domain=name, **_rated(numbers)) for key, name, numbers in domains]
    return AccountStatsAnswer(
        **_dates(span),
        totals=Rated(**_rated(now)),
        comparison_totals=Rated(**_rated(before)),
        per_domain=sorted(rows, key=lambda row: (-row.sent, row.sender_domain)),
    )


def daily_series(series: Series) -> DailySeriesAnswer:
    days = {
        f"{start:%Y-%m-%d}": {name: sum(series.values[counter][place] for counter in of) for name, of in SERIES.items()}
        for place, start in enumerate(series.starts)
    }
    return DailySeriesAnswer(series={day: Day(**numbers) for day, numbers in days.items() if any(numbers.values())})


def recipient_domain_stats(found: Mapping[str, Endings]) -> RecipientDomainStatsAnswer:
    named = [(status, found[end]) for end, status in _STATUSES.items() if end in found]
    return RecipientDomainStatsAnswer(
        summary_stats=[
            Summary(status=status, total_emails=ending.number, **_seconds(ending.seconds, "seconds"))
            for status, ending in named
        ],
        delivery_speed_histogram={status: _speeds(ending) for status, ending in named},
    )


def recipient_domains(span: tuple[datetime, datetime], limit: int, found: Iterable[Receiver]) -> RecipientDomainsAnswer:
    rows = [
        RecipientDomain(
            domain=one.domain, sent=one.sent, failed=one.failed, sending=one.sending, **_seconds(one.seconds, "sec")
        )
        for one in found
    ]
    return RecipientDomainsAnswer(**_dates(span), limit=limit, recipient_domains=rows)


def _sums(numbers: Totals, table: Mapping[str, Sequence[str]]) -> dict[str, int]:
    return {name: sum(numbers[counter] for counter in of) for name, of in table.items()}


def _rated(numbers: Totals | None) -> dict[str, Any]:
    sums = _sums(numbers, STATS) if numbers else dict.fromkeys(STATS, 0)
    rates = {"delivery": "delivered", "open": "opened", "click": "clicked", "bounce": "bounced"}
    return sums | {f"{name}_rate": _percent(sums[of], sums["sent"]) for name, of in rates.items()}


def _percent(number: int, whole: int) -> float:
    return round(100 * number / whole, 2) if whole else 0.0


def _dates(span: tuple[datetime, datetime]) -> dict[str, Any]:
    since, until = span
    return {"start_date": f"{since:%Y-%m-%d %H:%M:%S}", "end_date": f"{until - _SECOND:%Y-%m-%d %H:%M:%S}"}


def _seconds(seconds: Seconds | None, unit: str) -> dict[str, Any]:
    numbers = {"avg": seconds.average, "min": seconds.least, "max": seconds.most} if seconds else dict.fromkeys(_ENDS)
    return {f"{name}_delivery_{unit}": number and round(number, 2) for name, number in numbers.items()}


def _speeds(ending: Endings) -> list[Speed]:
    counted = zip((*SPEEDS, SLOWEST), ending.spread, strict=True)
    return [
        Speed(delivery_bucket=name, email_count=number, percentage=_percent(number, ending.number))
        for name, number in counted
        if number
    ]
