"""The page of the queue: what waits, where it is stuck and why, and the acts on it: hold, release, try now, clear."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import Access, Level, access_of
from accounts.markup import Words
from accounts.models import Account, AuditEntry
from domains.models import SenderDomain
from gateway.base import clock
from gateway.console.waiting import Line, look
from gateway.engine.control import Verb, Which
from gateway.engine.tasks import begin_act
from gateway.models import Recipient

State = Recipient.State


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueAct:
    """An act on what waits. `of` are the states that it is about: where none is there, it is not offered."""

    verb: Verb
    label: Words
    question: Words
    past: str
    icon: str
    of: tuple[str, ...]
    is_danger: bool = False


ACTS = (
    QueueAct(
        verb=Verb.HOLD,
        label=_("Hold"),
        question=_("Mail that waits is held back until you release it. What comes in later is not."),
        past="held the queue of",
        icon="pause",
        of=(State.QUEUED, State.DEFERRED),
    ),
    QueueAct(
        verb=Verb.RELEASE,
        label=_("Release"),
        question=_("Mail that was held back goes out again, each at its time."),
        past="released the queue of",
        icon="play_arrow",
        of=(State.HELD,),
    ),
    QueueAct(
        verb=Verb.RETRY,
        label=_("Try now"),
        question=_("Mail that was put off is tried at once. A receiver that asked for patience may put it off again."),
        past="retried the queue of",
        icon="refresh",
        of=(State.DEFERRED,),
    ),
    QueueAct(
        verb=Verb.CANCEL,
        label=_("Clear"),
        question=_("Everything that waits is cancelled and will not be sent. This cannot be undone."),
        past="cleared the queue of",
        icon="delete_sweep",
        of=(State.QUEUED, State.DEFERRED, State.HELD),
        is_danger=True,
    ),
)
BY_VERB = {act.verb.value: act for act in ACTS}


@require_safe
def show_queue(request: HttpRequest) -> HttpResponse:
    """Show what waits in the accounts of the person."""
    access = access_of(request)
    waiting = look(access)
    lines = [(line, _acts_on(access, line) if line.domain_id else []) for line in waiting.lines]
    accounts = {line.account_id for line in waiting.lines}
    tiles = [(State(name).label, name, number) for name, number in waiting.totals.items()]
    context = {
        "title": _("Queue"),
        "waiting": waiting,
        "lines": lines,
        "all_of": accounts.pop() if len(accounts) == 1 else None,  # the account whose whole queue may be acted on
        "all_acts": _acts_on(access, *waiting.lines) if waiting.lines else [],
        "tiles": tiles,
        "names_accounts": access.sole_account is None,
    }
    return _page(request, "console/queue.html", context)


def _acts_on(access: Access, *lines: Line) -> list[QueueAct]:
    """Return the acts that the person may do to what these lines count."""
    if any(access.level_in(line.account_id) < Level.DEVELOPER for line in lines):
        return []
    states = {state for line in lines for state in line.states}
    return [act for act in ACTS if states.intersection(act.of)]


@require_http_methods(["GET", "HEAD", "POST"])
def act_on_queue(request: HttpRequest, verb: str, account_id: int, domain_id: int) -> HttpResponse:
    """Ask, then do an act on what waits of one sender domain; 0 stands for all of the account."""
    act = BY_VERB.get(verb)
    account = Account.objects.filter(pk=account_id).first()
    level = access_of(request).level_in(account_id)
    if act is None or account is None or level < Level.VIEWER:
        raise Http404
    if level < Level.DEVELOPER:
        raise PermissionDenied
    domain = _find_domain(account_id, domain_id)
    if request.method != "POST":
        return _page(
            request,
            "console/act.html",
            {"title": act.label, "object": domain or account, "act": act, "back_url": reverse("admin:queue")},
        )
    _do(request, act, account, domain)
    return HttpResponseRedirect(reverse("admin:queue"))


def _find_domain(account_id: int, domain_id: int) -> SenderDomain | None:
    if not domain_id:
        return None
    domain: SenderDomain | None = SenderDomain.objects.for_account(account_id).filter(pk=domain_id).first()
    if domain is None:
        raise Http404
    return domain


def _do(request: HttpRequest, act: QueueAct, account: Account, domain: SenderDomain | None) -> None:
    which = Which(account_id=account.pk, domain_id=domain.pk if domain else None, until=clock.now())
    progress = begin_act(act.verb, which)
    AuditEntry.objects.create(
        account=account,
        actor=request.user.get_username(),
        action=act.past,
        target=str(domain or account)[:200],
        detail={"recipients": progress.moved, "goes_on": not progress.is_done},
        address=request.META.get("REMOTE_ADDR") or None,
    )
    said = _("%(act)s: %(number)s recipients.") % {"act": act.label, "number": f"{progress.moved:,}"}
    more = "" if progress.is_done else _(" The rest follows in the background.")
    messages.success(request, f"{said}{more}")


def _page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    return TemplateResponse(request, template, {**admin.site.each_context(request), **context})
