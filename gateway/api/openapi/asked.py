"""What a call takes: parameters of a query, or a body in each format that it may come in, with an example."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from gateway.api import fields
from gateway.api.fields import Field
from gateway.api.mailup.parse.documents import ITEMS
from gateway.api.mailup.views import MailUpView
from gateway.api.mailup.views import SendingView as MailUpSendingView
from gateway.api.octeth.views.email import SendEmail
from gateway.api.openapi.access import Access
from gateway.api.openapi.kinds import LISTS, OBJECTS, Schema, explain, object_of
from gateway.api.sendclean.views.base import SendingView
from gateway.api.sendcloud.views.mail import SendingView as SendCloudSendingView

JSON: Final = "application/json"
XML: Final = "application/xml"
FORM: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"
SENDING: Final = (SendingView, SendCloudSendingView, MailUpSendingView, SendEmail)

_EXAMPLES: Final = Path(__file__).parent / "examples"
_FILES: Final = {"type": "array", "items": {"type": "string", "format": "binary"}}
_IDEMPOTENCY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "A call that comes again with the same key and the same mail is answered as the first, and sends nothing.",
    "schema": {"type": "string", "maxLength": 255},
}


class Examples(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in examples/<dialect>.json: what fields are, by name; who calls; what each call asks for, by its name; and
    members of what is answered, by the names of its shapes. In examples/<dialect>/<module>.json stand those of the calls
    `<module>/...` alone.
    """

    fields: dict[str, str]
    credentials: dict[str, Any] = {}
    calls: dict[str, dict[str, Any]]
    answers: dict[str, dict[str, Any]] = {}


@cache
def examples_of(dialect: str) -> Examples:
    """Return a dialect's examples: the vendor's own, where it has some."""
    common = _read(_EXAMPLES / f"{dialect}.json")
    modules = [_read(path) for path in sorted((_EXAMPLES / dialect).glob("*.json"))]
    return msgspec.structs.replace(
        common,
        calls=common.calls | {name: call for module in modules for name, call in module.calls.items()},
        answers=common.answers | {name: answer for module in modules for name, answer in module.answers.items()},
    )


def words_of_fields(dialect: str, name: str) -> Mapping[str, str]:
    """Return what is said of the fields of a call, by their names."""
    module = _EXAMPLES / dialect / f"{name.partition('/')[0]}.json"
    return examples_of(dialect).fields | (_read(module).fields if module.exists() else {})


def example_of(name: str, dialect: str, access: Access) -> dict[str, Any]:
    """Return what the example of a call sends: credentials, and what else it takes."""
    known = examples_of(dialect)
    told = {field.name for field in access.fields}
    return {key: value for key, value in known.credentials.items() if key in told} | known.calls.get(name, {})


@cache
def _read(path: Path) -> Examples:
    return msgspec.json.decode(path.read_bytes(), type=Examples)


def parameters(table: Sequence[Field], words: Mapping[str, str], example: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a call's parameters in its query."""
    schema = object_of(table, words)
    return [
        _parameter(name, dict(one), example.get(name), is_required=name in schema.get("required", ()))
        for name, one in schema["properties"].items()
    ]


def bodies(call: Any, schema: Schema, example: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, Any]:
    """Return a call's body in each format that it may have, the usual one first."""
    plain = {"schema": schema, "example": example}
    if files := getattr(call, "files", ()):
        with_files = schema["properties"] | explain(dict.fromkeys(files, _FILES), words)
        return {MULTIPART: plain | {"schema": {**schema, "properties": with_files}}, FORM: plain, JSON: plain}
    if issubclass(call, MailUpView):
        return {JSON: plain, XML: plain | {"schema": in_xml(schema, call.root)}}
    return {JSON: plain} | ({FORM: plain} if is_flat(call.fields) else {})


def in_xml(schema: Schema, name: str = "") -> dict[str, Any]:
    """Return a schema with what is called otherwise in XML: the root, and the items of a list, which stand within the list."""
    found = {**schema, **({"xml": {"name": name}} if name else {})}
    if "properties" in schema:
        found["properties"] = {member: _member_in_xml(member, one) for member, one in schema["properties"].items()}
    return found


def _member_in_xml(name: str, schema: Schema) -> dict[str, Any]:
    items = {"items": in_xml(schema["items"], ITEMS[name]), "xml": {"wrapped": True}} if name in ITEMS else {}
    return {**in_xml(schema), **items}


def headers(call: type) -> list[dict[str, Any]]:
    """Return the parameters of a call in its header."""
    return [_IDEMPOTENCY] if sends(call) else []


def sends(call: type) -> bool:
    """Tell whether a call hands in mail."""
    return issubclass(call, SENDING)


def is_flat(table: Sequence[Field]) -> bool:
    """Tell whether all of a call's values are text, numbers and the like, as a form has them."""
    nesting = {*OBJECTS, *LISTS, fields.mapping, fields.objects, fields.listing, fields.header_pairs}
    return not any("." in field.name or field.kind in nesting for field in table)


def _parameter(name: str, schema: dict[str, Any], example: Any, *, is_required: bool) -> dict[str, Any]:
    said = schema.pop("description", "")
    found: dict[str, Any] = {"name": name, "in": "query", "schema": schema}
    found |= {"required": True} if is_required else {}
    found |= {"description": said} if said else {}
    found |= {"style": "deepObject", "explode": True} if schema.get("type") == "object" else {}
    return found | ({"example": example} if example is not None else {})
