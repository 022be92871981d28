"""The WSGI callable of the web process: Django, with four things put right before it looks.

Chunked bodies: Django reads as much as Content-Length says, and a chunked request has none, so it is read here, bounded.
API calls: they have no use for sessions, cookies and messages, so they skip the middleware, which costs a third of a call, and
signals and the search for their path, which cost another third.
Large bodies: Django writes what it reads of them to the disk, so that those for pages are refused here.
Links of readers: Django's signals would look after the thread's database connection, and these answer while there is none.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from io import BytesIO
from typing import Any, cast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway.settings")

from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponse
from django.urls import ResolverMatch, URLResolver, get_resolver

StartResponse = Callable[..., Any]

LINKS = "/t/"  # as tracking/links.py makes them
# Paths of the dialects, in lower case. Their views set what headers they need (api/base.py).
DOORS = ("/v1.0/", "/apiv2/", "/webapi/", "/api/", "/api.php")


class DoorHandler(WSGIHandler):
    """Django's handler with no middleware at all, which remembers where paths lead."""

    def load_middleware(self, is_async: bool = False) -> None:
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        self._middleware_chain = convert_exception_to_response(self._get_response)  # type: ignore[attr-defined]  # no stub

    def resolve_request(self, request: HttpRequest) -> ResolverMatch:
        request.resolver_match = match = _resolve(get_resolver(), request.path_info)
        return match


@lru_cache(maxsize=256)
def _resolve(resolver: URLResolver, path: str) -> ResolverMatch:
    return resolver.resolve(path)


_site = get_wsgi_application()
_doors = DoorHandler()

import gateway.urls  # noqa: E402, F401 - all that answers is loaded now, not by the first request
from gateway.api.links.views import LONGEST_BODY  # noqa: E402 - its models need Django to be set up
from gateway.base.garbage import relax_collector  # noqa: E402
from gateway.engine import hits  # noqa: E402

relax_collector()
hits.begin()  # what a process that is gone left behind


def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Answer a request (PEP 3333)."""
    is_reader = environ.get("PATH_INFO", "").startswith(LINKS)
    if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower() and not environ.get("CONTENT_LENGTH"):
        body = _read_chunked(environ["wsgi.input"], LONGEST_BODY if is_reader else settings.GATEPOST_MAX_BODY)
        environ.update({"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))})
    if is_reader:
        return _answer(environ, start_response)
    if environ.get("PATH_INFO", "").lower().startswith(DOORS):
        close_old_connections()  # what the signals of Django's handler are for
        return _answer(environ, start_response)
    return _refuse_body(start_response) if _is_too_large(environ) else _site(environ, start_response)


def _is_too_large(environ: Mapping[str, Any]) -> bool:
    """Tell whether a body is more than the pages take: Django would read all of it, and write it to the disk."""
    length = str(environ.get("CONTENT_LENGTH") or "0")
    return not length.isdecimal() or len(length) > 18 or int(length) > settings.GATEPOST_MAX_BODY


def _refuse_body(start_response: StartResponse) -> Iterable[bytes]:
    words = f"This is larger than {settings.GATEPOST_MAX_BODY:,} bytes, which is the most; send less at once.\n".encode()
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(words)))]
    start_response("413 Content Too Large", headers)
    return [words]


def _answer(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Answer as Django's handler does, but without its signals; the answers are whole in memory."""
    response = cast("HttpResponse", _doors.get_response(WSGIRequest(environ)))
    start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [response.content]


def _read_chunked(stream: Any, most: int) -> bytes:
    """Return a body of unknown length; of one that is too large, one octet more than is allowed, which the views refuse."""
    left = most + 1
    pieces = []
    while left > 0 and (piece := stream.read(min(left, 1 << 20))):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)
