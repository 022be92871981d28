"""The room of templates."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import Count
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from accounts.markup import frame
from accounts.scoped import DEVELOPERS, ScopedAdmin, ScopedFilter, ScopedForm
from templates_app.models import Template, TemplateVersion

MOST_VERSIONS = 50  # that a page lists
CONTENT = ("subject", "html", "text")


class TemplateForm(ScopedForm):
    """A template and its latest content. Saving other content makes a new version; the old ones stay."""

    subject = forms.CharField(max_length=2000, required=False, widget=UnfoldAdminTextInputWidget)
    html = forms.CharField(
        label="HTML",
        required=False,
        strip=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 18, "class": "gp-code", "spellcheck": "false"}),
    )
    text = forms.CharField(required=False, strip=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 8, "class": "gp-code"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        latest = latest_version(self.instance)
        for name in CONTENT:
            self.initial.setdefault(name, getattr(latest, name, ""))

    @property
    def has_new_content(self) -> bool:
        return self.instance.pk is None or any(name in self.changed_data for name in CONTENT)


def latest_version(template: Template) -> TemplateVersion | None:
    """Return the version that is sent; None when there is none yet."""
    if template.pk is None:
        return None
    return TemplateVersion.objects.filter(template=template).order_by("-number").first()


@transaction.atomic
def add_version(template: Template, *, subject: str, html: str, text: str) -> TemplateVersion:
    """Save a state of a template as its next version, which is sent from now on."""
    Template.objects.select_for_update().get(pk=template.pk)  # numbers are given one at a time
    latest = latest_version(template)
    number = latest.number + 1 if latest is not None else 1
    version: TemplateVersion = TemplateVersion.objects.create(
        template=template, number=number, subject=subject, html=html, text=text
    )
    return version


@admin.register(Template)
class TemplateAdmin(ScopedAdmin):
    rights = DEVELOPERS
    form = TemplateForm
    list_display = ("name", "invoke_name", "syntax", "version", "updated_at", "account")
    list_filter = ("syntax", ("account", ScopedFilter))
    list_select_related = ("account",)
    search_fields = ("name", "invoke_name")
    ordering = ("-updated_at", "-pk")
    readonly_fields = ("preview", "versions", "number")
    empty_title = _("No template yet")
    empty_text = _("A template is a stored message with fields to fill. Calls name it by its number or its invoke name.")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, dict[str, Any]]]:
        names = ("account", ("name", "invoke_name"), ("syntax", "is_bulk"), *(("number",) if obj else ()))
        content = CONTENT if self.has_change_permission(request, obj) else ()
        shown = ("preview", "versions") if obj else ()
        groups = ((None, names), (_("Content"), content), (_("Versions"), shown))
        return [(title, {"fields": self._needed(request, fields)}) for title, fields in groups if fields]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(version_count=Count("versions"))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        has_new_content = form.has_new_content
        super().save_model(request, obj, form, change)
        if has_new_content:
            add_version(obj, **{name: form.cleaned_data[name] for name in CONTENT})

    @admin.display(description=_("version"))
    def version(self, template: Any) -> str:
        return f"v{template.version_count}"

    @admin.display(description=_("number in calls"))
    def number(self, template: Template) -> int | None:
        return template.pk

    @admin.display(description=_("preview"))
    def preview(self, template: Template) -> SafeString | str:
        latest = latest_version(template)
        return frame(latest.html) if latest is not None and latest.html else "-"

    @admin.display(description=_("versions"))
    def versions(self, template: Template) -> SafeString:
        rows = TemplateVersion.objects.filter(template=template).order_by("-number")[:MOST_VERSIONS]
        lines = ((f"v{row.number}", f"{row.created_at:%Y-%m-%d %H:%M} UTC", row.subject) for row in rows)
        return format_html(
            '<div class="gp-scroll"><table class="gp-table"><tbody>{}</tbody></table></div>',
            format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td></tr>", lines),
        )
