"""The rooms of address lists and their members."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.scoped import DEVELOPERS, ScopedAdmin, ScopedFilter
from templates_app.models import AddressList, Member


@admin.register(AddressList)
class AddressListAdmin(ScopedAdmin):
    rights = DEVELOPERS
    list_display = ("name", "address", "members", "updated_at", "account")
    list_filter = (("account", ScopedFilter),)
    list_select_related = ("account",)
    search_fields = ("name", "address")
    fields = ("account", ("name", "address"), "description")
    ordering = ("name", "pk")
    empty_title = _("No address list")
    empty_text = _("A list is a named set of addresses to send to in bulk; calls name it by its address.")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(member_count=Count("members"))

    @admin.display(description=_("members"))
    def members(self, address_list: Any) -> str:
        return f"{address_list.member_count:,}"


@admin.register(Member)
class MemberAdmin(ScopedAdmin):
    rights = DEVELOPERS
    list_display = ("email", "name", "address_list", "updated_at")
    list_filter = (("address_list", ScopedFilter),)
    list_select_related = ("address_list",)
    search_fields = ("email",)
    fields = ("address_list", ("email", "name"), "variables")
    ordering = ("-pk",)
    empty_title = _("No addresses")
    empty_text = _("The addresses of your lists, with the values of their fields.")
