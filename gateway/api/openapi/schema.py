"""From a call to an operation of the document (OpenAPI 3.1), and all of them to the document: what drf-spectacular asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import count
from typing import Any, Final

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry, ResolvedComponent

from gateway.api.octeth.views.command import Command
from gateway.api.openapi.access import BEARER, COMMANDS, SCHEMES, TAGS, Access, access_to
from gateway.api.openapi.answered import errors_of, numbers_of, responses
from gateway.api.openapi.asked import bodies, example_of, examples_of, headers, parameters
from gateway.api.openapi.calls import Calls, Words, call_of, words_of
from gateway.api.openapi.kinds import object_of
from gateway.api.openapi.shapes import shapes_of

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
        shapes = shapes_of(call.answers, access.tag.split()[0])
        for name, schema in shapes.components.items():
            registry.register_on_missing(ResolvedComponent(name, ResolvedComponent.SCHEMA, schema, object=name))
        found = responses(call, errors_of(self.view, call, tag), shapes, tag)
        return {
            "operationId": _NOT_A_WORD.sub("_", f"{method.lower()}{path}"),
            "tags": [tag],
            "summary": words.summary or words.name,
            "description": _describe(words, numbers_of(call, tag)),
            **self._asked(call, command, method, access, words),
            "security": [{BEARER: []}, {}] if access.by_bearer else [],
            "responses": {str(status): _share(response, status, tag, registry) for status, response in found.items()},
        }

    def _asked(self, call: Any, command: str, method: str, access: Access, words: Words) -> dict[str, Any]:
        dialect = self.view.dialect
        table = (*access.fields, *call.fields)
        said, example = examples_of(dialect).fields, example_of(words.name, dialect, access)
        if method in _IN_QUERY:
            return {"parameters": [*headers(call), *parameters(table, said, example)]}
        schema = object_of(table, said)
        if command:
            schema, example = _with_command(schema, command, call), {"Command": command} | example
        return {
            "parameters": headers(call),
            "requestBody": {"required": True, "content": bodies(call, schema, example, access.tag)},
        }


class Document(SchemaGenerator):
    """The document of every call."""

    endpoint_inspector_cls = Calls

    def get_schema(self, request: Any = None, public: bool = False) -> dict[str, Any]:
        for name, scheme in SCHEMES.items():
            component = ResolvedComponent(name, ResolvedComponent.SECURITY_SCHEMA, scheme, object=name)
            self.registry.register_on_missing(component)
        tags = [{"name": name, "description": said} for name, said in TAGS.items()]
        return {**super().get_schema(request, public), "tags": tags}


def _with_command(schema: Mapping[str, Any], command: str, call: type) -> dict[str, Any]:
    """Return the schema of a body of /api.php, which also says which command it is, and how it is to be answered."""
    named = {"Command": {"type": "string", "const": command}}
    formats = {"ResponseFormat": {"type": "string", "enum": ["JSON", "XML"]}} if issubclass(call, Command) else {}
    return {
        "type": "object",
        "properties": named | schema["properties"] | formats,
        "required": ["Command", *schema.get("required", ())],
    }


def _describe(words: Words, numbers: Mapping[int, str]) -> str:
    rows = "\n".join(f"| {number} | {said} |" for number, said in numbers.items())
    return f"{words.text}\n\n| error | |\n|---|---|\n{rows}" if rows else words.text


def _share(response: Mapping[str, Any], status: int, tag: str, registry: ComponentRegistry) -> Mapping[str, Any]:
    """Return a reference to an error's answer, which many calls have in common; what else is answered is the call's own."""
    if status == 200:
        return response
    for place in count(1):
        name = f"{tag.split(maxsplit=1)[0]}.{status}.{place}"
        component = ResolvedComponent(name, ResolvedComponent.RESPONSE, response, object=name)
        registry.register_on_missing(component)
        if registry[component].schema == response:
            return component.ref
    raise AssertionError
