"""The library's calls are those that the server has, with the server's parameters and answers."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, get_args, get_type_hints, is_typeddict
from unittest.mock import create_autospec

import msgspec
import pytest
from django.urls import resolve

import PowerEmail
from gateway.api.base import DialectView
from gateway.api.sendclean.urls import urlpatterns
from gateway.api.sendclean.views.base import NoSuchCall
from PowerEmail import answers
from PowerEmail.calls import Account, Messages, Settings
from PowerEmail.retries import READS, SENDS

OF_THE_CALLER = {"owner_id", "token"}
NAMES = [
    (group, name)
    for group in (Messages, Settings, Account)
    for name, _ in inspect.getmembers(group, inspect.isfunction)
    if not name.startswith("_")
]
# The server's beyond these: by GET, without the library; and another spelling of viewUserDetail.
NOT_OURS = {"SendTemplateHTTPGet", "AccountUserDetails"}


def arguments_of(method: Callable[..., Any]) -> list[str]:
    parameters = inspect.signature(method).parameters.values()
    return [one.name for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD and one.name != "self"]


def calling(group: type[Any], name: str) -> tuple[str, dict[str, Any]]:
    """Return the path and the parameters of a call whose arguments are their own names."""
    call = create_autospec(PowerEmail.PowerEmail("acme", "token", "mail.example").call)
    method = getattr(group, name)
    getattr(group(call), name)(*arguments_of(method))
    return call.call_args.args


def view_of(path: str) -> type[DialectView]:
    return resolve(f"/v1.0/{path}").func.view_class


@pytest.mark.parametrize(("group", "name"), NAMES)
def test_it_works(group: type[Any], name: str) -> None:
    path, given = calling(group, name)
    assert given == {argument: argument for argument in arguments_of(getattr(group, name))}
    view = view_of(path)
    assert view is not NoSuchCall
    assert {field.name for field in view.fields if "." not in field.name} - OF_THE_CALLER == given.keys()
    assert shape(get_type_hints(getattr(group, name))["return"]) == shape(view.answers[0])


def shape(kind: Any) -> Any:
    """Return the names in a TypedDict or a Struct, each with what is in it."""
    if inner := [shape(one) for one in get_args(kind) if one is not type(None)]:
        return inner[0]
    if is_typeddict(kind):
        return {name: shape(part) for name, part in get_type_hints(kind).items()}
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        hints = get_type_hints(kind)
        return {field.encode_name: shape(hints[field.name]) for field in msgspec.structs.fields(kind)}
    return kind


def test_every_call_of_the_server_is_in_the_library() -> None:
    served = {pattern.callback.view_class.__name__ for pattern in urlpatterns} - {"NoSuchCall"}
    assert {view_of(calling(*one)[0]).__name__ for one in NAMES} == served - NOT_OURS


def test_the_client_itself_sends() -> None:
    for name in ("sendMail", "sendTemplate"):
        ours, theirs = (inspect.signature(getattr(group, name)) for group in (PowerEmail.PowerEmail, Messages))
        assert ours == theirs


def test_what_is_tried_again_is_what_reads_and_sends() -> None:
    paths = {calling(*one)[0] for one in NAMES}
    assert paths >= READS | SENDS
    assert all("get" in one or "list" in one or "check" in one or "view" in one for one in READS)
    assert {one for one in paths if "/send" in one} == SENDS


def test_every_shape_is_an_answer_s() -> None:
    declared = {name for name, one in vars(answers).items() if is_typeddict(one)}
    used = {get_type_hints(getattr(*one))["return"].__name__ for one in NAMES}
    assert used <= declared
