"""No text that a customer hands in is left out of these tests: what is new is missed here first."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import gateway.api
import gateway.listeners
from gateway.api.base import DialectView
from gateway.api.bodies import FormFile, Payload
from gateway.api.fields import Field
from gateway.api.sendclean.views.messages import GetMessageInfo
from gateway.console.list_send import SendForm
from gateway.console.template_test import Asked
from gateway.engine.submission import Submission
from gateway.smtp.arguments import MAIL_PARAMETERS
from templates_app.members import Entry
from templates_app.texts import Texts
from tests.test_layout import DIALECTS, OTHER_DOORS
from tests.wire import calls, raw
from tests.wire.doors import PATHS, Doors
from tests.wire.places import CALLS, TABLES, find_places, get, put, text_at
from tests.wire.sending import WAY_IN, Call, call_of, find_calls, is_silent, path_of, reach

OTHERS = tuple(f"gateway.api.{door}" for door in OTHER_DOORS)  # where customers hand in nothing
# Parts of a request that are no text of a mail: who calls, which must be right, and the address that the server sees.
NOT_OF_THE_MAIL = {"values", "files", "bearer", "client"}
# What no harmless call has: it would be a replay, wait, go behind the rest, or leave its fields as they are written. Notes are
# ours, of what was left out.
NOT_IN_A_HARMLESS_CALL = {"idempotency_key", "idempotency_seconds", "send_at", "bulk", "is_verbatim", "notes"}


def find_modules() -> Iterator[ModuleType]:
    for package in (gateway.api, gateway.listeners):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.startswith(OTHERS):
                yield importlib.import_module(found.name)


def is_table(value: object) -> bool:
    fields = value if isinstance(value, tuple) and value else (value,)
    return all(isinstance(field, Field) for field in fields)


def fields_of(calls_: Iterable[Call]) -> set[Field]:
    return {field for call in calls_ for field in call.fields}


SENDING = {call for call in find_calls() if not is_silent(call)}
KNOWN = {field for tables in TABLES.values() for table, _ in tables for field in table}


def test_every_call_that_sends_is_a_door() -> None:
    assert {call_of(door) for door in PATHS} == SENDING
    assert {door.partition(" ")[0] for door in CALLS} == {*DIALECTS, "smtp", "console"}
    assert {door for door in CALLS if door.partition(" ")[0] in DIALECTS} == set(PATHS)


def test_calls_that_send_are_told_from_the_others() -> None:
    class OwnAct(GetMessageInfo):
        def act(self, asked: Any) -> Any:
            return super().act(asked)

    class UsualAct(OwnAct):
        act = DialectView.act

    class ByTheParent(DialectView):
        def act(self, asked: Any) -> Any:
            return super().act(asked)

    assert not is_silent(UsualAct)
    assert not is_silent(ByTheParent)
    assert is_silent(OwnAct)
    assert is_silent(GetMessageInfo)
    assert WAY_IN in reach(("gateway.api.octeth.views.smtp_relay", "SMTPRelay"))
    assert WAY_IN in reach(("gateway.engine.mailing", "send_to_lists"))
    assert WAY_IN not in reach(("gateway.engine.mailing", "cancel_list_task"))


def test_every_table_of_fields_has_its_place() -> None:
    """Or is of calls that send nothing; or describes one that does, and is looked at below."""
    known = KNOWN | fields_of(find_calls())
    missed = {
        f"{module.__name__}.{name}"
        for module in find_modules()
        for name, value in vars(module).items()
        if is_table(value)
        for field in ((value,) if isinstance(value, Field) else value)
        if field not in known
    }
    assert not missed, "Give these tables a place in TABLES."


def test_every_field_that_a_call_reads_when_it_sends_is_in_a_table(doors: Doors, monkeypatch: pytest.MonkeyPatch) -> None:
    read: set[Field] = set()
    find = Field.find

    def watched(field: Field, values: Mapping[str, Any]) -> Any:
        read.add(field)
        return find(field, values)

    monkeypatch.setattr(Field, "find", watched)
    for door in CALLS:
        assert doors.send(door, doors.harmless(door)).asked
    assert {field.name for field in read - KNOWN} == set()
    assert len(read) > 100


@pytest.mark.parametrize("call", sorted(SENDING, key=str))
def test_every_field_that_a_call_is_described_with_is_a_place(call: Call) -> None:
    keys = [place.key for door in PATHS if call_of(door) is call for place in find_places(door)]
    paths = {"body/" + re.sub(r"(\[\])?\.|\[\]$", "/", field.name.lower()).rstrip("/") for field in call.fields}
    assert {path for path in paths if not any(f"{key}/".startswith(f"{path}/") for key in keys)} == set()


@pytest.mark.parametrize("door", [door for door, tables in TABLES.items() if tables])
def test_every_field_of_every_table_is_a_place(door: str) -> None:
    for table, at in TABLES[door]:
        inside = [place.path[len(at) + 1 :] for place in find_places(door) if place.path[: len(at) + 1] == ("body", *at)]
        names = {str(path[0]).lower() for path in inside}
        if at[-1:] == ("fields",):  # those of a header stand there as pairs
            names = {name.lower() for name, _ in get(CALLS[door], ("body", *at))}
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
            gets = isinstance(node.func, ast.Attribute) and node.func.attr == "get"
            asks = isinstance(node.func, ast.Name) and node.func.id in {"_texts", "_read_switch"}
            named = node.args[:1] if gets else node.args if asks else []
            found |= {one.value for one in named if isinstance(one, ast.Constant) and isinstance(one.value, str)}
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
    used = {module for module, _ in reach(*((call.__module__, call.__name__) for call in SENDING))}
    paths = [path_of(name) for name in used if re.match(rf"gateway\.api\.{dialect}\.(parse|xsmtpapi)", name)]
    assert paths
    assert {name.lower() for path in paths if path for name in names_read_by(path)} <= given


def test_what_is_read_is_seen() -> None:
    path = Path(gateway.api.__path__[0]) / "sendcloud" / "xsmtpapi.py"
    assert {"to", "sub", "section", "filters", "enable", "page_id", "pubsub", "click_tracking"} <= names_read_by(path)


def test_every_part_of_a_request_is_in_the_calls() -> None:
    assert {field.name for field in dataclasses.fields(Payload)} == NOT_OF_THE_MAIL | {"idempotency_key"}
    assert {field.name for field in dataclasses.fields(FormFile)} == set(calls.SENDCLOUD_FILES[0])


def test_every_part_of_an_envelope_and_of_the_consoles_forms_is_in_the_calls() -> None:
    assert set(raw.SMTP["mail_parameters"]) == set(MAIL_PARAMETERS)
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
