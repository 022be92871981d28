"""The bars over time, as the theme draws them: JSON in attributes, as no script may stand in a page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.template.defaultfilters import date
from django.utils.translation import gettext_lazy as _

from accounts.markup import Words
from tracking.models import EventType
from tracking.queries import Series

FORMATS: Final = {"hour": "H:i", "day": "j M", "month": "M Y"}
BARS: Final[Sequence[tuple[EventType, Words, str]]] = (
    (EventType.DELIVERED, _("Delivered"), "--gp-bar-good"),
    (EventType.DEFERRED, _("Deferred"), "--gp-bar-late"),
    (EventType.BOUNCED, _("Bounced"), "--gp-bar-bad"),
)
_OPTIONS: Final[dict[str, Any]] = {
    "animation": False,
    "responsive": True,
    "maintainAspectRatio": False,
    "interaction": {"mode": "index", "intersect": False},
    "datasets": {"bar": {"maxBarThickness": 40, "borderRadius": 3, "categoryPercentage": 0.85, "barPercentage": 0.9}},
    "plugins": {
        "legend": {"position": "bottom", "labels": {"usePointStyle": True, "boxHeight": 6, "color": "#8b9699"}},
    },
    "scales": {
        "x": {
            "stacked": True,
            "border": {"display": False},
            "grid": {"display": False},
            "ticks": {"color": "#8b9699", "maxRotation": 0, "autoSkipPadding": 12},
        },
        "y": {
            "stacked": True,
            "beginAtZero": True,
            "border": {"display": False},
            "grid": {},
            "ticks": {"color": "#8b9699", "precision": 0, "maxTicksLimit": 6},
        },
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """`data` and `options` for the browser; the same numbers as `columns` and `rows` of a table for whoever sees no picture."""

    data: str
    options: str
    columns: Sequence[Words]
    rows: Sequence[tuple[str, Sequence[int]]]


def make_chart(series: Series, bucket: str) -> Chart | None:
    """Return the chart of a series by type; None where there is nothing to draw."""
    drawn = [(label, colour, series.values[kind.value]) for kind, label, colour in BARS]
    if not any(any(numbers) for _label, _colour, numbers in drawn):
        return None
    labels = [_label_of(start, bucket) for start in series.starts]
    sets = [
        {"label": str(label), "data": list(numbers), "backgroundColor": f"var({colour})"} for label, colour, numbers in drawn
    ]
    return Chart(
        data=json.dumps({"labels": labels, "datasets": sets}),
        options=json.dumps(_OPTIONS),
        columns=[label for label, _colour, _numbers in drawn],
        rows=[(name, numbers) for name, *numbers in zip(labels, *(numbers for _label, _colour, numbers in drawn), strict=True)],
    )


def _label_of(start: datetime, bucket: str) -> str:
    return date(start, FORMATS[bucket])
