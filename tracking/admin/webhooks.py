"""The room of webhooks: where events go, how each endpoint fares, its key, and what can be done about it."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.humanize.templatetags.humanize import naturaltime
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.access import Level, access_of, account_of
from accounts.acts import Act, ActingAdmin
from accounts.markup import badge, copyable
from accounts.scoped import DEVELOPERS, ScopedFilter
from domains.admin.refusing import RefusingMixin
from gateway.base import clock
from gateway.base.sealing import CannotOpen
from tracking import outbox
from tracking.admin.deliveries import state_of
from tracking.admin.drawing import draw_hours, draw_table, draw_time
from tracking.admin.webhook_form import LOCKED, Trial, WebhookForm
from tracking.models import Webhook, WebhookDelivery
from tracking.webhooks import actions
from tracking.webhooks.calls import open_key
from tracking.webhooks.fanout import words_of
from tracking.webhooks.queries import load_hours

MOST_DELIVERIES = 10  # that a webhook's page lists


def _reset(webhook: Webhook) -> str:
    return actions.reset_key(webhook)


def _disable(webhook: Webhook) -> str:
    actions.disable(webhook, "Disabled by hand.")
    return ""


def _enable(webhook: Webhook) -> str:
    actions.enable(webhook)
    return ""


def _replay_failed(webhook: Webhook) -> str:
    actions.replay_failed(webhook)
    return ""


def _test(_webhook: Webhook) -> str:
    """Do nothing: the room's own answer to this act shows what came of it."""
    return ""


