"""Template tags of the console's own pages."""

from __future__ import annotations

from collections.abc import Mapping

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts import markup
from domains.verdicts import NONE, PASS
from gateway.console.letters import Letter
from gateway.console.summaries import Summary
from gateway.console.words import tone_of

VERDICTS: Mapping[str, str] = {PASS: "good", NONE: "idle"}

register = template.Library()

register.simple_tag(markup.badge, name="badge")
register.simple_tag(markup.copyable, name="copyable")


@register.simple_tag
def state_badges(summary: Summary) -> SafeString:
    """Return a badge for each state, with the number of recipients in it where there are several."""
    shown = (
        (markup.badge(f"{number:,} {state}" if summary.total > 1 else state, tone_of(state)),)
        for state, number in summary.states.items()
    )
    return format_html('<span class="gp-badges">{}</span>', format_html_join(" ", "{}", shown))


@register.simple_tag
def state_badge(state: str, number: int) -> SafeString:
    """Return the badge of a state with the number of recipients in it."""
    return markup.badge(f"{number:,} {state}", tone_of(state))


@register.simple_tag
def verdict_badge(verdict: str) -> SafeString:
    """Return a badge for what DKIM says of a mail."""
    return markup.badge(f"DKIM {verdict}", VERDICTS.get(verdict, "bad"))


@register.filter
def header(letter: Letter, name: str) -> str:
    """Return a header of a letter, by its name in lower case."""
    return letter.header(name)


@register.simple_tag
def share(part: float | None) -> str:
    """Return a share of 1 in percent, a dash where there is none."""
    return "–" if part is None else f"{part:.1%}"
