"""What the rooms of webhooks draw: tables, and the chart of the last hours as SVG without a script."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.markup import Words
from tracking.webhooks.queries import Hour

HEIGHT, WIDTH, GAP = 64, 14, 4  # units of the drawing: of the highest bar, of each bar, between them
LEAST = 3  # units of a bar that stands for something


def draw_table(heads: Sequence[Words], rows: Iterable[Sequence[object]]) -> SafeString | str:
    """Return a table that scrolls on a narrow page; an empty text where it has no rows."""
    lines = format_html_join(
        "", "<tr>{}</tr>", ((format_html_join("", "<td>{}</td>", ((cell,) for cell in row)),) for row in rows)
    )
    return lines and format_html(
        '<div class="gp-scroll"><table class="gp-table"><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>',
        format_html_join("", "<th>{}</th>", ((head,) for head in heads)),
        lines,
    )


def draw_time(at: datetime, url: str = "") -> SafeString:
    """Return a time that does not wrap, with a link where there is a page about it."""
    link = '<a class="gp-time gp-link" href="{1}">{0}</a>' if url else '<span class="gp-time">{0}</span>'
    return format_html(link, f"{at:%Y-%m-%d %H:%M:%S}", url)


def draw_hours(hours: Sequence[Hour]) -> SafeString | str:
    """Return bars of what was told, what failed and what waits, hour by hour; an empty text where nothing happened."""
    most = max((hour.total for hour in hours), default=0)
    if not most:
        return ""
    wide = len(hours) * (WIDTH + GAP)
    totals = sum(hour.done for hour in hours), sum(hour.failed for hour in hours), sum(hour.waiting for hour in hours)
    words = _("%(done)d told, %(failed)d failed, %(waiting)d waiting") % dict(
        zip(("done", "failed", "waiting"), totals, strict=True)
    )
    return format_html(
        '<div class="gp-scroll"><svg class="gp-bars" role="img" aria-label="{}" viewBox="0 0 {} {}">{}</svg></div><p>{}</p>',
        words,
        wide,
        HEIGHT,
        format_html_join("", "<g><title>{}</title>{}</g>", _bars(hours, most)),
        words,
    )


def _bars(hours: Sequence[Hour], most: int) -> Iterator[tuple[str, SafeString]]:
    for place, hour in enumerate(hours):
        title = f"{hour.at:%H:%M}: {hour.done} + {hour.failed} + {hour.waiting}"
        yield (
            title,
            format_html_join("", '<rect class="gp-{}" x="{}" y="{}" width="{}" height="{}"/>', _parts(place, hour, most)),
        )


def _parts(place: int, hour: Hour, most: int) -> Iterator[tuple[str, int, float, int, float]]:
    """Yield the parts of one bar from the bottom up; an hour without events has a faint line."""
    x, y = place * (WIDTH + GAP), float(HEIGHT)
    if not hour.total:
        yield "none", x, HEIGHT - 1, WIDTH, 1
    for tone, count in (("good", hour.done), ("bad", hour.failed), ("busy", hour.waiting)):
        if count:
            height = max(LEAST, round(count / most * (HEIGHT - 2 * LEAST), 1))
            y -= height
            yield tone, x, round(y, 1), WIDTH, height
