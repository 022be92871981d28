"""The room of sender domains: added, their records shown and checked, their keys rotated, deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.acts import Act
from accounts.markup import badge
from accounts.models import Account
from accounts.scoped import DEVELOPERS, ScopedFilter, ScopedForm
from domains import actions, queries
from domains.admin.checked import CheckedAdmin
from domains.admin.page import page_of_domain
from domains.models import SenderDomain
from domains.names import clean_domain, clean_label
from domains.options import set_options
from domains.rotation import cancel_rotation, rotate_keys
from gateway.base.errors import Refused

HOSTS = {"subdomain", "track_prefix", "uses_tracking_host"}  # what DNS is looked at anew for


def cleaned(clean: Callable[[], str]) -> str:
    """Return what `clean` returns, a refusal as the form's own error."""
    try:
        return clean()
    except Refused as refusal:
        raise forms.ValidationError(refusal.message) from None


class NewDomainForm(ScopedForm):
    name = forms.CharField(
        label=_("Domain"),
        max_length=253,
        widget=UnfoldAdminTextInputWidget(
            attrs={"placeholder": "example.com", "autocapitalize": "none", "spellcheck": "false"}
        ),
        help_text=_("The part after the @ of the addresses that you send from."),
    )

    def clean_name(self) -> str:
        return cleaned(lambda: clean_domain(self.cleaned_data["name"]))


SWITCH = (("unknown", _("As the account has it")), ("true", _("Yes")), ("false", _("No")))


class DomainForm(ScopedForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in {"track_opens", "track_clicks"} & set(self.fields):  # a viewer's page has no fields
            self.fields[name].widget.choices = SWITCH
            self.fields[name].help_text = ""

    class Meta:
        labels = {
            "subdomain": _("Prefix of the return path"),
            "track_prefix": _("Prefix of tracked links"),
            "uses_tracking_host": _("Tracked links name a host of this domain"),
            "is_tracking_secure": _("Tracked links by https"),
            "is_active": _("Mail may be sent from it"),
            "unsubscribe_link": _("Add an unsubscribe link"),
        }

    def clean_subdomain(self) -> str:
        return cleaned(lambda: clean_label(self.cleaned_data["subdomain"], field="subdomain"))

    def clean_track_prefix(self) -> str:
        return cleaned(lambda: clean_label(self.cleaned_data["track_prefix"], field="track_prefix"))

    def clean(self) -> dict[str, Any] | None:
        values = super().clean() or {}
        if values.get("subdomain") and values.get("subdomain") == values.get("track_prefix"):
            self.add_error("track_prefix", _("Return path and tracked links cannot share a host; choose another prefix."))
        return values


def _rotate(domain: SenderDomain) -> str:
    rotate_keys(domain)
    return ""


def _cancel(domain: SenderDomain) -> str:
    cancel_rotation(domain)
    return ""


def _is_rotating(domain: SenderDomain) -> bool:
    return any(not key.is_active and key.retired_at is None for key in domain.dkim_keys.all())


@admin.register(SenderDomain)
class SenderDomainAdmin(CheckedAdmin):
    rights = DEVELOPERS
    look = staticmethod(actions.look_at_domain)
    page = staticmethod(page_of_domain)
    form = DomainForm
    list_display = ("name", "state", "records_state", "checked_at", "account")
    list_filter = ("is_active", ("account", ScopedFilter))
    list_select_related = ("account",)
    search_fields = ("name",)
    ordering = ("name", "pk")
    add_fieldsets = ((None, {"fields": ("account", "name")}),)
    fieldsets = (
        (_("Tracking"), {"fields": (("track_opens", "track_clicks"), "unsubscribe_link")}),
        (_("Hosts"), {"fields": ("subdomain", "track_prefix", ("uses_tracking_host", "is_tracking_secure"))}),
        (_("Domain"), {"fields": ("account", "is_active")}),
    )
    empty_title = _("No sender domain yet")
    empty_text = _(
        "Mail is sent from domains that you have shown to be yours. Add one, publish the records that are shown then, "
        "and DNS is looked at until they are there."
    )
    acts = (
        Act(
            name="rotate",
            label=_("Rotate keys"),
            question=_(
                "Two new DKIM keys are made. Publish their records beside the old ones: each new key signs as soon as DNS "
                "shows it, and the old one's record can be removed a week later. Nothing changes before that."
            ),
            past="made new DKIM keys for",
            run=_rotate,
            icon="autorenew",
            is_open=lambda domain: not _is_rotating(domain),
        ),
        Act(
            name="keep",
            label=_("Cancel rotation"),
            question=_("The new DKIM keys that do not sign yet are deleted. The present ones go on signing."),
            past="cancelled the key rotation of",
            run=_cancel,
            icon="undo",
            is_open=_is_rotating,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("dkim_keys")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return [(title, {"fields": self._needed(request, options["fields"])}) for title, options in self.add_fieldsets]
        return super().get_fieldsets(request, obj)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            kwargs["form"] = NewDomainForm
        return super().get_form(request, obj, change=change, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        self.check_may(request, self.rights.change if change else self.rights.add, obj)
        if not change:
            account: Account = obj.account
            made = actions.add_domain(account, obj.name)
            obj.pk = made.pk
            obj.refresh_from_db()
            return
        changed = set(form.changed_data)
        if changed - HOSTS:
            obj.save(update_fields=sorted(changed - HOSTS))  # never what a check may be writing just now
        if changed & HOSTS:
            row = SenderDomain.objects.get(pk=obj.pk)
            actions.set_prefixes(row, subdomain=obj.subdomain, track_prefix=obj.track_prefix)
            set_options(row, uses_tracking_host=obj.uses_tracking_host)
        queries.forget()

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """Go on to the new domain's page: its records are what comes next."""
        return HttpResponseRedirect(self._path("change", obj))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        actions.delete_domain(obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for domain in queryset:
            actions.delete_domain(domain)

    @admin.display(description=_("state"))
    def state(self, domain: SenderDomain) -> SafeString:
        standing = page_of_domain(domain).standing
        return badge(standing.heading, standing.tone)

    @admin.display(description=_("records"))
    def records_state(self, domain: SenderDomain) -> str:
        if domain.checked_at is None:
            return str(_("not looked at yet"))
        page = page_of_domain(domain)
        mistakes = sum(row.tone == "bad" for row in page.rows)
        done = _("%(done)d of %(all)d right") % {"done": page.done, "all": len(page.wanted)}
        return f"{done}, {mistakes} {_('wrong')}" if mistakes else str(done)
