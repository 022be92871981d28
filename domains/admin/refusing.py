"""Refusals of the actions behind a form, in its person's words."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from gateway.base.errors import Refused


class RefusingMixin:
    """Shows a refusal that only saving could find, such as a limit of the account, on the form's own page."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            answer: HttpResponse = super().changeform_view(request, *args, **kwargs)  # type: ignore[misc]
        except Refused as refusal:
            messages.error(request, refusal.message)
            return HttpResponseRedirect(request.path)
        return answer
