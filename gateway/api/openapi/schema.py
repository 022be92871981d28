"""From a call to an operation of the document (OpenAPI 3.1), and all of them to the document: what drf-spectacular asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry, ResolvedComponent

from gateway.api.octeth.views.command import Command
from gateway.api.openapi.access import BEARER, COMMANDS, DIALECTS, SCHEMES, TAGS, Access, access_to
from gateway.api.openapi.answered import errors_of, numbers_of, responses
from gateway.api.openapi.asked import bodies, example_of, examples_of, headers, parameters, words_of_fields
from gateway.api.openapi.calls import Calls, Words, call_of, every_call, words_of
from gateway.api.openapi.kinds import explain, object_of
from gateway.api.openapi.shapes import Shapes, shapes_of

_IN_QUERY: Final = frozenset(("GET", "DELETE"))
_NOT_A_WORD: Final = re.compile(r"\W+")


class CallSchema(AutoSchema):
    """Describes a DialectView by its tables; nothing of it is a serializer's."""

    view: Any

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: ComponentRegistry
    ) -> dict[str, Any]:
        call, command = call_of(self.view), path.partition("#")[2]
        access, words = access_to(call), words_of(call)
        tag = COMMANDS if command else access.tag
        dialect = self.view.dialect
        answered = responses(call, errors_of(self.view, call, tag), _shapes_in(dialect), tag)
        return {
            "operationId": _name_of(method, path),
            "tags": [tag],
            "summary": words.summary or words.name,
            "description": _describe(words, numbers_of(call, tag)),
            **self._asked(call, command, method, access, words),
            "security": [{BEARER: []}, {}] if access.by_bearer else [],
            "responses": {str(status): _share(response, status, dialect, registry) for status, response in answered.items()},
        }

    def _asked(self, call: Any, command: str, method: str, access: Access, words: Words) -> dict[str, Any]:
        dialect = self.view.dialect
        table = (*access.fields, *call.fields)
        said, example = words_of_fields(dialect, words.name), example_of(words.name, dialect, access)
        if method in _IN_QUERY:
            return {"parameters": [*headers(call), *parameters(table, said, example)]}
        schema = object_of(table, said)
        if command:
            schema, example = _with_command(schema, command, call, said), {"Command": command} | example
        return {
            "parameters": headers(call),
            "requestBody": {"required": True, "content": bodies(call, schema, example, said)},
        }


class Document(SchemaGenerator):
    """The document of every call."""

    endpoint_inspector_cls: Any = Calls

    def get_schema(self, request: Any = None, public: bool = False) -> dict[str, Any]:
        shapes = {name: shape for dialect in DIALECTS for name, shape in _shapes_in(dialect).components.items()}
        for kind, named in ((ResolvedComponent.SECURITY_SCHEMA, SCHEMES), (ResolvedComponent.SCHEMA, shapes)):
            for name, schema in named.items():
                self.registry.register(ResolvedComponent(name, kind, schema, object=name))
        tags = [{"name": name, "description": said} for name, said in TAGS.items()]
        return {**super().get_schema(request, public), "tags": tags}


@cache
def _shapes_in(dialect: str) -> Shapes:
    """Return what the calls of a dialect answer; all at once, as shapes of several modules may have one name."""
    calls = [call for call in every_call() if access_to(call).dialect == dialect]
    answers = dict.fromkeys(answer for call in calls for answer in call.answers)
    return shapes_of(tuple(answers), DIALECTS[dialect], examples_of(dialect).answers)


def _with_command(schema: Mapping[str, Any], command: str, call: type, said: Mapping[str, str]) -> dict[str, Any]:
    """Return the schema of a body of /api.php, which also says which command it is, and how it is to be answered."""
    own = {"Command": {"type": "string", "const": command}}
    formats = {"ResponseFormat": {"type": "string", "enum": ["JSON", "XML"]}} if issubclass(call, Command) else {}
    return {
        "type": "object",
        "properties": explain(own, said) | schema["properties"] | explain(formats, said),
        "required": ["Command", *schema.get("required", ())],
    }


def _name_of(method: str, path: str) -> str:
    """Return a name for code that is made of the document: `postV10MessagesSendMail`."""
    return method.lower() + "".join(f"{word[:1].upper()}{word[1:]}" for word in _NOT_A_WORD.split(path))


def _describe(words: Words, numbers: Mapping[int, str]) -> str:
    rows = "\n".join(f"| {number} | {said} |" for number, said in numbers.items())
    return f"{words.text}\n\n| error | |\n|---|---|\n{rows}" if rows else words.text


def _share(
    response: Mapping[str, Any], status: int, dialect: str, registry: ComponentRegistry, place: int = 1
) -> Mapping[str, Any]:
    """Return a reference to an error's answer, which many calls have in common; what else is answered is the call's own."""
    if status == 200:
        return response
    name = f"{DIALECTS[dialect]}.{status}.{place}"
    component = ResolvedComponent(name, ResolvedComponent.RESPONSE, response, object=name)
    registry.register_on_missing(component)
    is_same = registry[component].schema == response
    return component.ref if is_same else _share(response, status, dialect, registry, place + 1)
