"""SendCloud's paths."""

from __future__ import annotations

from gateway.api.base import path_of
from gateway.api.sendcloud.views import Send, Unknown

urlpatterns = [
    path_of("apiv2/mail/send", Send),
    path_of("apiv2/", Unknown, exact=False),
]
