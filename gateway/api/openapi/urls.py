"""Where the OpenAPI document is, and the page that shows it."""

from __future__ import annotations

from django.urls import path
from django.views.generic import RedirectView

from gateway.api.openapi.views import show_document, show_page

urlpatterns = [
    path("openapi.json", show_document, name="openapi"),
    path("docs/", show_page, name="docs"),
    path("docs", RedirectView.as_view(pattern_name="docs")),
]
