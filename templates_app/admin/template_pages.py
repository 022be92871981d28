"""The pages about one template beside its form: preview, and a version with what is different in it."""

from __future__ import annotations

from difflib import unified_diff
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from accounts.access import access_of, account_of
from accounts.markup import frame
from accounts.scoped import ScopedAdmin
from gateway.base.errors import Refused
from templates_app.actions import latest_texts, restore_version, texts_of
from templates_app.models import Template, TemplateVersion
from templates_app.preview import preview, read_values, sample_values, write_values
from templates_app.texts import LONGEST, NAMES, Texts

MOST_COMPARED = 2_000  # lines of two texts together: comparing takes more than linear time


class TemplatePages(ScopedAdmin):
    """Adds the pages to the room of templates."""

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("preview/", guard(self.unsaved_view), name="templates_app_template_try"),
            path("<int:template_id>/preview/", guard(self.preview_view), name="templates_app_template_preview"),
            path("<int:template_id>/versions/<int:number>/", guard(self.version_view), name="templates_app_template_version"),
            *super().get_urls(),
        ]

    def preview_view(self, request: HttpRequest, template_id: int) -> HttpResponse:
        """Show what is sent of a template now, with the values posted or samples."""
        template = self.get_object(request, str(template_id))
        if template is None:
            return self.not_there(request, str(template_id))
        return self._show(request, template, latest_texts(template), template.syntax)

    def unsaved_view(self, request: HttpRequest) -> HttpResponse:
        """Show texts as they were posted, saved or not."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseRedirect(reverse("admin:templates_app_template_changelist"))
        texts = Texts(**{part: request.POST.get(part, "")[: LONGEST[part]] for part in LONGEST})
        syntax = request.POST.get("syntax", "")
        return self._show(request, None, texts, syntax if syntax in Template.Syntax.values else Template.Syntax.LIQUID)

    def version_view(self, request: HttpRequest, template_id: int, number: int) -> HttpResponse:
        """Show a version beside the latest; a POST restores it."""
        template = self.get_object(request, str(template_id))
        version = TemplateVersion.objects.filter(template=template, number=number).first() if template is not None else None
        if template is None or version is None:
            return self.not_there(request, str(template_id))
        if request.method == "POST":
            return self._restore(request, template, version)
        old, new = texts_of(version), latest_texts(template)
        context = {
            "title": f"{template} v{number}",
            "object": template,
            "version": version,
            "is_latest": old == new,
            "may_restore": self.has_change_permission(request, template) and old != new,
            "changes": [(NAMES[part], compare(getattr(old, part), getattr(new, part))) for part in LONGEST],
            "parts": _parts(old),
        }
        return self._page(request, "console/template_version.html", context)

    def _restore(self, request: HttpRequest, template: Template, version: TemplateVersion) -> HttpResponse:
        self.check_may(request, self.rights.change, template)
        here = reverse("admin:templates_app_template_change", args=(template.pk,))
        try:
            restored = restore_version(version)
        except Refused as refused:
            messages.error(request, refused.message)
            return HttpResponseRedirect(here)
        self.audit(request, template, "restored a version of", version=version.number)
        number = restored.number if restored is not None else version.number
        messages.success(
            request, _("Version %(old)d is sent again, as version %(new)d.") % {"old": version.number, "new": number}
        )
        return HttpResponseRedirect(here)

    def _show(self, request: HttpRequest, template: Template | None, texts: Texts, syntax: str) -> HttpResponse:
        values, problem = _values(request, texts, syntax)
        seen = preview(texts, syntax, read_values(values) if not problem else {})
        context = {
            "title": _("Preview"),
            "object": template,
            "hidden": [] if template else [("syntax", syntax), *((part, getattr(texts, part)) for part in LONGEST)],
            "values": values,
            "rows": min(14, values.count("\n") + 2),
            "problem": problem,
            "seen": seen,
            "parts": _parts(seen.texts),
            "may_change": template is not None and access_of(request).level_in(account_of(template)) >= self.rights.change,
        }
        return self._page(request, "console/template_preview.html", context)

    def _page(self, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
        return TemplateResponse(request, name, {**self.admin_site.each_context(request), "opts": self.opts, **context})


def compare(old: str, new: str) -> list[tuple[str, str]]:
    """Return the lines that restoring `old` would change, each with its tone: good comes back, bad goes, idle stays."""
    before, after = new.splitlines(), old.splitlines()
    if len(before) + len(after) > MOST_COMPARED:
        return [("idle", "…")] if old != new else []
    lines = list(unified_diff(before, after, n=2, lineterm=""))[2:]
    return [({"+": "good", "-": "bad"}.get(line[:1], "idle"), line) for line in lines]


def _values(request: HttpRequest, texts: Texts, syntax: str) -> tuple[str, str]:
    """Return the values as JSON, those posted or samples, and what is wrong with them."""
    posted = request.POST.get("values") if request.method == "POST" else None
    if posted is None:
        return write_values(sample_values(texts, syntax)), ""
    try:
        read_values(posted)
    except Refused as refused:
        return posted, refused.message
    return posted, ""


def _parts(texts: Texts) -> dict[str, Any]:
    return {"frame": frame(texts.html) if texts.html else None, "text": texts.text, "html_source": texts.html}
