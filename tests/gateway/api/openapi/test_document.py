"""The document: valid, of every call, in words throughout; and its examples are what the calls really take and answer."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from typing import Any

import jsonschema
import msgspec
import pytest
from django.core.management import call_command

from domains.credentials import Credential
from gateway.api.base import DialectView, UnknownPath
from gateway.api.bodies import Payload
from gateway.api.fields import fold
from gateway.api.octeth.parse.base import parse_fields
from gateway.api.octeth.views.commands import COMMANDS, PUBLIC_NAMES, Api
from gateway.api.openapi import samples
from gateway.api.openapi.access import DIALECTS
from gateway.api.openapi.asked import examples_of
from gateway.api.openapi.calls import Calls, call_of, every_call, words_of
from gateway.api.openapi.schema import Document, _shapes_in
from gateway.base.errors import MethodNotAllowed, UnknownCall
from tests.gateway.api.leaves import make_leaves

CALLS = Calls().get_api_endpoints()
ANYBODY = Credential(
    account_id=1, owner_id="acme", account_status="enabled", requests_per_minute=0, smtp_user_id=1, domain_id=1
)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    found: dict[str, Any] = Document().get_schema(public=True)
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def view_of(path: str, method: str) -> DialectView:
    (view,) = (view for at, _, verb, view in CALLS if (at, verb.lower()) == (path, method))
    made: DialectView = view.cls(**view.initkwargs)
    return made


def test_it_works() -> None:
    """As `manage.py spectacular --fail-on-warn --validate` in CI."""
    written = StringIO()
    call_command("spectacular", "--fail-on-warn", "--validate", "--format", "openapi-json", stdout=written)
    assert msgspec.json.decode(written.getvalue())["openapi"] == "3.1.1"


def test_every_call_is_in_it(document: dict[str, Any]) -> None:
    described = {call_of(view_of(path, method)) for path, method, _ in operations(document)}
    assert described >= set(leaves_under(DialectView)) - {Api}
    commands = {path.partition("#")[2] for path in document["paths"] if path.startswith("/api.php")}
    assert commands == {command.name for command in COMMANDS.values()} | set(PUBLIC_NAMES)


def leaves_under(kind: type) -> Iterator[type]:
    """Yield the product's calls: views that no other stands on, and that are served."""
    for child in kind.__subclasses__():
        if not issubclass(child, UnknownPath) and child.__module__.startswith("gateway.") and "calls" not in vars(child):
            yield from leaves_under(child) if child.__subclasses__() else (child,)


def test_every_call_has_a_name_of_its_own(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() for name in names)


def test_readers_and_the_console_are_not_in_it(document: dict[str, Any]) -> None:
    prefixes = ("/v1.0/", "/apiv2/", "/webapi/", "/API/v2.0/", "/api/v1/", "/api.php#")
    assert not [path for path in document["paths"] if not path.startswith(prefixes)]


def test_everything_has_words(document: dict[str, Any]) -> None:
    silent = [path for path, _, operation in operations(document) if not operation["summary"] or not operation["description"]]
    for path, method, operation in operations(document):
        schemas = [content["schema"] for content in operation.get("requestBody", {}).get("content", {}).values()]
        silent += [f"{path} {name}" for schema in schemas for name in unexplained(schema)]
        silent += [f"{path} {one['name']}" for one in operation.get("parameters", ()) if not one.get("description")]
        assert {"200", "429", "500"} <= set(operation["responses"]), (path, method)
    assert not sorted(set(silent))


def unexplained(schema: dict[str, Any]) -> Iterator[str]:
    for name, one in schema.get("properties", {}).items():
        if "description" not in one and name not in {"N", "V"}:
            yield name
        yield from unexplained(one.get("items", one))


@pytest.mark.parametrize("call", list(every_call()), ids=lambda call: call.__qualname__)
def test_every_call_has_an_example(call: Any) -> None:
    dialect = next(name for name in DIALECTS if f".{name}." in call.__module__)
    assert words_of(call).name in examples_of(dialect).calls or not call.fields


@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_example_is_of_nothing(dialect: str) -> None:
    known = examples_of(dialect)
    names = {words_of(call).name for call in every_call() if f".{dialect}." in call.__module__}
    assert set(known.calls) <= names
    assert set(known.answers) <= {name.rpartition(".")[2] for name in _shapes_in(dialect).components}


@pytest.mark.parametrize(("path", "method"), [(path, method.lower()) for path, _, method, _ in CALLS])
def test_parsers_take_the_examples(document: dict[str, Any], path: str, method: str) -> None:
    view, values = view_of(path, method), example_of(document["paths"][path][method])
    if isinstance(view, Api):
        parse_fields(view.command.fields, fold(values))
    else:
        view.parse(Payload(values=values), ANYBODY)


@pytest.mark.parametrize(("path", "method"), [(path, method.lower()) for path, _, method, _ in CALLS if method == "POST"])
def test_schemas_take_the_examples(document: dict[str, Any], path: str, method: str) -> None:
    for content in document["paths"][path][method]["requestBody"]["content"].values():
        jsonschema.validate(content["example"], content["schema"], jsonschema.Draft202012Validator)


def example_of(operation: dict[str, Any]) -> dict[str, Any]:
    if "requestBody" in operation:
        content = operation["requestBody"]["content"]
        return dict(next(iter(content.values()))["example"])
    return {one["name"]: one["example"] for one in operation["parameters"] if "example" in one}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_examples_of_answers_have_their_shapes(dialect: str) -> None:
    shapes = _shapes_in(dialect)
    for answer in shapes.refs:
        msgspec.convert(shapes.example(answer), answer)


def test_there_is_a_sample_of_every_refusal() -> None:
    given = (*samples.ANY, *samples.of_field("to"), *samples.OF_USERS, *samples.OF_MAIL)
    of_no_call = {UnknownCall, MethodNotAllowed}  # for which the document has no place
    assert {type(leaf) for leaf in make_leaves()} <= {type(refusal) for refusal in given} | of_no_call


def test_errors_are_in_each_dialects_own_words(document: dict[str, Any]) -> None:
    def example(path: str, status: str, name: str) -> Any:
        response = document["paths"][path]["post"]["responses"][status]
        if "$ref" in response:
            response = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
        return response["content"]["application/json"]["examples"][name]["value"]

    said = example("/v1.0/messages/sendMail", "401", "bad_credentials")
    assert said == {
        "status": "error",
        "code": -1,
        "name": "AuthenticationError",
        "type": "AuthenticationError",
        "message": "Token MissMatch",
    }
    assert example("/apiv2/mail/send", "200", "error_40801")["statusCode"] == 40801
    assert example("/API/v2.0/messages/sendmessage", "403", "recipient_missing")["Code"] == "109"
    assert example("/api/v1/email", "200", "error_8") == {"Errors": [{"Code": 8, "Message": "Missing Subject"}]}
    assert example("/api.php#EmailGateway.AddWebhook", "200", "error_1")["ErrorCode"] == [1]
    assert example("/api.php#EmailGateway.AddDomain", "200", "error_3")["ErrorCode"] == 3
