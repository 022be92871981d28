"""The page that sends a template to whoever looks at it: one message, accepted as any other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.access import Level, access_of
from accounts.models import AuditEntry, User
from accounts.scoped import scope
from domains.models import SenderDomain
from gateway.base.errors import Refused
from gateway.engine.accept import accept
from gateway.engine.submission import Accepted, Addressee, Mailbox, Submission
from templates_app.actions import latest_texts
from templates_app.models import Template
from templates_app.preview import read_values, sample_values, write_values

DOOR = "console"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the form asks for."""

    sender: str
    values: str


def send_test(request: HttpRequest, template_id: int) -> HttpResponse:
    """Ask for sender and values; a POST sends."""
    template = scope(Template.objects.select_related("account"), access_of(request)).filter(pk=template_id).first()
    if template is None:
        raise Http404
    if access_of(request).level_in(template.account_id) < Level.DEVELOPER:
        raise PermissionDenied
    if request.method != "POST":
        return _ask(request, template, _suggest(template))
    asked = Asked(sender=request.POST.get("sender", "").strip(), values=request.POST.get("values", ""))
    try:
        accepted = _send(template, asked, _person(request))
    except Refused as refused:
        return _ask(request, template, asked, problem=refused.message)
    _note(request, template, accepted)
    return HttpResponseRedirect(reverse("admin:gateway_message_change", args=(accepted.public_id,)))


def _ask(request: HttpRequest, template: Template, asked: Asked, problem: str = "") -> HttpResponse:
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": _("Send a test"),
        "object": template,
        "asked": asked,
        "problem": problem,
        "rows": min(14, asked.values.count("\n") + 2),
        "receiver": _person(request).email,
    }
    return TemplateResponse(request, "console/template_test.html", context)


def _suggest(template: Template) -> Asked:
    """Return a sender of the account that may send now, and a value for each field."""
    domains = SenderDomain.objects.for_account(template.account_id).order_by("pk")
    domain = next((domain for domain in domains[:100] if domain.is_verified), None)
    values = write_values(sample_values(latest_texts(template), template.syntax))
    return Asked(sender=f"test@{domain.name}" if domain is not None else "", values=values)


def _send(template: Template, asked: Asked, person: User) -> Accepted:
    submission = Submission(
        account_id=template.account_id,
        door=DOOR,
        sender=Mailbox(email=asked.sender),
        recipients=(Addressee(email=person.email, name=person.name),),
        template_id=template.pk,
        variables=read_values(asked.values),
        tags=("test",),
    )
    (answer,) = accept([submission])
    if isinstance(answer, Refused):
        raise answer
    return answer


def _note(request: HttpRequest, template: Template, accepted: Accepted) -> None:
    AuditEntry.objects.create(
        account_id=template.account_id,
        actor=_person(request).get_username(),
        action="sent a test of template",
        target=str(template)[:200],
        detail={"id": template.pk, "message": accepted.public_id},
        address=request.META.get("REMOTE_ADDR") or None,
    )
    messages.success(request, _("The test was accepted; this page shows what becomes of it."))


def _person(request: HttpRequest) -> User:
    return cast("User", request.user)  # the console lets nobody in without logging in
