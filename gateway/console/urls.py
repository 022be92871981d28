"""Paths of the console's pages beside the admin's rooms: the demo's inbox."""

from __future__ import annotations

from django.urls import path

from gateway.console.views import give_part, give_source, show_inbox

app_name = "inbox"
urlpatterns = [
    path("", show_inbox, name="list"),
    path("<int:number>/", show_inbox, name="mail"),
    path("<int:number>/source/", give_source, name="source"),
    path("<int:number>/files/<int:position>/", give_part, name="file"),
]
