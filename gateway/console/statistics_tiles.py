"""The numbers at the top of the statistics, each beside that of the span before."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.markup import Words
from tracking.queries import Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """`change` says how it differs from the span before, `tone` whether that is good, bad or neither (idle)."""

    label: Words
    value: str
    detail: str = ""
    change: str = ""
    tone: str = "idle"


def make_tiles(now: Totals, before: Totals) -> list[Tile]:
    """Return the tiles of a span, compared with the one before."""
    return [
        _counted(_("Sent"), now["accepted"], before["accepted"]),
        _shared(_("Delivered"), now.delivered_share, before.delivered_share, f"{now['delivered']:,}", more_is="good"),
        _shared(_("Bounced"), now.bounced_share, before.bounced_share, _classes(now), more_is="bad"),
        _unique(_("Opened"), "opened_unique", now, before),
        _unique(_("Clicked"), "clicked_unique", now, before),
        _counted(_("Unsubscribed"), now["unsubscribed"], before["unsubscribed"], more_is="bad"),
        _counted(_("Complained"), now["complained"], before["complained"], more_is="bad"),
    ]


def _classes(totals: Totals) -> str:
    numbers = {name: totals[f"bounced_{name}"] for name in ("hard", "soft", "block")}
    return str(_("{hard:,} hard, {soft:,} soft, {block:,} blocked")).format(**numbers)


def _unique(label: Words, name: str, now: Totals, before: Totals) -> Tile:
    number = now[name]
    people = ngettext("{number:,} recipient", "{number:,} recipients", number).format(number=number)
    return _shared(label, now.share_of_delivered(name), before.share_of_delivered(name), people, more_is="good")


def _counted(label: Words, now: int, before: int, *, more_is: str = "idle") -> Tile:
    change = f"{(now - before) / before:+.0%}" if before else ""
    return Tile(label=label, value=f"{now:,}", change=change, tone=_tone(now - before, more_is))


def _shared(label: Words, now: float | None, before: float | None, detail: str, *, more_is: str) -> Tile:
    if now is None:
        return Tile(label=label, value="–", detail=detail)
    points = (now - before) * 100 if before is not None else 0.0
    change = str(_("{points:+.1f} points")).format(points=points) if before is not None else ""
    return Tile(label=label, value=f"{now:.1%}", detail=detail, change=change, tone=_tone(round(points, 1), more_is))


def _tone(difference: float, more_is: str) -> str:
    """Return whether a difference is good or bad, where more of it is `more_is`."""
    if not difference or more_is == "idle":
        return "idle"
    return more_is if difference > 0 else {"good": "bad", "bad": "good"}[more_is]
