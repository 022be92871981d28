"""The console's site: who may enter, and what a browser may load and run there."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, is_valid_path, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.common import no_append_slash
from unfold.forms import AuthenticationForm
from unfold.sites import UnfoldAdminSite

from accounts.access import Level, access_of
from gateway.console.home import steps
from gateway.console.pages import PAGES
from gateway.console.statistics import week_of

# Unfold's Alpine evaluates the expressions in its attributes, hence unsafe-eval; no inline script is ever allowed. Frames
# hold previews of mail as `srcdoc`, which needs no source: whatever they would load from elsewhere is refused.
CONSOLE_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; font-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-src 'none'; frame-ancestors 'none'; base-uri 'none'"
)


def protect(response: HttpResponse, policy: str = CONSOLE_POLICY) -> HttpResponse:
    """Set the headers of a page of the console on a response, except those that its view has set."""
    response.headers.setdefault("Content-Security-Policy", policy)
    response.headers.setdefault("X-DNS-Prefetch-Control", "off")
    return response


class LoginForm(AuthenticationForm):  # type: ignore[misc]  # unfold has no types
    """Asks for the address and the password; whoever has no account to see is told so in words."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "E-mail address"
        self.fields["username"].widget.attrs.update({"autocomplete": "username", "inputmode": "email"})


class ConsoleSite(UnfoldAdminSite):  # type: ignore[misc]  # unfold has no types
    """Open to operators and to every active person with a role in an account that is still there."""

    login_form = LoginForm
    index_template = "console/index.html"
    index_title = _("Home")

    def get_urls(self) -> list[URLPattern | URLResolver]:
        pages = [path(page.path, self.admin_view(page.view), name=page.name) for page in PAGES]
        return [*pages, *super().get_urls()]

    def has_permission(self, request: HttpRequest) -> bool:
        return access_of(request).highest > Level.STRANGER

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Callable[..., Any]:
        inner = super().admin_view(view, cacheable)

        def protected(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            return protect(inner(request, *args, **kwargs))

        return update_wrapper(protected, inner)

    @method_decorator(no_append_slash)
    def catch_all_view(self, request: HttpRequest, url: str) -> HttpResponse:
        """Add a missing slash here, as the setting APPEND_SLASH is off for the sake of the APIs."""
        if not url.endswith("/") and is_valid_path(f"{request.path_info}/"):
            return HttpResponseRedirect(f"{request.path}/")
        raise Http404

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        to_do = steps(access_of(request))
        ready = {"steps": to_do, "is_ready": all(step.is_done for step in to_do), "chart": week_of(request)}
        return super().index(request, {**ready, **(extra_context or {})})  # type: ignore[no-any-return]

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return protect(super().login(request, extra_context))
