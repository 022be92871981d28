"""Rooms of what DNS is asked about: a button that looks now, and a part of the page that brings itself up to date."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from accounts.access import access_of, account_of
from accounts.acts import ActingAdmin
from domains.admin.page import Page
from domains.admin.refusing import RefusingMixin
from gateway.base import clock

PAUSE = timedelta(seconds=3)  # between two looks at the same row, whoever asks


class CheckedAdmin(RefusingMixin, ActingAdmin):
    """A room of rows that DNS verifies. `look` looks now and writes down; `page` tells how a row stands."""

    change_form_outer_before_template = "console/dns.html"
    look: Callable[[Any], object]
    page: Callable[[Any], Page]

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        view = self.admin_site.admin_view
        return [
            path("<path:object_id>/check/", view(self.check_view), name=f"{name}_check"),
            path("<path:object_id>/dns/", view(self.dns_view), name=f"{name}_dns"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        context = self._context(request, row) if row is not None else {}
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def check_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Look at DNS now, within five seconds, and go back to the page."""
        row = self.get_object(request, object_id)
        if row is None:
            return self.not_there(request, object_id)
        if access_of(request).level_in(account_of(row)) < self.rights.change:
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if row.checked_at is None or clock.now() - row.checked_at > PAUSE:
            type(self).look(row)
        page = type(self).page(row)
        messages.info(
            request,
            _("DNS was looked at: %(done)d of %(all)d records are right.") % {"done": page.done, "all": len(page.wanted)},
        )
        return HttpResponseRedirect(self._path("change", row))

    def dns_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Answer with the part of the page that tells how DNS stands; a browser fetches it while something is awaited."""
        row = self.get_object(request, object_id)
        if row is None or not self.has_view_permission(request, row):
            return self.not_there(request, object_id)
        return TemplateResponse(request, "console/dns_part.html", self._context(request, row))

    def _do(self, request: HttpRequest, act: Any, row: Any) -> HttpResponse:
        answer = super()._do(request, act, row)
        return HttpResponseRedirect(self._path("change", row)) if answer.status_code == 302 else answer

    def _context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        return {
            "page": type(self).page(row),
            "original": row,
            "dns_url": self._path("dns", row),
            "check_url": self._path("check", row),
            "may_check": access_of(request).level_in(account_of(row)) >= self.rights.change,
        }

    def _path(self, page: str, row: Any) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}", args=(row.pk,))
