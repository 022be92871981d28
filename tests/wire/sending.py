"""Which calls of the dialects can send, found in the code: there is one way in, and who cannot come to it is silent."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.urls import resolve

import gateway
from gateway.api.base import DialectView, UnknownPath
from gateway.api.octeth.views.base import ByMethod
from gateway.api.octeth.views.command import Command
from gateway.api.octeth.views.commands import COMMANDS, PUBLIC, Api
from tests.test_layout import DIALECTS
from tests.wire.doors import PATHS
from tests.wire.places import CALLS

Call = type[DialectView] | type[Command]

Symbol = tuple[str, str]  # a module, and what it has at its top

WAY_IN = ("gateway.engine.accept", "accept")  # nothing else makes a message (test_layout.py)
BASE = DialectView.__module__  # comes there by its `act`, which is looked for by itself
ROOT = Path(gateway.__path__[0]).parent


def find_calls() -> set[Call]:
    """Return every call of every dialect, those that share a path one by one."""
    patterns = (
        pattern for dialect in DIALECTS for pattern in importlib.import_module(f"gateway.api.{dialect}.urls").urlpatterns
    )
    return {call for pattern in patterns for call in _calls_behind(pattern.callback.view_class)}


def _calls_behind(view: type[DialectView]) -> Iterator[Call]:
    if issubclass(view, UnknownPath):
        return
    if view is Api:
        yield from COMMANDS.values()
        for public in PUBLIC.values():
            yield from _calls_behind(public)
    elif issubclass(view, ByMethod):
        yield from view.calls.values()
    else:
        assert view.serve is DialectView.serve, f"Which calls does {view.__name__} serve?"
        yield view


def call_of(door: str) -> Call:
    """Return the call that a door of a dialect is."""
    view: type[DialectView] = resolve(PATHS[door]).func.view_class
    return {**COMMANDS, **PUBLIC}[CALLS[door]["body"]["Command"].lower()] if view is Api else view


def is_silent(call: Call) -> bool:
    """Tell whether a call cannot send: neither it nor what it uses comes to the way in."""
    return not _acts_as_usual(call) and WAY_IN not in reach(*((kind.__module__, kind.__name__) for kind in call.__mro__))


def _acts_as_usual(call: Call) -> bool:
    """Tell whether the `act` of DialectView is run, for a call that has none of its own or asks its parent's."""
    for kind in call.__mro__:
        act = vars(kind).get("act")
        if act is vars(DialectView)["act"]:
            return True
        if act is not None and not {"super", "act"} & set(act.__code__.co_names):
            return False
    return False


def reach(*symbols: Symbol) -> set[Symbol]:
    """Return what of gateway/ these name in their code, whatever is between, and themselves; not by way of BASE."""
    found: set[Symbol] = set()
    rest = set(symbols)
    while rest:
        symbol = rest.pop()
        if symbol not in found and symbol[0] != BASE and path_of(symbol[0]) is not None:
            found.add(symbol)
            rest |= _names_in(symbol)
    return found


def _names_in(symbol: Symbol) -> set[Symbol]:
    module, name = symbol
    definitions, imports = _read(module)
    if name in imports:
        return {imports[name]}
    nodes = [node for definition in definitions.get(name, ()) for node in ast.walk(definition)]
    names = {(module, node.id) for node in nodes if isinstance(node, ast.Name)}
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in imports:
            names.add((".".join(imports[node.value.id]), node.attr))  # where that is a module
    return {(module, one) for module, one in names if one in definitions or one in imports or module != symbol[0]}


@cache
def _read(module: str) -> tuple[dict[str, list[ast.stmt]], dict[str, Symbol]]:
    """Return the statements of a module that make a name at its top, and what it imports, by name."""
    path = path_of(module)
    tree = ast.parse(path.read_text(encoding="utf-8") if path is not None else "")
    definitions: dict[str, list[ast.stmt]] = {}
    imports: dict[str, Symbol] = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module:
            imports |= {one.asname or one.name: (node.module, one.name) for one in node.names}
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            definitions.setdefault(node.name, []).append(node)
        else:
            made = {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
            for name in made:
                definitions.setdefault(name, []).append(node)
    return definitions, imports


@cache
def path_of(module: str) -> Path | None:
    """Return the file of a module of gateway/, None for what is none."""
    if module.partition(".")[0] != gateway.__name__:
        return None
    path = ROOT / module.replace(".", "/")
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.exists()), None)
