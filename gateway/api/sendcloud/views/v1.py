"""Version 1 of the API: `/webapi/<module>.<action>.<json|xml>`, by GET and POST.

class GetLists(ModuleV1View):                   # a call that reads; views/v1_lists.py
    \"\"\"webapi/list.get

    Returns the address lists.
    \"\"\"

    fields = (Field("address", ...), ...)       # as in version 2, in snake case; `missing` and `invalid` are its codes, too
    answers = (ListsGot,)

    def act(self, asked: Asked) -> list[AddressList]: ...

    def answer(self, done: list[AddressList]) -> HttpResponse:
        return self.say(ListsGot(lists=...))

class DeleteList(ChangingV1View): ...           # one that changes: `change`, and an `answer` of its own
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
from django.http import HttpResponse
from django.urls import URLPattern

from gateway.api.base import DialectView, UnknownPath, path_of
from gateway.api.sendcloud.answers.v1 import say_refused_v1, say_v1
from gateway.api.sendcloud.parse.v1 import CREDENTIALS_V1
from gateway.api.sendcloud.views.base import ChangingView, ModuleView, SendCloudView
from gateway.base.errors import Refused

_asks_xml = re.compile(r"\.xml[/\s]*\Z", re.IGNORECASE)


class V1View(SendCloudView):
    """A call of version 1, which answers in the format that its path ends with."""

    http_method_names: tuple[str, ...] = ("post", "get")
    credentials = CREDENTIALS_V1

    def say(self, said: msgspec.Struct) -> HttpResponse:
        return say_v1(said, in_xml=self.is_xml)

    def refuse(self, refusal: Refused) -> HttpResponse:
        return say_refused_v1(refusal, in_xml=self.is_xml)

    @property
    def is_xml(self) -> bool:
        return _asks_xml.search(self.http.path_info) is not None


class ModuleV1View(V1View, ModuleView):
    """A call of version 1 about what the account has, which reads."""


class ChangingV1View(V1View, ChangingView):
    """A call of version 1 that changes something."""

    def answer(self, done: Any) -> HttpResponse:
        """Say in the call's own shape what was changed."""
        raise NotImplementedError


class UnknownV1(UnknownPath, V1View):
    """Every path under /webapi/ that is no call."""


def paths_of(name: str, view: type[DialectView]) -> list[URLPattern]:
    """Return the URL patterns of a call, such as `mail.send`: that which answers in JSON and that which does in XML."""
    return [path_of(f"webapi/{name}.{ending}", view) for ending in ("json", "xml")]