@admin.register(Webhook)
class WebhookAdmin(RefusingMixin, ActingAdmin):
    rights = DEVELOPERS
    form = WebhookForm
    _trials: WeakKeyDictionary[HttpRequest, Trial] = WeakKeyDictionary()
    list_display = ("url_line", "state", "format", "events_line", "last_success_at", "account")
    list_filter = ("is_active", "format", ("account", ScopedFilter))
    list_select_related = ("account",)
    search_fields = ("url", "description")
    fieldsets = (
        (_("How it fares"), {"fields": ("health", "chart", "latest")}),
        (_("Key"), {"fields": ("key",)}),
        (_("What it is told"), {"fields": ("account", "url", "format", "events", ("domain", "smtp_user"))}),
        (_("Notes"), {"fields": ("description", "keeps_log")}),
    )
    add_fieldsets = (
        (None, {"fields": ("account", "url", "format", "events", ("domain", "smtp_user"))}),
        (_("Notes"), {"fields": ("description", "keeps_log")}),
    )
    ordering = ("-pk",)
    empty_title = _("No webhook yet")
    empty_text = _(
        "A webhook tells your server of each event within seconds, and again and again until it answers. Calls are signed, so "
        "that your server knows they come from here."
    )
    secret_title = _("The webhook's key")
    secret_text = _("Calls are signed with it. You find it on the webhook's page at any time.")
    acts = (
        Act(
            name="test",
            label=_("Send a test event"),
            question=_("An event of the type “test” is sent now, and you see what your server answers."),
            past="sent a test to",
            run=_test,
            icon="send",
            commits=True,
        ),
        Act(
            name="replay",
            label=_("Replay failed"),
            question=_("All that failed is sent again, with the same ids and bodies. Your server knows by the id what it has."),
            past="replayed what failed of",
            run=_replay_failed,
            icon="replay",
            is_open=lambda webhook: webhook.is_active and _has_failed(webhook),
        ),
        Act(
            name="reset",
            label=_("Reset key"),
            question=_("From now on calls are signed with a new key; your server must know it to believe them."),
            past="reset the key of",
            run=_reset,
            icon="key",
        ),
        Act(
            name="disable",
            label=_("Disable"),
            question=_("It is told nothing any more, and what waits for it is failed. Replay brings that back later."),
            past="disabled",
            run=_disable,
            icon="pause",
            is_danger=True,
            is_open=lambda webhook: webhook.is_active,
        ),
        Act(
            name="enable",
            label=_("Enable"),
            question=_("It is told of events from now on; what failed meanwhile is sent by Replay failed."),
            past="enabled",
            run=_enable,
            icon="play_arrow",
            is_open=lambda webhook: not webhook.is_active,
        ),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, dict[str, Any]]]:
        fieldsets = super().get_fieldsets(request, obj)
        may_read_key = obj is not None and access_of(request).level_in(account_of(obj)) >= Level.DEVELOPER
        return [one for one in fieldsets if may_read_key or "key" not in one[1]["fields"]]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return () if obj is None else ("account", "format", "health", "chart", "latest", "key")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        form.trial = self._trials.setdefault(request, Trial())
        return form

    def changeform_view(self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any) -> HttpResponse:
        """Judge what was posted before the transaction that saves it: a URL may take its time, and SQLite has one writer."""
        if request.method == "POST":
            self._judge(request, object_id)
        return super().changeform_view(request, object_id, *args, **kwargs)

    def _judge(self, request: HttpRequest, object_id: str | None) -> None:
        row = self.get_object(request, unquote(object_id)) if object_id is not None else None
        may_change = row is not None and self.has_change_permission(request, row)
        if may_change or (object_id is None and self.has_add_permission(request)):
            self.get_form(request, row, change=may_change)(request.POST, instance=row).is_valid()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        self.check_may(request, self.rights.change if change else self.rights.add, obj)
        if change:
            obj.save(update_fields=[name for name in form.changed_data if name in form.fields])  # not what the queue writes
            if "domain" in form.changed_data:
                actions.follow_domain(obj)
            outbox.forget()
        else:
            self.keep_secret(request, actions.keep_new(obj, form.key))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        actions.delete(obj)

    def url_after(self, row: Any) -> str:
        return self.page_url(row)

    def _do(self, request: HttpRequest, act: Act, row: Any) -> HttpResponse:
        if act.name != "test":
            return super()._do(request, act, row)
        answer = actions.send_test(row)
        self.audit(request, row, act.past, status=answer.status)
        context = {
            "title": act.label,
            "object": row,
            "answer": answer,
            "said": words_of(answer),
            "fault": actions.find_fault(row.format, answer),
            "back_url": self.page_url(row),
        }
        return self._page(request, "console/webhook_test.html", context)

    @admin.display(description="URL", ordering="url")
    def url_line(self, webhook: Webhook) -> str:
        return webhook.url

    @admin.display(description=_("state"))
    def state(self, webhook: Webhook) -> SafeString:
        if not webhook.is_active:
            return badge(_("disabled"), "bad" if webhook.disabled_reason else "idle")
        if not webhook.account.is_enabled:
            return badge(_("held back with its account"), "late")
        if webhook.paused_until is not None and webhook.paused_until > clock.now():
            return badge(_("paused"), "late")
        if webhook.failures:
            return badge(_("failing"), "late")
        return badge(_("works"), "good") if webhook.last_success_at else badge(_("not called yet"), "idle")

    @admin.display(description=_("state"))
    def health(self, webhook: Webhook) -> SafeString:
        lines = [(name, value) for name, value in _facts(webhook) if value]
        return format_html(
            '<div class="gp-scroll">{}<dl class="gp-facts">{}</dl></div>',
            self.state(webhook),
            format_html_join("", "<dt>{}</dt><dd>{}</dd>", lines),
        )

    @admin.display(description=_("last 24 hours"))
    def chart(self, webhook: Webhook) -> SafeString | str:
        return draw_hours(load_hours(webhook)) or str(_("Nothing happened that it was to be told."))

    @admin.display(description=_("key"))
    def key(self, webhook: Webhook) -> SafeString | str:
        try:
            return copyable(open_key(webhook))
        except CannotOpen:
            return str(LOCKED)

    @admin.display(description=_("events"))
    def events_line(self, webhook: Webhook) -> str:
        return ", ".join(map(str, webhook.events)) or str(_("all"))

    @admin.display(description=_("latest deliveries"))
    def latest(self, webhook: Webhook) -> SafeString | str:
        rows = WebhookDelivery.objects.filter(webhook=webhook).order_by("-event_at", "-event_id")[:MOST_DELIVERIES]
        lines = [(_link(row), state_of(row), row.attempts, row.status or "-", row.answer[:80]) for row in rows]
        table = draw_table((_("Event"), _("State"), _("Tries"), _("Status"), _("Answer")), lines)
        url = f"{reverse('admin:tracking_webhookdelivery_changelist')}?webhook__id__exact={webhook.pk}"
        more = format_html('<p class="gp-row"><a class="gp-button" href="{}">{}</a></p>', url, _("All deliveries"))
        return format_html("{}{}", table, more) if table else "-"


def _link(delivery: WebhookDelivery) -> SafeString:
    return draw_time(delivery.event_at, reverse("admin:tracking_webhookdelivery_change", args=(delivery.pk,)))


def _facts(webhook: Webhook) -> list[tuple[Any, Any]]:
    now = clock.now()
    pause = webhook.paused_until if webhook.paused_until and webhook.paused_until > now else None
    return [
        (_("Why"), webhook.disabled_reason),
        (_("Next probe"), pause and f"{pause:%H:%M:%S}"),
        (_("Failures in a row"), webhook.failures),
        (_("Failing since"), webhook.failing_since and f"{webhook.failing_since:%Y-%m-%d %H:%M:%S}"),
        (_("Last success"), _ago(webhook.last_success_at)),
        (_("Last failure"), _ago(webhook.last_failure_at)),
        (_("Events told"), f"{webhook.delivered:,}"),
    ]


def _ago(at: Any) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}, {naturaltime(at)}" if at else ""


def _has_failed(webhook: Webhook) -> bool:
    return WebhookDelivery.objects.filter(webhook=webhook, state=WebhookDelivery.State.FAILED).exists()
