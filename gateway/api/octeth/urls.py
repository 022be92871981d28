"""Octeth's paths."""

from __future__ import annotations

from gateway.api.base import path_of
from gateway.api.octeth.views import NoSuchCall, SendEmail

urlpatterns = [
    path_of("api/v1/email", SendEmail),
    path_of("api/v1/", NoSuchCall, exact=False),
]
