"""The demo's inbox: what the recipients of its mail see. There is no such page unless GATEPOST_INBOX is set."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.markup import MOST_PREVIEWED, frame
from gateway.console import inbox
from gateway.console.files import give_file
from gateway.console.letters import Letter, read_letter
from gateway.console.message_page import FileLink, Parts
from gateway.console.site import CONSOLE_POLICY, protect

View = Callable[..., HttpResponse]


def demo_only(view: View) -> View:
    """Answer 404 where there is no demo; hand the folder of its mail to the view where there is."""

    @wraps(view)
    @never_cache
    @require_safe
    def guarded(request: HttpRequest, **parts: int) -> HttpResponse:
        if not settings.GATEPOST_INBOX:
            raise Http404
        return view(request, folder=Path(settings.GATEPOST_INBOX), **parts)

    return guarded


@demo_only
def show_inbox(request: HttpRequest, folder: Path, number: int | None = None) -> HttpResponse:
    """Show the list, and beside it one mail: the one asked for, or the newest on a wide page."""
    total = inbox.count_mails(folder)
    pages = max(1, -(-total // inbox.PER_PAGE))
    page = min(max(1, _whole(request.GET.get("page"))), pages)
    mails = inbox.read_page(folder, page)
    context = {
        **admin.site.each_context(request),
        "title": "Inbox",
        "mails": mails,
        "total": total,
        "page": page,
        "pages": pages,
        "is_chosen": number is not None,
        **_chosen(folder, number if number is not None else next((mail.number for mail in mails), None)),
    }
    if number is not None and context["mail"] is None:
        raise Http404
    answer = TemplateResponse(request, "console/inbox.html", context)
    # Reading a mail here is what its recipient does: pictures of our own host, such as the one that counts opens, load.
    return protect(answer, CONSOLE_POLICY.replace("img-src 'self'", f"img-src 'self' {own_origin()}"))


@demo_only
def give_source(_: HttpRequest, folder: Path, number: int) -> HttpResponse:
    """Hand out a mail as it arrived."""
    return give_file(_source(folder, number), f"{number}.eml", "message/rfc822")


@demo_only
def give_part(_: HttpRequest, folder: Path, number: int, position: int) -> HttpResponse:
    """Hand out one file of a mail."""
    files = read_letter(_source(folder, number)).files
    if position >= len(files):
        raise Http404
    file = files[position]
    return give_file(file.content, file.filename, file.content_type)


def own_origin() -> str:
    """Return the origin of our tracking links."""
    url = urlsplit(settings.GATEPOST_URL)
    return f"{url.scheme}://{url.netloc}"


def _chosen(folder: Path, number: int | None) -> dict[str, Any]:
    mail = inbox.read_caught(folder, number) if number is not None else None
    if number is None or mail is None:
        return {"mail": None}
    source = _source(folder, number)
    letter = read_letter(source)
    shown = [(name, letter.header(name.lower())) for name in ("From", "To", "Cc")]
    return {"mail": mail, "letter": letter, "shown": shown, "parts": _parts(number, letter, source)}


def _parts(number: int, letter: Letter, source: bytes) -> Parts:
    return Parts(
        frame=frame(letter.html, images=letter.images, alive_at=own_origin()) if letter.html else None,
        text=letter.text,
        html_source=letter.html,
        headers=letter.headers,
        files=tuple(
            FileLink(
                filename=file.filename,
                content_type=file.content_type,
                size=file.size,
                url=reverse("inbox:file", args=(number, file.number)),
            )
            for file in letter.files
        ),
        raw_url=reverse("inbox:source", args=(number,)),
        source=source[:MOST_PREVIEWED].decode("utf-8", "replace"),
        problem=letter.problem,
    )


def _source(folder: Path, number: int) -> bytes:
    source = inbox.read_source(folder, number)
    if source is None:
        raise Http404
    return source


def _whole(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 7 else 1
