"""Version 1 of the API: `/webapi/<module>.<action>.<json|xml>`."""

from __future__ import annotations

from django.http import HttpResponse

from gateway.api.base import UnknownPath
from gateway.api.sendcloud.answers.v1 import say_refused_v1
from gateway.api.sendcloud.views.base import SendCloudView
from gateway.base.errors import Refused


class UnknownV1(UnknownPath, SendCloudView):
    """Every path under /webapi/ that is no call."""

    def refuse(self, refusal: Refused) -> HttpResponse:
        return say_refused_v1(refusal)
