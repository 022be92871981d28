"""Every path of the product. Each dialect's urls begin with its own prefix and end with its own answer to unknown paths."""

from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

admin.autodiscover()

urlpatterns: list[URLPattern | URLResolver] = [
    path("t/", include("gateway.api.links.urls")),
    path("", include("gateway.api.sendclean.urls")),
    path("", include("gateway.api.sendcloud.urls")),
    path("", include("gateway.api.mailup.urls")),
    path("", include("gateway.api.octeth.urls")),
    path("", include("gateway.api.openapi.urls")),
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("console/", admin.site.urls),
    path("inbox/", include("gateway.console.urls")),
]
