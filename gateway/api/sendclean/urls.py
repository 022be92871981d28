"""SendClean's paths."""

from __future__ import annotations

from gateway.api.base import path_of
from gateway.api.sendclean.views.base import NoSuchCall
from gateway.api.sendclean.views.messages import GetMessageInfo, SendMail, SendRaw, SendTemplate, SendTemplateHTTPGet

urlpatterns = [
    path_of("v1.0/messages/sendMail", SendMail),
    path_of("v1.0/messages/sendTemplate", SendTemplate),
    path_of("v1.0/messages/sendTemplateHTTPGet", SendTemplateHTTPGet),
    path_of("v1.0/messages/sendRaw", SendRaw),
    path_of("v1.0/messages/senRaw", SendRaw),  # as the Python client spells it
    path_of("v1.0/messages/getMessageInfo", GetMessageInfo),
    path_of("v1.0", NoSuchCall),
    path_of("v1.0/", NoSuchCall, exact=False),
]
