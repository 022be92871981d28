"""The room of unsubscribe pages."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

from accounts.markup import Words, clean_html, frame
from accounts.scoped import DEVELOPERS, ScopedAdmin, ScopedFilter, ScopedForm
from templates_app.models import UnsubscribePage
from templates_app.unsubscribe import place_button
from templates_app.unsubscribe_words import words_of

_PADS = {"class": "gp-code", "spellcheck": "false"}
# As the page shows it (gateway/templates/links/page.html), but without the form, which no preview has.
_BUTTON = (
    '<p style="margin:28px 0 0"><span style="display:inline-block;padding:11px 24px;border-radius:10px;font-weight:600;'
    'color:#fff;background:#0f766e">{}</span></p>'
)


class UnsubscribePageForm(ScopedForm):
    class Meta:
        widgets = {
            "html": UnfoldAdminTextareaWidget(attrs={"rows": 14, **_PADS}),
            "done_html": UnfoldAdminTextareaWidget(attrs={"rows": 8, **_PADS}),
        }


@admin.register(UnsubscribePage)
class UnsubscribePageAdmin(ScopedAdmin):
    rights = DEVELOPERS
    form = UnsubscribePageForm
    list_display = ("name", "language", "title", "is_default", "account")
    list_filter = ("language", ("account", ScopedFilter))
    list_select_related = ("account",)
    search_fields = ("name", "title")
    readonly_fields = ("number", "preview", "done_preview")
    ordering = ("name", "language", "pk")
    empty_title = _("No unsubscribe page")
    empty_text = _(
        "People who unsubscribe then see a plain page in their language. A page of your own says it in your words; give one of "
        "the same name in each language that your readers have."
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, dict[str, Any]]]:
        names = ("account", ("name", "language"), "is_default", *(("number",) if obj else ()))
        previews = ("preview", "done_preview") if obj else ()
        groups = ((None, names), (_("Content"), ("title", "html", "button", "done_html")), (_("Preview"), previews))
        return [(title, {"fields": self._needed(request, fields)}) for title, fields in groups if fields]

    @admin.display(description=_("number in calls"))
    def number(self, page: UnsubscribePage) -> int | None:
        return page.pk

    @admin.display(description=_("before"))
    def preview(self, page: UnsubscribePage) -> Words:
        button = format_html(_BUTTON, page.button or words_of(page.language).button)
        title = str(_("The page that asks"))
        return frame(place_button(clean_html(page.html), button), title=title) if page.html else _("The usual page.")

    @admin.display(description=_("after"))
    def done_preview(self, page: UnsubscribePage) -> Words:
        return frame(page.done_html, title=str(_("The page afterwards"))) if page.done_html else _("The usual words.")
