"""SendClean's paths."""

from __future__ import annotations

from gateway.api.base import path_of
from gateway.api.sendclean.views.base import NoSuchCall
from gateway.api.sendclean.views.messages import SendMail

urlpatterns = [
    path_of("v1.0/messages/sendMail", SendMail),
    path_of("v1.0", NoSuchCall),
    path_of("v1.0/", NoSuchCall, exact=False),
]
