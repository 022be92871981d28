"""No text that a customer hands in is left out of these tests: what is new is missed here first."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import gateway.api
import gateway.listeners
from gateway.api.base import UnknownPath
from gateway.api.bodies import FormFile, Payload
from gateway.api.fields import Field
from gateway.console.list_send import SendForm
from gateway.console.template_test import Asked
from gateway.engine.submission import Submission
from gateway.smtp.arguments import MAIL_PARAMETERS
from templates_app.members import Entry
from templates_app.texts import Texts
from tests.test_layout import DIALECTS
from tests.wire import calls
from tests.wire.doors import Doors
from tests.wire.places import CALLS, TABLES, find_places, get, put, text_at

READERS = "gateway.api.links"  # readers' pages, which send nothing
VIEWS = {"SendMail", "Send", "SendMessage", "SendEmail"}  # doors.py calls them all
# Parts of a request that are no text of a mail: who calls, which must be right, and the address that the server sees.
NOT_OF_THE_MAIL = {"values", "files", "bearer", "client"}
# What no harmless call has: it would be a replay, wait, or go behind the rest. Notes are ours, of what was left out.
NOT_IN_A_HARMLESS_CALL = {"idempotency_key", "idempotency_seconds", "send_at", "bulk", "notes"}


def find_modules() -> Iterator[ModuleType]:
    for package in (gateway.api, gateway.listeners):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.startswith(READERS):
                yield importlib.import_module(found.name)


def is_table(value: object) -> bool:
    fields = value if isinstance(value, tuple) and value else (value,)
    return all(isinstance(field, Field) for field in fields)


def test_every_table_of_fields_has_its_place() -> None:
    known = {id(field) for tables in TABLES.values() for table, _ in tables for field in table}
    missed = {
        f"{module.__name__}.{name}"
        for module in find_modules()
        for name, value in vars(module).items()
        if is_table(value)
        for field in ((value,) if isinstance(value, Field) else value)
        if id(field) not in known
    }
    assert not missed, "Give these tables a place in TABLES."


@pytest.mark.parametrize("door", [door for door, tables in TABLES.items() if tables])
def test_every_field_of_every_table_is_a_place(door: str) -> None:
    for table, at in TABLES[door]:
        inside = [place.path[len(at) + 1 :] for place in find_places(door) if place.path[: len(at) + 1] == ("body", *at)]
        names = {str(path[0]).lower() for path in inside}
        if at == ("fields",):  # those of a header stand there as pairs
            names = {name.lower() for name, _ in get(CALLS[door], ("body", "fields"))}
        assert {field.name.lower() for field in table} <= names


def test_a_field_that_no_call_has_is_a_place_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TABLES, "octeth", [((Field("quite_new"),), ())])
    (place,) = [place for place in find_places("octeth") if place.path[-1] == "quite_new"]
    assert text_at(CALLS["octeth"], place) == ""
    assert put(CALLS["octeth"], place.path, "x")["body"]["quite_new"] == "x"


def names_read_by(path: Path) -> set[str]:
    """Return the names that a module asks objects for, past its tables: `given.get("name")`, `_object(given, "name")`."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            asks = isinstance(node.func, ast.Attribute) and node.func.attr == "get"
            asks = asks or (isinstance(node.func, ast.Name) and node.func.id in {"_texts", "_read_switch"})
            found |= {one.value for one in node.args if asks and isinstance(one, ast.Constant) and isinstance(one.value, str)}
    return found


def names_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield str(name).lower()
            yield from names_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from names_in(item)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_is_read_without_a_table_stands_in_the_calls(dialect: str) -> None:
    given = {name for door, call in CALLS.items() if door.partition(" ")[0] == dialect for name in names_in(call)}
    folder = Path(gateway.api.__path__[0]) / dialect
    modules = [path for path in (folder / "parse.py", folder / "xsmtpapi.py") if path.exists()]
    assert {name.lower() for path in modules for name in names_read_by(path)} <= given


def test_what_is_read_is_seen() -> None:
    path = Path(gateway.api.__path__[0]) / "sendcloud" / "xsmtpapi.py"
    assert {"to", "sub", "section", "filters", "enable", "page_id", "pubsub", "click_tracking"} <= names_read_by(path)


def test_every_call_of_every_dialect_is_a_door() -> None:
    served = set()
    for dialect in DIALECTS:
        for pattern in importlib.import_module(f"gateway.api.{dialect}.urls").urlpatterns:
            view = pattern.callback.view_class
            served |= set() if issubclass(view, UnknownPath) else {view.__name__}
    assert served == VIEWS
    assert {door.partition(" ")[0] for door in CALLS} == {*DIALECTS, "smtp", "console"}


def test_every_part_of_a_request_is_in_the_calls() -> None:
    assert {field.name for field in dataclasses.fields(Payload)} == NOT_OF_THE_MAIL | {"idempotency_key"}
    assert {field.name for field in dataclasses.fields(FormFile)} == set(calls.SENDCLOUD_FILES[0])


def test_every_part_of_an_envelope_and_of_the_consoles_forms_is_in_the_calls() -> None:
    assert set(calls.SMTP["mail_parameters"]) == set(MAIL_PARAMETERS)
    assert set(SendForm.base_fields) - {"address_list", "template", "domain"} == set(calls.CONSOLE) - {"template", "member"}
    assert {field.name for field in dataclasses.fields(Asked)} == set(calls.TEST_OF_TEMPLATE) - {"template"}
    assert {field.name for field in dataclasses.fields(Texts)} == set(calls.CONSOLE["template"])
    assert {field.name for field in dataclasses.fields(Entry)} == set(calls.CONSOLE["member"])


def test_the_harmless_calls_together_use_every_field_of_a_submission(doors: Doors) -> None:
    used = set()
    for door in CALLS:
        for asked in doors.send(door, doors.harmless(door)).asked:
            if isinstance(asked, Submission):
                used |= {field.name for field in dataclasses.fields(Submission) if getattr(asked, field.name) != field.default}
    every = {field.name for field in dataclasses.fields(Submission)}
    assert every - used <= NOT_IN_A_HARMLESS_CALL
