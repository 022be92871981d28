"""The rooms of suppressions and webhooks. Events have a key of two columns, and show on the page of their message."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminURLInputWidget

from accounts.access import Level
from accounts.markup import badge
from accounts.scoped import READ_ONLY, Rights, ScopedAdmin, ScopedFilter, ScopedForm
from tracking.models import EventType, Suppression, Webhook, WebhookDelivery

CAUSE_TONES = {"bounced": "bad", "complained": "bad", "unsubscribed": "late", "manual": "idle"}
DELIVERY_TONES = {"waiting": "busy", "sending": "busy", "done": "good", "failed": "bad"}
MOST_DELIVERIES = 20  # that a webhook's page lists


class SuppressionForm(ScopedForm):
    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).strip().lower()


@admin.register(Suppression)
class SuppressionAdmin(ScopedAdmin):
    rights = Rights(add=Level.DEVELOPER, delete=Level.DEVELOPER)
    form = SuppressionForm
    list_display = ("email", "cause_badge", "source", "created_at", "account")
    list_filter = ("cause", ("account", ScopedFilter))
    list_select_related = ("account",)
    search_fields = ("email__startswith",)
    search_help_text = _("Beginning of an address")
    fields = ("account", "email", "cause", "source")
    ordering = ("-pk",)
    empty_title = _("Nobody is suppressed")
    empty_text = _("Addresses that bounced for good, complained or unsubscribed are put here, and are not mailed again.")

    @admin.display(description=_("cause"))
    def cause_badge(self, suppression: Suppression) -> SafeString:
        return badge(suppression.get_cause_display(), CAUSE_TONES[suppression.cause])


class WebhookForm(ScopedForm):
    url = forms.URLField(max_length=2000, assume_scheme="https", widget=UnfoldAdminURLInputWidget)
    events = forms.MultipleChoiceField(
        choices=EventType.choices,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("None chosen: all of them."),
    )


@admin.register(Webhook)
class WebhookAdmin(ScopedAdmin):
    rights = Rights(change=Level.DEVELOPER, delete=Level.DEVELOPER)
    form = WebhookForm
    list_display = ("url", "format", "events_line", "is_active", "account")
    list_filter = ("is_active", "format", ("account", ScopedFilter))
    list_select_related = ("account",)
    search_fields = ("url", "description")
    fields = ("account", "url", ("is_active", "keeps_log"), "format", "events", ("domain", "smtp_user"), "description", "log")
    readonly_fields = ("log",)
    ordering = ("-pk",)
    empty_title = _("No webhook yet")
    empty_text = _(
        "A webhook tells your server of each event within seconds. Add one by the API of the vendor whose words you use."
    )

    @admin.display(description=_("events"))
    def events_line(self, webhook: Webhook) -> str:
        return ", ".join(map(str, webhook.events)) or str(_("all"))

    @admin.display(description=_("latest deliveries"))
    def log(self, webhook: Webhook) -> SafeString | str:
        rows = WebhookDelivery.objects.filter(webhook=webhook).order_by("-pk")[:MOST_DELIVERIES]
        lines = [
            (f"{row.event_at:%Y-%m-%d %H:%M:%S}", _state(row), row.attempts, row.status or "-", row.answer[:200])
            for row in rows
        ]
        if not lines:
            return "-"
        return format_html(
            '<div class="gp-scroll"><table class="gp-table"><tbody>{}</tbody></table></div>',
            format_html_join("", "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>", lines),
        )


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ScopedAdmin):
    rights = READ_ONLY
    list_display = ("event_at", "webhook", "state_badge", "attempts", "status", "answer_line", "next_attempt_at")
    list_filter = ("state", ("webhook", ScopedFilter))
    list_select_related = ("webhook",)
    fields = ("webhook", "event_at", "state_badge", "attempts", "status", "answer", "next_attempt_at")
    ordering = ("-pk",)
    sortable_by = ()
    empty_title = _("Nothing was delivered yet")
    empty_text = _("Each event's way to each webhook, with the answer that your server gave.")

    @admin.display(description=_("state"))
    def state_badge(self, delivery: WebhookDelivery) -> SafeString:
        return _state(delivery)

    @admin.display(description=_("answer"))
    def answer_line(self, delivery: Any) -> str:
        return str(delivery.answer[:80])


def _state(delivery: WebhookDelivery) -> SafeString:
    return badge(delivery.get_state_display(), DELIVERY_TONES[delivery.state])
