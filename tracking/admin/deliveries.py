"""The room of deliveries to webhooks: each event's way to each endpoint, what was sent, and what was answered."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.acts import Act, ActingAdmin
from accounts.markup import badge, copyable
from accounts.scoped import READ_ONLY, ScopedFilter
from tracking.admin.drawing import draw_table, draw_time
from tracking.models import WebhookDelivery
from tracking.webhooks import actions
from tracking.webhooks.queries import load_call

TONES = {"waiting": "busy", "sending": "busy", "done": "good", "failed": "bad"}
MOST_TRIES = 100  # that a page lists, the latest
_ANSWER = '<span class="gp-answer">{}</span>'
ENDED = (WebhookDelivery.State.DONE, WebhookDelivery.State.FAILED)


def state_of(delivery: WebhookDelivery) -> SafeString:
    """Return the label of a delivery's state."""
    return badge(delivery.get_state_display(), TONES[delivery.state])


def _replay(delivery: WebhookDelivery) -> str:
    actions.replay(delivery)
    return ""


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ActingAdmin):
    rights = READ_ONLY
    list_display = ("event_at", "webhook", "state_badge", "attempts", "status", "answer_line", "next_try")
    list_filter = ("state", ("webhook", ScopedFilter))
    list_select_related = ("webhook",)
    fieldsets = (
        (None, {"fields": ("event_at", "webhook", "state_badge", "message", "id_sent", "next_try", "done_at")}),
        (_("Tries"), {"fields": ("tries_table",)}),
        (_("What is sent, to the byte, in every try"), {"fields": ("content_type", "body")}),
    )
    ordering = ("-event_at", "-event_id")
    sortable_by = ()
    empty_title = _("Nothing was delivered yet")
    empty_text = _("Each event's way to each webhook, with the answer that your server gave.")
    acts = (
        Act(
            name="replay",
            label=_("Replay"),
            question=_("It is sent again, with the same id and body. Your server knows by the id whether it has it."),
            past="replayed",
            run=_replay,
            icon="replay",
            is_open=lambda delivery: delivery.state in ENDED and delivery.webhook.is_active,
        ),
    )

    def url_after(self, row: Any) -> str:
        return self.page_url(row)

    @admin.display(description=_("state"), ordering="state")
    def state_badge(self, delivery: WebhookDelivery) -> SafeString:
        return state_of(delivery)

    @admin.display(description=_("next try"))
    def next_try(self, delivery: WebhookDelivery) -> str:
        is_waiting = delivery.state == WebhookDelivery.State.WAITING
        return f"{delivery.next_attempt_at:%Y-%m-%d %H:%M:%S}" if is_waiting else "-"

    @admin.display(description=_("answer"))
    def answer_line(self, delivery: WebhookDelivery) -> str:
        return delivery.answer[:80]

    @admin.display(description=_("message"))
    def message(self, delivery: WebhookDelivery) -> SafeString | str:
        parcel = load_call(delivery).parcel
        keys = sorted({telling.public_id for telling in parcel.tellings}) if parcel is not None else []
        links = ((reverse("admin:gateway_message_change", args=(key,)), key) for key in keys)
        return format_html_join(" ", '<a class="gp-link" href="{}">{}</a>', links) or "-"

    @admin.display(description=_("id"))
    def id_sent(self, delivery: WebhookDelivery) -> SafeString | str:
        parcel = load_call(delivery).parcel
        return copyable(parcel.id) if parcel is not None else "-"

    @admin.display(description=_("content type"))
    def content_type(self, delivery: WebhookDelivery) -> str:
        return load_call(delivery).format.content_type

    @admin.display(description=_("body"))
    def body(self, delivery: WebhookDelivery) -> SafeString | str:
        call = load_call(delivery)
        if call.problem:
            return call.problem
        text = call.body.decode()
        return format_html(
            '<div class="gp-snippet gp-scroll"><pre class="gp-pre">{}</pre>{}</div>',
            text,
            copyable(text, shown="\N{ZERO WIDTH SPACE}"),
        )

    @admin.display(description=_("tries"))
    def tries_table(self, delivery: WebhookDelivery) -> SafeString | str:
        rows = [
            (
                one.number,
                draw_time(one.at),
                one.status or "-",
                f"{one.seconds:.3f}\N{NO-BREAK SPACE}s",
                format_html(_ANSWER, one.answer),
            )
            for one in delivery.tries.order_by("-number")[:MOST_TRIES]
        ]
        table = draw_table((_("Try"), _("At"), _("Status"), _("Time"), _("Answer")), rows)
        return table or str(_("None on record. The webhook keeps no log, or was not called yet."))
