"""Pages of the console that are not rooms of one model: where they are, by what name, and the view behind each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpResponse

from gateway.console.events import show_events
from gateway.console.queue import act_on_queue, show_queue
from gateway.console.statistics import show_statistics
from gateway.console.template_test import send_test


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page; who may enter the console may call its view, which scopes what it shows by `access_of(request)`."""

    path: str
    view: Callable[..., HttpResponse]
    name: str  # within the namespace `admin`


PAGES = (
    Page(path="events/", view=show_events, name="events"),
    Page(path="statistics/", view=show_statistics, name="statistics"),
    Page(path="queue/", view=show_queue, name="queue"),
    Page(path="queue/<slug:verb>/<int:account_id>/<int:domain_id>/", view=act_on_queue, name="queue_act"),
    Page(path="templates/<int:template_id>/test/", view=send_test, name="template_test"),
)
