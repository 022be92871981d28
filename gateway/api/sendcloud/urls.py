"""SendCloud's paths."""

from __future__ import annotations

from gateway.api.base import path_of
from gateway.api.sendcloud.views import Send, Unknown, UnknownV1

urlpatterns = [
    path_of("apiv2/mail/send", Send),
    path_of("apiv2", Unknown),
    path_of("apiv2/", Unknown, exact=False),
    path_of("webapi", UnknownV1),
    path_of("webapi/", UnknownV1, exact=False),
]
