"""The unsubscribe page: the tenant's own in the reader's language, the platform's where there is none or the database is away.

What tenants design is cleaned (templates_app.unsubscribe), and runs under a policy that lets nothing run or load but images by
https. The button is ours: a form without an action, which posts to the very address that it is shown at.
"""

from __future__ import annotations

import logging
from concurrent.futures import Future
from enum import StrEnum
from threading import BoundedSemaphore, Thread
from typing import Final

from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from gateway.base.cache import TimedCache
from templates_app.unsubscribe import PageFacts, find_pages, place_button
from templates_app.unsubscribe_words import WORDS, choose_language, words_of
from tracking.links import Link

log = logging.getLogger(__name__)

Key = tuple[int, int]  # account, page

DEADLINE: Final = 0.3  # seconds that a reader waits for the database; then the platform's page does
MOST_LOOKUPS: Final = 4  # at a time
_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


class Moment(StrEnum):
    """Where a reader stands on the way out."""

    ASKING = "asking"
    DONE = "done"
    FAILED = "failed"


def show(link: Link, accepted: str, moment: Moment, *, status: int = 200) -> HttpResponse:
    """Return the page for a link's account at a moment; `accepted` is the reader's Accept-Language."""
    page = _choose(_pages.get((link.account_id, link.page_id), _look_up), accepted)
    language = page.language if page else choose_language(accepted, WORDS) or "en"
    own = _own_html(page, moment) if page else ""
    context = {"words": words_of(language), "language": language, "moment": moment.value, "own": own, "page": page}
    body = render_to_string("links/page.html", context)
    headers = {"Content-Security-Policy": _POLICY, "Vary": "Accept-Language", "Content-Language": language}
    return HttpResponse(body, status=status, headers=headers)


def _own_html(page: PageFacts, moment: Moment) -> SafeString:
    """Return the tenant's words for a moment, cleaned, with our button; empty where the platform's serve."""
    html = {Moment.ASKING: page.html, Moment.DONE: page.done_html}.get(moment, "")
    if html and moment is Moment.ASKING:
        html = place_button(html, _button(page.button or words_of(page.language).button))
    return mark_safe(html)  # noqa: S308 - cleaned when it was loaded


def _button(label: str) -> str:
    return format_html(
        '<form class="way-out" method="post"><input type="hidden" name="List-Unsubscribe" value="One-Click">'
        '<button type="submit">{}</button></form>',
        label,
    )


def _choose(pages: tuple[PageFacts, ...], accepted: str) -> PageFacts | None:
    """Return the page in the reader's language; the one that was named where none fits."""
    by_language = {page.language: page for page in reversed(pages)}
    language = choose_language(accepted, by_language)
    return by_language[language] if language else next(iter(pages), None)


def _look_up(key: Key) -> tuple[PageFacts, ...]:
    """Return an account's page, nothing where the database does not say within DEADLINE."""
    found: Future[tuple[PageFacts, ...]] = Future()
    if not _room.acquire(timeout=DEADLINE):
        return ()
    # A daemon of its own: one that hangs with the database must not hold up the end of the process.
    Thread(target=_fetch, args=(key, found), name="pages", daemon=True).start()
    try:
        return found.result(DEADLINE)
    except TimeoutError:
        log.warning("An unsubscribe page of account %d was not found in time; the platform's is shown.", key[0])
        return ()


def _fetch(key: Key, found: Future[tuple[PageFacts, ...]]) -> None:
    try:
        found.set_result(find_pages(*key))
    except (DatabaseError, InterfaceError) as error:
        log.warning("An unsubscribe page of account %d cannot be read; the platform's is shown: %s", key[0], error)
        found.set_result(())
    finally:
        connection.close()
        _room.release()


_room = BoundedSemaphore(MOST_LOOKUPS)
_pages: TimedCache[Key, tuple[PageFacts, ...]] = TimedCache(seconds=5)
