"""The paths of readers, as tracking/links.py makes them, and the answer to everything else below /t/."""

from __future__ import annotations

from django.urls import path, re_path

from gateway.api.links.views import click, nowhere, opened, unsubscribe

urlpatterns = [
    path("o/<token>", opened),
    path("c/<token>", click),
    path("u/<token>", unsubscribe),
    re_path("", nowhere),
]
