"""Acts on one row of a room beside the form: a button, a page that asks, a POST that does it.

What an act makes and nobody can read back, such as a new secret, is shown on the answer to that POST and kept nowhere.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from accounts.access import Level, access_of, account_of
from accounts.markup import Words
from accounts.scoped import ScopedAdmin


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One act. `run` takes the row and returns the secret that it made, or an empty text; `is_open` tells whether the row
    is in a state for it. `past` words it for the audit ("reset the secret of").
    """

    name: str
    label: Words
    question: Words
    past: str
    run: Callable[[Any], str]
    icon: str
    level: Level = Level.DEVELOPER
    is_danger: bool = False
    commits: bool = False  # it commits by itself, batch by batch; others are done in one transaction with their audit
    is_open: Callable[[Any], bool] = lambda _: True


class ActingAdmin(ScopedAdmin):
    """A room whose rows have acts, and which may show a secret once after making a row."""

    acts: tuple[Act, ...] = ()
    change_form_template = "console/change_form.html"
    secret_title: Words = ""
    secret_text: Words = ""
    _made: WeakKeyDictionary[HttpRequest, str] = WeakKeyDictionary()

    def get_urls(self) -> list[URLPattern]:
        opts = self.opts
        paths = [
            path(
                f"<path:object_id>/{act.name}/",
                self.admin_site.admin_view(self._view_of(act)),
                name=f"{opts.app_label}_{opts.model_name}_{act.name}",
            )
            for act in self.acts
        ]
        return [*paths, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        links = self.links_of(request, row) if row else []
        return super().change_view(request, object_id, form_url, {"acts": links, **(extra_context or {})})  # type: ignore[no-any-return]

    def links_of(self, request: HttpRequest, row: Any) -> list[tuple[Act, str]]:
        """Return the acts that the person may do to this row now, each with the path of its page."""
        return [(act, self._url(act, row)) for act in self.acts if self.may_act(request, act, row)]

    def may_act(self, request: HttpRequest, act: Act, row: Any) -> bool:
        """Tell whether the person may do this to this row now."""
        return access_of(request).level_in(account_of(row)) >= act.level and act.is_open(row)

    def keep_secret(self, request: HttpRequest, secret: str) -> None:
        """Keep a secret for the answer to this request."""
        self._made[request] = secret

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        secret = self._made.pop(request, "")
        return self.show_secret(request, obj, secret) if secret else super().response_add(request, obj, post_url_continue)

    def show_secret(self, request: HttpRequest, obj: Any, secret: str) -> HttpResponse:
        """Answer with the page that shows a secret this once."""
        context = {"title": str(obj), "object": obj, "secret": secret, "heading": self.secret_title, "text": self.secret_text}
        return self._page(request, "console/secret.html", {**context, "back_url": self.list_url()})

    def list_url(self) -> str:
        """Return the path of the room's list."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def _view_of(self, act: Act) -> Callable[[HttpRequest, str], HttpResponse]:
        def view(request: HttpRequest, object_id: str) -> HttpResponse:
            row = self.get_object(request, object_id)
            if row is None:
                return self.not_there(request, object_id)
            if not self.may_act(request, act, row):
                raise PermissionDenied
            return self._do(request, act, row) if request.method == "POST" else self._ask(request, act, row)

        return view

    def _ask(self, request: HttpRequest, act: Act, row: Any) -> HttpResponse:
        return self._page(
            request, "console/act.html", {"title": act.label, "object": row, "act": act, "back_url": self.page_url(row)}
        )

    def _do(self, request: HttpRequest, act: Act, row: Any) -> HttpResponse:
        with nullcontext() if act.commits else transaction.atomic():
            secret = act.run(row)
            self.audit(request, row, act.past)
        if secret:
            return self.show_secret(request, row, secret)
        messages.success(request, f"{act.label}: {row}")
        return HttpResponseRedirect(self.url_after(row))

    def url_after(self, row: Any) -> str:
        """Return where an act leads that has nothing to show."""
        return self.list_url()

    def key_of(self, row: Any) -> Any:
        """Return what names a row in paths."""
        return row.pk

    def page_url(self, row: Any) -> str:
        """Return the path of a row's page."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=(self.key_of(row),))

    def _page(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        return TemplateResponse(request, template, {**self.admin_site.each_context(request), "opts": self.opts, **context})

    def _url(self, act: Act, row: Any) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{act.name}", args=(self.key_of(row),))
