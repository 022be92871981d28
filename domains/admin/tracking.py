"""The room of tracking hosts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.markup import badge
from accounts.scoped import DEVELOPERS, ScopedFilter, ScopedForm
from domains import queries
from domains.actions import look_at_tracking_domain
from domains.admin.checked import CheckedAdmin
from domains.admin.page import page_of_host, say_host
from domains.admin.senders import cleaned
from domains.models import TrackingDomain
from domains.names import clean_domain
from domains.trackinghosts import add_tracking_domain


class NewHostForm(ScopedForm):
    name = forms.CharField(
        label=_("Host name"),
        max_length=253,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "links.example.com", "autocapitalize": "none"}),
        help_text=_("A name below a domain of yours that nothing else uses."),
    )

    def clean_name(self) -> str:
        return cleaned(lambda: clean_domain(self.cleaned_data["name"]))


class HostForm(ScopedForm):
    class Meta:
        labels = {"is_secure": _("Links by https")}


@admin.register(TrackingDomain)
class TrackingDomainAdmin(CheckedAdmin):
    rights = DEVELOPERS
    look = staticmethod(look_at_tracking_domain)
    page = staticmethod(page_of_host)
    form = HostForm
    list_display = ("name", "state", "checked_at", "account")
    list_filter = (("account", ScopedFilter),)
    list_select_related = ("account",)
    search_fields = ("name",)
    ordering = ("name", "pk")
    fields = ("account", "name", "is_secure")
    empty_title = _("No tracking domain")
    empty_text = _(
        "Tracked links point to this server's own host name, or to that of the sender domain. Add a host to choose another."
    )

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            kwargs["form"] = NewHostForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("account", "name") if obj is not None else ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            queries.forget()
            return
        self.check_may(request, self.rights.add, obj)
        made = add_tracking_domain(obj.account, obj.name)
        TrackingDomain.objects.filter(pk=made.pk).update(is_secure=obj.is_secure)
        obj.pk = made.pk
        obj.refresh_from_db()

    @admin.display(description=_("state"))
    def state(self, host: TrackingDomain) -> SafeString:
        standing = say_host(host)
        return badge(standing.heading, standing.tone)
