"""The room of sends to lists: the list, the page of each with how far it got, and the form that begins one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.access import Level, access_of
from accounts.acts import Act, ActingAdmin
from accounts.markup import Words, badge
from accounts.scoped import READ_ONLY, ScopedFilter
from gateway.base import clock
from gateway.base.errors import IdempotencyConflict, Refused
from gateway.console.list_send import SendForm
from gateway.console.message_acts import ACTS as MESSAGE_ACTS
from gateway.console.words import tone_of
from gateway.engine.checks import MAX_LISTS
from gateway.engine.mailing import send_to_lists
from gateway.models import ListTask, Recipient

# Where the form shows a refusal, by the neutral name of the field at fault; others stand above it.
FIELDS = {"list": "address_list", "template": "template", "subject": "subject", "from": "local_part"}
# What each act on a message asks here; those that are not named are not offered.
QUESTIONS = {
    "hold": _("No more members are taken in, and what was not sent yet is held back, for all lists of the same call."),
    "release": _("Members are taken in again, and what was held back goes out, for all lists of the same call."),
    "cancel": _("No more members are taken in, and what was not sent yet is cancelled, for all lists of the same call."),
}
MOVING = (ListTask.State.WAITING, ListTask.State.RUNNING)
SOON = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPage:
    """How far a send to a list got. `states` counts the recipients of its message, whichever list of the call they are of."""

    states: dict[str, int]
    others: tuple[ListTask, ...]  # of the same call

    @property
    def is_alive(self) -> bool:
        """Tell whether the page will say something else in a moment."""
        waits = {Recipient.State.QUEUED, Recipient.State.SENDING} & set(self.states)
        return bool(waits) or any(_moves(task) for task in self.others)


def _moves(task: ListTask) -> bool:
    return task.state in MOVING and (task.next_at is None or task.next_at < clock.now() + SOON)


def load_task(task: ListTask) -> TaskPage:
    """Read a task's page."""
    if task.message_id is None:
        return TaskPage(states={}, others=(task,))
    rows = Recipient.objects.filter(message_id=task.message_id)
    counts = dict(rows.values_list("state").annotate(number=Count("pk")))
    same = ListTask.objects.for_account(task.account_id).filter(message_id=task.message_id).order_by("position")
    return TaskPage(
        states={state: counts[state] for state in Recipient.State.values if state in counts},
        others=tuple(same[:MAX_LISTS]),
    )


def _act_on_message(act: Act, question: Words) -> Act:
    """Return the act of a message as one of a send to a list, which is the whole message."""

    def run(task: ListTask) -> str:
        return act.run(task.message) if task.message is not None else ""

    def is_open(task: ListTask) -> bool:
        return task.message is not None and act.is_open(task.message)

    return replace(act, question=question, run=run, is_open=is_open)


class ListTaskAdmin(ActingAdmin):
    rights = READ_ONLY
    list_display = ("list_name", "template", "state_badge", "progress", "created_at", "account")
    list_display_links = ("list_name",)
    list_filter = ("state", ("account", ScopedFilter))
    list_select_related = ("address_list", "template", "account", "message")
    ordering = ("-pk",)
    sortable_by = ()
    actions = None
    change_list_template = "console/list_tasks.html"
    empty_title = _("Nothing was sent to a list yet")
    empty_text = _(
        "A send to an address list, by a call of the API or from here, takes the members in by batches and shows here how far."
    )
    acts = tuple(_act_on_message(act, QUESTIONS[act.name]) for act in MESSAGE_ACTS if act.name in QUESTIONS)

    def get_urls(self) -> list[URLPattern]:
        send = path("send/", self.admin_site.admin_view(self.send_view), name="gateway_listtask_send")
        return [send, *super().get_urls()]

    def url_after(self, row: Any) -> str:
        return self.page_url(row)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        may_send = access_of(request).highest >= Level.DEVELOPER
        return super().changelist_view(request, {"may_send": may_send, **(extra_context or {})})  # type: ignore[no-any-return]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        task = self.get_object(request, object_id)
        if task is None:
            return self.not_there(request, object_id)
        if request.method not in {"GET", "HEAD"}:
            raise PermissionDenied
        context = {
            "title": _name_of(task),
            "object": task,
            "acts": self.links_of(request, task),
            "page": load_task(task),
            "tone": tone_of(task.state),
        }
        return self._page(request, "console/list_task.html", context)

    def send_view(self, request: HttpRequest) -> HttpResponse:
        """Ask what to send to which list, and begin to send it."""
        access = access_of(request)
        if access.highest < Level.DEVELOPER:
            raise PermissionDenied
        form = SendForm(
            request.POST if request.method == "POST" else None,
            access=access,
            initial={"address_list": request.GET.get("list", "")},
        )
        if form.is_valid():
            try:
                return self._send(request, form)
            except IdempotencyConflict:
                form.add_error(
                    None, _("This form began a send already, which stands in the list. Open it anew for another one.")
                )
            except Refused as refusal:
                form.add_error(FIELDS.get(refusal.field), refusal.message)
        context = {"title": _("Send to a list"), "form": form, "back_url": self.list_url()}
        return self._page(request, "console/list_send.html", context)

    def _send(self, request: HttpRequest, form: SendForm) -> HttpResponse:
        address_list = form.cleaned_data["address_list"]
        answer = send_to_lists(form.to_submission(client=request.META.get("REMOTE_ADDR", "")), [address_list.pk])
        task = self.get_queryset(request).get(pk=answer.task_ids[0])
        self.audit(request, task, "began", list=address_list.address)
        return HttpResponseRedirect(self.page_url(task))

    @admin.display(description=_("list"))
    def list_name(self, task: ListTask) -> str:
        return _name_of(task)

    @admin.display(description=_("state"))
    def state_badge(self, task: ListTask) -> SafeString:
        return badge(task.get_state_display(), tone_of(task.state))

    @admin.display(description=_("taken in"))
    def progress(self, task: ListTask) -> str:
        return f"{task.expanded:,} / {task.members:,}"


def _name_of(task: ListTask) -> str:
    if task.address_list is not None:
        return str(task.address_list)
    return task.list_address or str(_("(deleted list)"))
