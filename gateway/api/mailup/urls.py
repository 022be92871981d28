"""MailUp's paths, in any case and with the space at the end that the vendor's own page has."""

from __future__ import annotations

from gateway.api.base import path_of
from gateway.api.mailup.views import ListUserInfo, SendMessage, SendTemplate, Unknown

urlpatterns = [
    path_of("API/v2.0/messages/sendmessage", SendMessage),
    path_of("API/v2.0/messages/sendtemplate", SendTemplate),
    path_of("API/v2.0/users/listuserinfo", ListUserInfo),
    path_of("API/v2.0", Unknown),
    path_of("API/v2.0/", Unknown, exact=False),
]
