"""Which calls there are, found in the URLs: a path of one call, of one for each method, or of all commands of /api.php."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from gateway.api.base import DialectView, UnknownPath
from gateway.api.octeth.views.base import ByMethod
from gateway.api.octeth.views.command import Command
from gateway.api.octeth.views.commands import COMMANDS, PUBLIC_NAMES, Api

Endpoint = tuple[str, str, str, Callable[..., Any]]  # path, its regular expression, method, view

_SPACES = re.compile(r"\s+")


class Calls:
    """The endpoints of the document, as drf-spectacular asks for them.

    A command of /api.php has a path of its own, `/api.php#EmailGateway.AddAPI`: what stands after the # tells them apart in the
    document and is never sent, so that what goes out is the vendor's request to the letter, `Command` in its body. One
    operation with all commands as alternatives could not say which answers and errors belong to which.
    """

    def __init__(self, patterns: Sequence[URLPattern | URLResolver] | None = None, urlconf: str | None = None) -> None:
        self.patterns = get_resolver(urlconf).url_patterns if patterns is None else patterns

    def get_api_endpoints(self) -> list[Endpoint]:
        return [
            (path, path, method.upper(), view)
            for pattern in _flatten(self.patterns)
            if not str(pattern.name).endswith(".xml")  # the twin of a path that ends with .json
            for path, method, view in _endpoints_of(f"/{pattern.name}", getattr(pattern.callback, "cls", object))
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a call is named by its vendor, what it does in a line, and all that is said of it."""

    name: str
    summary: str
    text: str


def every_call() -> Iterator[type[DialectView] | type[Command]]:
    """Yield what describes each call of the document."""
    for _, _, _, view in Calls().get_api_endpoints():
        yield call_of(view.cls(**view.initkwargs))  # type: ignore[attr-defined]  # DRF sets both


def call_of(view: DialectView) -> type[DialectView] | type[Command]:
    """Return the class that describes a call."""
    return type(view.command) if isinstance(view, Api) else type(view)


def words_of(call: type) -> Words:
    """Return what a call's docstring says: its name, and after a colon or an empty line a sentence or more."""
    name, mark, said = (call.__doc__ or "").partition("\n\n")
    if not mark:
        name, _, said = name.partition(": ")
    text = _SPACES.sub(" ", said).strip()
    text = f"{text[:1].upper()}{text[1:]}"
    return Words(name=name.strip(), summary=re.split(r"(?<=[.;])\s", text)[0].rstrip(".;"), text=text)


def _flatten(patterns: Sequence[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _flatten(pattern.url_patterns)
        else:
            yield pattern


def _endpoints_of(path: str, kind: type) -> Iterator[tuple[str, str, Callable[..., Any]]]:
    if issubclass(kind, Api):
        for command in COMMANDS.values():
            yield f"{path}#{command.name}", "post", kind.as_view(command=command())
        for name, view in PUBLIC_NAMES.items():
            yield f"{path}#{name}", "post", view.as_view()
    elif issubclass(kind, ByMethod):
        for method, view in kind.calls.items():
            yield path, method, view.as_view()
    elif issubclass(kind, DialectView) and not issubclass(kind, UnknownPath):
        for method in kind.http_method_names:
            yield path, method, kind.as_view()
