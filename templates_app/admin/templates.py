"""The room of templates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.access import access_of, account_of
from accounts.markup import Words, copyable
from accounts.scoped import DEVELOPERS, ScopedFilter
from templates_app import actions
from templates_app.admin.template_form import CONTENT, TemplateForm
from templates_app.admin.template_pages import TemplatePages
from templates_app.models import Template, TemplateVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A button at the top of a template's page."""

    label: Words
    icon: str
    is_danger: bool = False


_PREVIEW = Link(label=_("Preview"), icon="visibility")
_TEST = Link(label=_("Send a test"), icon="outgoing_mail")


@admin.register(Template)
class TemplateAdmin(TemplatePages):
    rights = DEVELOPERS
    form = TemplateForm
    change_form_template = "console/change_form.html"
    list_display = ("name", "invoke_name", "syntax", "version", "updated_at", "account")
    list_filter = ("syntax", ("account", ScopedFilter))
    list_select_related = ("account",)
    search_fields = ("name", "invoke_name")
    ordering = ("-updated_at", "-pk")
    readonly_fields = ("look", "versions", "number", *(f"latest_{name}" for name in CONTENT))
    empty_title = _("No template yet")
    empty_text = _("A template is a stored message with fields to fill. Calls name it by its number or its invoke name.")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, dict[str, Any]]]:
        may_write = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        groups = (
            (None, ("account", ("name", "invoke_name"), "syntax", "is_bulk")),
            (_("Content"), (*CONTENT, "completes", "look") if may_write else tuple(f"latest_{name}" for name in CONTENT)),
            (_("Versions"), ("versions",) if obj else ()),
            (_("How calls name it"), ("number",) if obj else ()),
        )
        return [(title, {"fields": self._needed(request, fields)}) for title, fields in groups if fields]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(latest_number=Max("versions__number"))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        template = self.get_object(request, object_id)
        links = self._links(request, template) if template is not None else []
        return super().change_view(request, object_id, form_url, {"acts": links, **(extra_context or {})})  # type: ignore[no-any-return]

    def _links(self, request: HttpRequest, template: Template) -> list[tuple[Link, str]]:
        links = [(_PREVIEW, reverse("admin:templates_app_template_preview", args=(template.pk,)))]
        if access_of(request).level_in(account_of(template)) >= self.rights.change:
            links.append((_TEST, reverse("admin:template_test", args=(template.pk,))))
        return links

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        self.check_may(request, self.rights.change if change else self.rights.add, obj)
        actions.save_template(obj, form.texts(), completes=form.cleaned_data["completes"])

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        actions.delete_template(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for template in queryset:
            actions.delete_template(template)

    @admin.display(description=_("preview"))
    def look(self, _template: Template) -> SafeString:
        return format_html(
            '<button type="submit" class="gp-button" formaction="{}" formtarget="_blank" formnovalidate>'
            '<span class="material-symbols-outlined" aria-hidden="true">visibility</span>{}</button> '
            '<span class="gp-faint">{}</span>',
            reverse("admin:templates_app_template_try"),
            _("Preview what is written here"),
            _("Opens in a new tab; nothing is saved."),
        )

    @admin.display(description=_("version"), ordering="latest_number")
    def version(self, template: Any) -> str:
        return f"v{template.latest_number}" if template.latest_number else "-"

    @admin.display(description=_("number and invoke name"))
    def number(self, template: Template) -> SafeString:
        return format_html("{} {}", copyable(str(template.pk)), copyable(template.invoke_name))

    @admin.display(description=_("versions"))
    def versions(self, template: Template) -> SafeString:
        rows = (
            TemplateVersion.objects.filter(template=template).order_by("-number").defer("html", "text")[: actions.MOST_VERSIONS]
        )
        lines = (
            (
                reverse("admin:templates_app_template_version", args=(template.pk, row.number)),
                f"v{row.number}",
                f"{row.created_at:%Y-%m-%d %H:%M} UTC",
                row.subject,
            )
            for row in rows
        )
        return format_html(
            '<div class="gp-scroll gp-tall" tabindex="0"><table class="gp-table"><tbody>{}</tbody></table></div>',
            format_html_join("", '<tr><td><a href="{}">{}</a></td><td>{}</td><td>{}</td></tr>', lines),
        )

    @admin.display(description=_("subject"))
    def latest_subject(self, template: Template) -> str:
        return actions.latest_texts(template).subject or "-"

    @admin.display(description="HTML")
    def latest_html(self, template: Template) -> SafeString:
        return _source(actions.latest_texts(template).html)

    @admin.display(description=_("text"))
    def latest_text(self, template: Template) -> SafeString:
        return _source(actions.latest_texts(template).text)


def _source(text: str) -> SafeString:
    return format_html('<pre class="gp-pre" tabindex="0">{}</pre>', text or "-")
