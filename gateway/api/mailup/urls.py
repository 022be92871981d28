"""MailUp's paths, in any case and with the space at the end that the vendor's own page has."""

from __future__ import annotations

from gateway.api.base import path_of
from gateway.api.mailup.views import SendMessage, Unknown

urlpatterns = [
    path_of("API/v2.0/messages/sendmessage", SendMessage),
    path_of("API/v2.0", Unknown),
    path_of("API/v2.0/", Unknown, exact=False),
]
