"""The room of unsubscribe pages."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.scoped import DEVELOPERS, ScopedAdmin, ScopedFilter
from templates_app.models import UnsubscribePage


@admin.register(UnsubscribePage)
class UnsubscribePageAdmin(ScopedAdmin):
    rights = DEVELOPERS
    list_display = ("name", "language", "account")
    list_filter = (("account", ScopedFilter),)
    list_select_related = ("account",)
    search_fields = ("name",)
    fields = ("account", ("name", "language"), "html")
    ordering = ("name", "pk")
    empty_title = _("No unsubscribe page")
    empty_text = _("People who unsubscribe then see a plain page. A page of your own says it in your words.")
