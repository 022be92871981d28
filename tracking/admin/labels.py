"""The room of labels: the names that mail is counted under."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.scoped import DEVELOPERS, ScopedAdmin, ScopedFilter, ScopedForm
from gateway.base.errors import Refused
from tracking.labels import check_name, delete_label, forget
from tracking.models import Label


class LabelForm(ScopedForm):
    def clean_name(self) -> str:
        """Return the name, judged as that of a call is."""
        try:
            return check_name(str(self.cleaned_data["name"]))
        except Refused as refusal:
            raise ValidationError(refusal.message) from None


@admin.register(Label)
class LabelAdmin(ScopedAdmin):
    rights = DEVELOPERS
    form = LabelForm
    list_display = ("name", "number", "created_at", "updated_at", "account")
    list_filter = (("account", ScopedFilter),)
    list_select_related = ("account",)
    search_fields = ("name",)
    fields = ("account", "name")
    ordering = ("name", "pk")
    empty_title = _("No label yet")
    empty_text = _("A label is a name that mail is counted under. Calls that send make the labels that they name.")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        forget()

    def delete_model(self, request: HttpRequest, obj: Label) -> None:
        delete_label(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Label]) -> None:
        for label in queryset:
            delete_label(label)

    @admin.display(description=_("number"), ordering="pk")
    def number(self, label: Label) -> str:
        return str(label.pk)
