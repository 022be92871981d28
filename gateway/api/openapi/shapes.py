"""The schemas of what is answered: of the shapes that answers are made of, with an example of each, and of bodies without."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

Schema = Mapping[str, Any]

_TYPES: Final = {str: "string", int: "integer", bool: "boolean", list: "array", dict: "object", float: "number"}
_REF: Final = "#/components/schemas/"
# What stands for text in examples, by how the names of members end, in lower case; and for all else, by type.
_TEXTS: Final[Mapping[str, str]] = {
    "id": "123",
    "key": "4D196964-B909FDD7-134A4E29-6B0E923E",
    "email": "recipient@example.com",
    "url": "https://example.com/webhook",
    "domain": "example.com",
    "domainname": "example.com",
    "date": "2023-01-01 00:00:00",
    "at": "2023-01-01 12:00:00",
    "timestamp": "2023-01-01T12:00:00Z",
    "host": "smtp.example.com",
    "server": "smtp.example.com",
    "subject": "Welcome to our service!",
    "valid": "Yes",
    "valid_signing": "Yes",
    "valid_tracking": "Yes",
    "status": "Enabled",
    "ip": "192.0.2.1",
    "useragent": "Mozilla/5.0",
    "password": "shown-this-once",
}
_OTHERS: Final[Mapping[str, Any]] = {"string": "", "integer": 1, "number": 1.5, "boolean": True, "null": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shapes:
    """The schema of each of some shapes, and the components that those refer to."""

    refs: Mapping[type, Schema]
    components: Mapping[str, Schema]
    known: Mapping[str, Mapping[str, Any]]  # members of examples, by the names of shapes

    def example(self, answer: type) -> Any:
        """Return what an answer of a shape may look like."""
        return self._example(self.refs[answer], "")

    def _example(self, schema: Schema, name: str) -> Any:
        if "$ref" in schema:
            return self._example(self.components[schema["$ref"].removeprefix(_REF)], name)
        if "default" in schema:
            return schema["default"]
        if "anyOf" in schema:
            return self._example(schema["anyOf"][0], name)
        if "properties" in schema:
            members = {key: one for key, one in schema["properties"].items() if one.get("default") != ""}
            known = self.known.get(schema["title"], {})
            return {key: known[key] if key in known else self._example(one, key) for key, one in members.items()}
        if "prefixItems" in schema:
            return [self._example(one, name) for one in schema["prefixItems"]]
        return self._plain(schema, name)

    def _plain(self, schema: Schema, name: str) -> Any:
        if schema.get("type") == "array":
            return [self._example(schema.get("items", {}), name.removesuffix("s"))]
        if schema.get("type") == "object":
            return {"example.com": self._example(schema.get("additionalProperties", {}), name)}
        return _text(name) if schema.get("type") == "string" else _OTHERS[schema.get("type", "null")]


def shapes_of(answers: Sequence[type], prefix: str, known: Mapping[str, Mapping[str, Any]]) -> Shapes:
    """Return the schemas of shapes; the names of components begin with `prefix`."""
    found = msgspec.json.schema_components(answers, ref_template=f"{_REF}{prefix}.{{name}}")
    text = msgspec.json.encode(found).decode()
    for module in {answer.__module__.rpartition("answers")[0] for answer in answers}:
        text = text.replace(f"{module}answers.", "")  # what msgspec puts before a name that two shapes have
    refs, components = msgspec.json.decode(text)
    return Shapes(
        refs=dict(zip(answers, refs, strict=True)),
        components={f"{prefix}.{name}": shape for name, shape in components.items()},
        known=known,
    )


def shape_of(values: Iterable[Any]) -> dict[str, Any]:
    """Return a schema of examples: what they have in common is required, and what only some have is not."""
    listed = list(values)
    if all(isinstance(value, dict) for value in listed):
        names = dict.fromkeys(name for value in listed for name in value)
        return {
            "type": "object",
            "properties": {name: shape_of(value[name] for value in listed if name in value) for name in names},
            "required": [name for name in names if all(name in value for value in listed)],
        }
    kinds = sorted({_TYPES[type(value)] for value in listed})
    items = [item for value in listed if isinstance(value, list) for item in value]
    return {"type": kinds[0] if len(kinds) == 1 else kinds} | ({"items": shape_of(items)} if items else {})


def _text(name: str) -> str:
    name = name.lower()
    return _TEXTS.get(name) or next((value for end, value in _TEXTS.items() if name.endswith(end)), "text")
