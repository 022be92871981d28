"""The rooms of messages and of sends to lists."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.markup import badge
from accounts.scoped import READ_ONLY, ScopedAdmin, ScopedFilter
from gateway.console.messages import MessageAdmin
from gateway.console.words import tone_of
from gateway.models import ListTask, Message

admin.site.register(Message, MessageAdmin)


@admin.register(ListTask)
class ListTaskAdmin(ScopedAdmin):
    rights = READ_ONLY
    list_display = ("created_at", "address_list", "template", "state_badge", "progress", "account")
    list_filter = ("state", ("account", ScopedFilter))
    list_select_related = ("address_list", "template", "account")
    fields = ("account", "address_list", "template", "state_badge", "progress", "error", "created_at", "updated_at")
    ordering = ("-pk",)
    sortable_by = ()
    empty_title = _("Nothing was sent to a list yet")
    empty_text = _(
        "A call of the API to an address list (useMaillist, mail_list) is expanded in batches, and shows here how far."
    )

    @admin.display(description=_("state"))
    def state_badge(self, task: ListTask) -> SafeString:
        return badge(task.get_state_display(), tone_of(task.state))

    @admin.display(description=_("expanded"))
    def progress(self, task: ListTask) -> str:
        return f"{task.expanded:,} / {task.members:,}"
