"""The rooms of address lists and their members; a list's page leads to its members, in and out as CSV, and to a send."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget

from accounts.access import account_of
from accounts.scoped import DEVELOPERS, ScopedAdmin, ScopedFilter, ScopedForm
from gateway.base.errors import FieldInvalid
from templates_app.lists import delete_list, fit, fit_address
from templates_app.members import Entry, check_entry, delete_members, find_members, put_members
from templates_app.models import AddressList, Member
from templates_app.sheets import MOST_BYTES, MOST_LINES, export_members, import_members


class ListForm(ScopedForm):
    """A list by its names, which are judged as those of a call are."""

    def clean_address(self) -> str:
        return _judged(partial(fit_address, self.cleaned_data["address"]))

    def clean_name(self) -> str:
        return _judged(partial(fit, "name", self.cleaned_data["name"]))


class SheetForm(forms.Form):
    """A file of members."""

    file = forms.FileField(
        label=_("CSV file"),
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,text/csv,text/plain"}),
        help_text=_("UTF-8; the first line names the columns. One is “email”, one may be “name”, all others are variables."),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than %(most)s MB; split it.") % {"most": MOST_BYTES >> 20})
        return file


class MemberForm(ScopedForm):
    """One member. Saving goes the way of all members, which keeps their count."""

    def clean_variables(self) -> dict[str, str]:
        variables = self.cleaned_data["variables"] or {}
        if not isinstance(variables, dict):
            raise forms.ValidationError(_("The variables must be an object of texts by name."))
        return variables

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        wanted = Entry(email=cleaned.get("email", ""), name=cleaned.get("name", ""), variables=cleaned.get("variables"))
        try:
            entry = check_entry(wanted) if "email" in cleaned and "variables" in cleaned else wanted
        except FieldInvalid as error:
            self.add_error(error.field, error.message)
            return cleaned
        address_list = cleaned.get("address_list") or getattr(self.instance, "address_list", None)
        if address_list is not None and self._is_taken(address_list, entry.email):
            self.add_error("email", _("This address is in the list already."))
        return cleaned | {"email": entry.email}

    def _is_taken(self, address_list: AddressList, email: str) -> bool:
        same = find_members(address_list.account_id, address_list.pk, [email])
        return same.exclude(pk=self.instance.pk).exists()


def _judged(judge: Callable[[], str]) -> str:
    try:
        return judge()
    except FieldInvalid as error:
        raise forms.ValidationError(error.message) from None


@admin.register(AddressList)
class AddressListAdmin(ScopedAdmin):
    rights = DEVELOPERS
    form = ListForm
    list_display = ("name", "address", "members", "updated_at", "account")
    list_filter = (("account", ScopedFilter),)
    list_select_related = ("account",)
    search_fields = ("name", "address")
    fields = ("account", ("name", "address"), "description", "is_advanced")
    ordering = ("name", "pk")
    change_form_template = "console/address_list.html"
    empty_title = _("No address list")
    empty_text = _("A list is a named set of addresses to send to in bulk; calls name it by its address.")

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("<int:list_id>/import/", guard(self.import_view), name="templates_app_addresslist_import"),
            path("<int:list_id>/export/", guard(self.export_view), name="templates_app_addresslist_export"),
            *super().get_urls(),
        ]

    def import_view(self, request: HttpRequest, list_id: int) -> HttpResponse:
        """Ask for a file of members; read it, and say what came of its lines."""
        row = self.get_object(request, str(list_id))
        if row is None:
            return self.not_there(request, str(list_id))
        self.check_may(request, self.rights.change, row)
        form = SheetForm(request.POST, request.FILES) if request.method == "POST" else SheetForm()
        summary = import_members(row.account_id, row.pk, form.cleaned_data["file"]) if form.is_valid() else None
        if summary is not None:
            done = {"added": summary.added, "updated": summary.updated, "refused": summary.refused}
            self.audit(request, row, "imported members into", **done)
            row.refresh_from_db()
        context = {"title": str(row), "opts": self.opts, "object": row, "form": form, "summary": summary, "lines": MOST_LINES}
        return TemplateResponse(request, "console/list_import.html", {**self.admin_site.each_context(request), **context})

    def export_view(self, request: HttpRequest, list_id: int) -> HttpResponse | StreamingHttpResponse:
        """Hand the members out as CSV, as they are read."""
        row = self.get_object(request, str(list_id))
        if row is None:
            return self.not_there(request, str(list_id))
        self.audit(request, row, "exported members of", members=row.member_count)
        answer = StreamingHttpResponse(export_members(row.account_id, row.pk), content_type="text/csv; charset=utf-8")
        name = f"{slugify(row.address.partition('@')[0]) or 'list'}.csv"
        answer.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
        answer.headers["X-Content-Type-Options"] = "nosniff"
        return answer

    def delete_model(self, request: HttpRequest, obj: AddressList) -> None:
        delete_list(obj.account_id, obj.pk)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[AddressList]) -> None:
        for row in queryset:
            self.delete_model(request, row)

    @admin.display(description=_("members"), ordering="member_count")
    def members(self, address_list: AddressList) -> str:
        return f"{address_list.member_count:,}"


@admin.register(Member)
class MemberAdmin(ScopedAdmin):
    rights = DEVELOPERS
    form = MemberForm
    list_display = ("email", "name", "address_list", "updated_at")
    list_filter = (("address_list", ScopedFilter),)
    list_select_related = ("address_list",)
    search_fields = ("email",)
    search_help_text = _("Address, or a part of it")
    fields = ("address_list", ("email", "name"), "variables")
    ordering = ("-pk",)
    empty_title = _("No addresses")
    empty_text = _("The addresses of your lists, with the values of their fields.")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = ("address_list",) if obj is not None else ()
        return (*super().get_readonly_fields(request, obj), *fixed)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        self.check_may(request, self.rights.add, obj)
        account_id = account_of(obj) or 0
        put_members(account_id, obj.address_list_id, [Entry(email=obj.email, name=obj.name, variables=obj.variables)])
        obj.pk = find_members(account_id, obj.address_list_id, [obj.email]).get().pk

    def delete_model(self, request: HttpRequest, obj: Member) -> None:
        delete_members(account_of(obj) or 0, obj.address_list_id, [obj.email])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Member]) -> None:
        for row in queryset.select_related("address_list"):
            self.delete_model(request, row)
