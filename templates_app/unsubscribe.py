"""Unsubscribe pages as readers get them: found within their account, made harmless, with the place of the button known."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from accounts.markup import clean_html
from templates_app.models import UnsubscribePage

BUTTON: Final = re.compile(r"\{\{\s*button\s*\}\}")
_MOST_LANGUAGES: Final = 50  # of one page


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """A page in one language; the HTML has nothing in it that acts."""

    language: str
    title: str
    html: str
    button: str
    done_html: str


def find_pages(account_id: int, page_id: int) -> tuple[PageFacts, ...]:
    """Return an account's page in all its languages, the one that was named first.

    A `page_id` of 0, or one that the account does not have, is its default page; empty where it has none.
    """
    pages = UnsubscribePage.objects.for_account(account_id)
    named = pages.filter(pk=page_id).first() or pages.filter(is_default=True).first()
    if named is None:
        return ()
    others = pages.filter(name=named.name).exclude(pk=named.pk).order_by("language")[:_MOST_LANGUAGES]
    return tuple(_facts(page) for page in (named, *others))


def place_button(html: str, button: str) -> str:
    """Return clean HTML with `button` where the first {{ button }} of its text stands, else at the end.

    Any other placeholder is taken out: within a tag, markup would end it. (Clean HTML has no < or > of its own in a tag.)
    """
    place = next((found for found in BUTTON.finditer(html) if not _is_in_tag(html, found.start())), None)
    if place is None:
        return BUTTON.sub("", html) + button
    before, after = html[: place.start()], html[place.end() :]
    return BUTTON.sub("", before) + button + BUTTON.sub("", after)


def _is_in_tag(html: str, place: int) -> bool:
    return html.rfind("<", 0, place) > html.rfind(">", 0, place)


def _facts(page: UnsubscribePage) -> PageFacts:
    return PageFacts(
        language=page.language,
        title=page.title,
        html=clean_html(page.html),
        button=page.button,
        done_html=clean_html(page.done_html),
    )
