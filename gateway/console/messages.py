"""The room of messages: the list, and each message's page with the acts on what waits of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.defaultfilters import date
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.acts import ActingAdmin
from accounts.scoped import READ_ONLY, ScopedFilter, ScopedList
from gateway.console.files import give_file
from gateway.console.message_acts import ACTS
from gateway.console.message_page import load_page
from gateway.console.search import find_messages, latest, parse_uuid, with_recipient
from gateway.console.summaries import Summary, summarise
from gateway.console.templatetags.console import state_badges
from gateway.console.words import DOORS
from gateway.models import Attachment, Content, Message, Recipient

NONE_YET = Summary()


class DoorFilter(admin.SimpleListFilter):
    title = _("door")
    parameter_name = "door"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(DOORS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Message]) -> QuerySet[Message]:
        return queryset.filter(door=self.value()) if self.value() else queryset


class StateFilter(admin.SimpleListFilter):
    """Messages with a recipient in a state, among the latest ones."""

    title = _("a recipient is")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(Recipient.State.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Message]) -> QuerySet[Message]:
        return latest(queryset).filter(with_recipient(state=self.value())) if self.value() else queryset


class MessageList(ScopedList):
    """A page of messages, each with the summary of its recipients as `summary`."""

    result_list: Any

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        messages: list[Any] = list(self.result_list)
        self.result_list = messages
        summaries = summarise(messages)
        for message in messages:
            message.summary = summaries.get(message.pk, NONE_YET)

    def url_for_result(self, result: Message) -> str:
        return message_url(result)


class MessageAdmin(ActingAdmin):
    rights = READ_ONLY
    acts = ACTS
    list_display = ("subject_line", "recipients_line", "states", "sender", "door_name", "account", "accepted")
    list_display_links = ("subject_line",)
    list_filter = (DoorFilter, StateFilter, ("domain", ScopedFilter), ("account", ScopedFilter))
    list_select_related = ("account",)
    list_fullwidth = True
    search_fields = ("public_id",)  # what shows the box; find_messages does the finding
    search_help_text = _("Address, subject or id")
    sortable_by = ()
    ordering = ("-public_id",)  # by time; primary keys are handed out in blocks, one to each process
    actions = None
    empty_title = _("No messages yet")
    empty_text = _("Every message that one of the APIs or SMTP accepts shows up here at once. Send the first one:")
    empty_template = "console/first_message.html"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"base_url": settings.GATEPOST_URL, **(extra_context or {})})  # type: ignore[no-any-return]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[MessageList]:
        return MessageList

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> tuple[QuerySet[Any], bool]:
        return find_messages(queryset, search_term), False

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Message | None:
        """Find a message by its public id, as all pages of messages are named by it."""
        public_id = parse_uuid(object_id)
        found: Message | None = self.get_queryset(request).filter(public_id=public_id).first() if public_id else None
        return found

    def key_of(self, row: Message) -> str:
        return str(row.public_id)

    def url_after(self, row: Message) -> str:
        return self.page_url(row)

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("<uuid:public_id>/raw/", guard(self.raw_view), name="gateway_message_raw"),
            path("<uuid:public_id>/files/<int:position>/", guard(self.file_view), name="gateway_message_file"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        message = self.get_object(request, object_id)
        if message is None:
            return self.not_there(request, object_id)
        if request.method not in {"GET", "HEAD"}:
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": message.subject or _("(no subject)"),
            "opts": self.opts,
            "object": message,
            "acts": self.links_of(request, message),
            "page": load_page(message, page=request.GET.get("page", "1")),
        }
        return TemplateResponse(request, "console/message.html", context)

    def raw_view(self, request: HttpRequest, public_id: UUID) -> HttpResponse:
        """Hand out the message as it was submitted by SMTP or sendRaw."""
        message = self._get_message(request, public_id)
        content = Content.objects.filter(message=message).first()
        if content is None or content.raw is None:
            raise Http404
        return give_file(bytes(content.raw), f"{message.public_id}.eml", "message/rfc822")

    def file_view(self, request: HttpRequest, public_id: UUID, position: int) -> HttpResponse:
        """Hand out an attachment."""
        message = self._get_message(request, public_id)
        file = Attachment.objects.filter(message=message, position=position).first()
        if file is None:
            raise Http404
        return give_file(bytes(file.content), file.filename, file.content_type)

    def _get_message(self, request: HttpRequest, public_id: UUID) -> Message:
        message = self.get_object(request, str(public_id))
        if message is None:
            raise Http404
        return message

    @admin.display(description=_("subject"))
    def subject_line(self, message: Message) -> str:
        return message.subject[:120] or str(_("(no subject)"))

    @admin.display(description=_("to"))
    def recipients_line(self, message: Any) -> SafeString | str:
        summary: Summary = message.summary
        if summary.total < 2:
            return summary.first
        return format_html('{} <span class="gp-faint">+{}</span>', summary.first, summary.total - 1)

    @admin.display(description=_("recipients"))
    def states(self, message: Any) -> SafeString:
        return state_badges(message.summary)

    @admin.display(description=_("accepted"))
    def accepted(self, message: Message) -> SafeString:
        return format_html(
            '<time class="gp-time" title="{}">{}</time>', message.accepted_at, date(message.accepted_at, "j M H:i")
        )

    @admin.display(description=_("door"))
    def door_name(self, message: Message) -> str:
        return DOORS.get(message.door, message.door)


def message_url(message: Message) -> str:
    """Return the path of a message's page."""
    return reverse("admin:gateway_message_change", args=(message.public_id,))
