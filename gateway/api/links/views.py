"""What readers are answered: a pixel, a redirect, the way out. A hit is on disk before its answer goes (engine.hits).

Openings and clicks touch no database, and whoever cannot be counted is still sent on. Only a token of ours, for this host and
purpose, makes any of these do anything; all else is the same plain 404.
"""

from __future__ import annotations

import base64
from typing import Final

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError

from gateway.api.bodies import media_type
from gateway.api.links import pages
from gateway.api.links.reader import host_of, is_foresight, make_hit
from gateway.api.links.targets import location_of
from gateway.engine import hits
from tracking.links import Link, Purpose, read_token

# One transparent point (GIF89a), in 43 bytes.
PIXEL: Final = base64.b64decode("R0lGODlhAQABAIAAAP///wAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")
LONGEST_BODY: Final = 10_000  # octets of a POST
_READS: Final = ("GET", "HEAD")


def opened(request: HttpRequest, token: str) -> HttpResponse:
    """Answer the pixel of a mail."""
    link = _read(request, token.removesuffix(".gif"), Purpose.OPEN)
    if link is None:
        return nowhere(request)
    if request.method not in _READS:
        return _refuse_method("GET, HEAD")
    _count(request, Purpose.OPEN, link)
    return _finish(HttpResponse(PIXEL, content_type="image/gif"))


def click(request: HttpRequest, token: str) -> HttpResponse:
    """Send a reader on to where the link led before it was tracked."""
    link = _read(request, token, Purpose.CLICK)
    location = location_of(link.target) if link is not None else None
    if link is None or location is None:
        return nowhere(request)
    if request.method not in _READS:
        return _refuse_method("GET, HEAD")
    _count(request, Purpose.CLICK, link)
    return _finish(HttpResponse(status=302, headers={"Location": location}))


def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Show the page with the button; unsubscribe on its POST, or on one by a mail program (RFC 8058). GET never does."""
    link = _read(request, token, Purpose.UNSUBSCRIBE)
    if link is None:
        return nowhere(request)
    accepted = str(request.META.get("HTTP_ACCEPT_LANGUAGE", ""))
    if request.method in _READS:
        return _finish(pages.show(link, accepted, pages.Moment.ASKING))
    if request.method != "POST":
        return _refuse_method("GET, HEAD, POST")
    if not _is_one_click(request):
        return _finish(pages.show(link, accepted, pages.Moment.ASKING, status=400))
    if not hits.take(make_hit(Purpose.UNSUBSCRIBE, link, request.META)):
        return _finish(pages.show(link, accepted, pages.Moment.FAILED, status=503))
    return _finish(pages.show(link, accepted, pages.Moment.DONE))


def nowhere(_: HttpRequest) -> HttpResponse:
    """Answer everything that is no link of ours."""
    return _finish(HttpResponse("This link leads nowhere.\n", status=404, content_type="text/plain; charset=utf-8"))


def _read(request: HttpRequest, token: str, purpose: Purpose) -> Link | None:
    return read_token(token, purpose, host_of(request.META))


def _count(request: HttpRequest, purpose: Purpose, link: Link) -> None:
    if request.method == "GET" and not is_foresight(request.META):
        hits.take(make_hit(purpose, link, request.META))


def _is_one_click(request: HttpRequest) -> bool:
    """Tell whether a POST says `List-Unsubscribe=One-Click`, as a form of either kind (RFC 8058 3.1)."""
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    if not length.isdecimal() or int(length) > LONGEST_BODY:
        return False
    try:
        return _read_form(request).get("List-Unsubscribe", "").strip().lower() == "one-click"
    except (MultiPartParserError, UnreadablePostError, SuspiciousOperation):
        return False


def _read_form(request: HttpRequest) -> QueryDict:
    """Return the form that a body is. What is not multipart is read as a plain one: some name another type or charset."""
    if media_type(request) == "multipart/form-data":
        return request.POST
    return QueryDict(request.body, encoding="latin-1")


def _refuse_method(allowed: str) -> HttpResponse:
    return _finish(HttpResponse(status=405, headers={"Allow": allowed}))


def _finish(response: HttpResponse) -> HttpResponse:
    """Set what every answer has: no middleware is asked (gateway/wsgi.py)."""
    response.headers["Content-Length"] = str(len(response.content))
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Referrer-Policy"] = "no-referrer"  # the address of the page is a secret of its reader
    return response
