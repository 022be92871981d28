"""The document and the page that shows it: for everybody, the same for all, and kept by browsers for an hour."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from hashlib import sha256

import msgspec
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.cache import cache_control
from django.views.decorators.http import etag, require_safe

from gateway.api.openapi.schema import Document

# Swagger UI sets styles of its own, and draws its icons from data: URLs. Calls that are tried go to this host alone.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)
SECONDS = 3600

View = Callable[[HttpRequest], HttpResponse]


@cache
def document() -> bytes:
    """Return the document in JSON."""
    return msgspec.json.encode(Document().get_schema(public=True))


@cache
def page() -> bytes:
    """Return the page that shows the document."""
    return render_to_string("openapi/page.html").encode()


def _serve(body: Callable[[], bytes], content_type: str) -> View:
    """Return a view of what stays the same for as long as the process lives."""

    @require_safe
    @cache_control(public=True, max_age=SECONDS)
    @etag(lambda _request: f'"{sha256(body()).hexdigest()[:32]}"')
    def view(_request: HttpRequest) -> HttpResponse:
        return HttpResponse(body(), content_type=content_type, headers={"Content-Security-Policy": POLICY})

    return view


show_document = _serve(document, "application/json")
show_page = _serve(page, "text/html; charset=utf-8")
