"""From Field tables to JSON Schema (2020-12): what a parameter may look like follows from its kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from inspect import unwrap
from typing import Any, Final

from gateway.api import fields
from gateway.api.fields import Field, Kind
from gateway.api.mailup import xsmtpapi
from gateway.api.mailup.parse import messages as mailup
from gateway.api.octeth.parse import domains, email_fields, events, public_webhooks, sender_domains, statistics, webhooks
from gateway.api.sendclean.parse import messages, settings, switches
from gateway.api.sendclean.parse import webhooks as sendclean_webhooks
from gateway.api.sendcloud.parse import address_lists, members, opens_and_clicks, paging, templates, v1_modules
from gateway.api.sendcloud.parse import domains as sendcloud_domains
from gateway.api.sendcloud.parse import kinds as sendcloud_kinds
from gateway.api.sendcloud.parse import mail_fields as sendcloud
from gateway.api.sendcloud.parse import statistics as sendcloud_statistics
from gateway.api.sendcloud.parse import webhooks as sendcloud_webhooks
from tracking.formats.octeth import CHOICES

Schema = Mapping[str, Any]

TEXT: Final = {"type": "string"}
WHOLE: Final = {"type": ["integer", "string"], "pattern": "^-?[0-9]{1,18}$"}
SWITCH: Final = {
    "type": ["boolean", "integer", "string"],
    "enum": [True, False, 1, 0, "1", "0", "true", "false", "yes", "no"],
}
TEXTS: Final = {"type": ["string", "array"], "items": TEXT}
BY_NAME: Final = {"type": "object", "additionalProperties": {"type": ["string", "number", "null"]}}
PAIRS: Final = {"type": "array", "items": {"type": "object", "properties": {"N": TEXT, "V": TEXT}, "required": ["N"]}}


def one_of(*words: str) -> Schema:
    return {"type": "string", "enum": list(words)}


def at_least(number: int, most: int | None = None) -> Schema:
    return {"type": ["integer", "string"], "minimum": number, "pattern": "^[0-9]{1,18}$"} | ({"maximum": most} if most else {})


def whole_of(*numbers: int) -> Schema:
    return {"type": ["integer", "string"], "enum": [*numbers, *(str(number) for number in numbers)]}


# By what a kind returns, where its own row below does not say more.
RESULTS: Final[Mapping[str, Schema]] = {
    "str": TEXT,
    "int": WHOLE,
    "int | None": WHOLE,
    "bool": SWITCH,
    "datetime": {"type": ["string", "integer"]},
    "datetime | None": {"type": ["string", "integer"]},
    "UUID": {"type": "string", "format": "uuid"},
    "dict[str, Any]": {"type": "object"},
    "list[Any]": {"type": "array"},
}
KINDS: Final[Mapping[Kind, Schema]] = {
    fields.objects: {"type": "array", "items": {"type": "object"}},
    fields.header_pairs: BY_NAME,
    fields.base64_bytes: {"type": "string", "contentEncoding": "base64"},
    messages.dynamic_values: BY_NAME,
    messages.kind_of_recipient: one_of("to", "cc", "bcc"),
    messages.image_type: {"type": "string", "pattern": "^image/"},
    settings.switch: one_of("Enable", "Disable"),
    settings.positive: at_least(1),
    settings.page_number: at_least(0),
    switches.kind_of_clicks: one_of("html", "text", "both", "no"),
    sendclean_webhooks.events: TEXT,
    sendcloud.joined: TEXTS,
    sendcloud.labels: TEXTS,
    sendcloud.headers: {"type": ["string", "object"]},
    sendcloud.text_or_object: {"type": ["string", "object"]},
    sendcloud.nothing: {"type": "array", "maxItems": 0},
    sendcloud.china_time: {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$"},
    sendcloud.names: TEXTS,
    sendcloud.addresses: TEXTS,
    sendcloud.minutes: at_least(0, most=sendcloud.MAX_MINUTES),
    sendcloud.task_id: at_least(1),
    paging.place: at_least(0, most=paging.LAST_ROW),
    paging.page_size: at_least(0, most=paging.MOST_ROWS),
    paging.days: at_least(1),
    paging.day: {"type": "string", "format": "date"},
    sendcloud_kinds.email: {"type": "string", "format": "email"},
    sendcloud_kinds.label_id: at_least(1),
    sendcloud_kinds.label_ids: TEXTS | {"items": at_least(1)},
    sendcloud_kinds.listed: TEXTS,
    templates.template_type: whole_of(0, 1),
    templates.template_stat: whole_of(-2, -1, 0, 1),
    address_lists.list_type: whole_of(0, 1),
    members.addresses: TEXTS,
    members.names: TEXTS,
    members.objects: {"type": ["string", "array", "object"], "items": {"type": "object"}},
    v1_modules.quoted_objects: {"type": ["string", "array", "object"], "items": {"type": "object"}},
    sendcloud_domains.names: TEXTS,
    sendcloud_domains.verify: {"type": ["integer", "string"], "pattern": "^[<>]?[0-9]{1,3}$"},
    sendcloud_kinds.flag: whole_of(0, 1),
    sendcloud_kinds.zero_or_one: whole_of(0, 1),
    opens_and_clicks.track_type: whole_of(1, 2),
    sendcloud_statistics.receivers: TEXTS,
    sendcloud_statistics.number_of_lines: at_least(1, most=sendcloud_statistics.MOST_LINES),
    sendcloud_webhooks.events: {"type": ["integer", "string", "array"], "items": WHOLE},
    sendcloud_webhooks.known_url: {"type": "string", "format": "uri", "maxLength": sendcloud_webhooks.LONGEST_URL},
    sendcloud_webhooks.new_url: {"type": "string", "format": "uri", "maxLength": sendcloud_webhooks.LONGEST_URL},
    mailup.octets: {"type": ["string", "array"], "contentEncoding": "base64", "items": {"type": "integer"}},
    xsmtpapi.read_pairs: PAIRS,
    xsmtpapi.read_priority: at_least(1, most=5),
    email_fields.content_type: one_of("html", "plain", "both"),
    email_fields.tags: TEXTS,
    domains.track_prefix: {"type": "string", "pattern": "^[A-Za-z0-9-]{1,32}$"},
    webhooks.event: one_of(*CHOICES),
    public_webhooks.web_url: {"type": "string", "format": "uri"},
    sender_domains.domains_format: one_of(sender_domains.JSON, *sender_domains.DIRECTIVES),
    statistics.identifiers: TEXTS | {"items": WHOLE},
    events.event_types: one_of(*events.EVENTS),
    events.search: TEXT,
    events.countable: one_of(*events.COUNTABLE),
}
# Kinds that take an object with a table of its own, or a list of such.
OBJECTS: Final[Mapping[Kind, Sequence[Field]]] = {
    mailup.mailbox: mailup.EMAIL_ADDRESS,
    mailup.html_text: mailup.HTML,
    mailup.xsmtpapi: xsmtpapi.FIELDS,
}
LISTS: Final[Mapping[Kind, Sequence[Field]]] = {
    mailup.mailboxes: mailup.EMAIL_ADDRESS,
    mailup.parts: mailup.MESSAGE_PART,
}


def object_of(table: Iterable[Field], words: Mapping[str, str]) -> dict[str, Any]:
    """Return the schema of an object with these fields; `message.to[].email` is a field of each object in the list `to` in
    `message`. `words` say what fields are, by their last name.
    """
    listed = list(table)
    own = [field for field in listed if "." not in field.name]
    required = [field.name for field in own if field.required]
    properties = explain({field.name: _shape(field, listed, words) for field in own}, words)
    return {"type": "object", "properties": properties} | ({"required": required} if required else {})


def explain(properties: Mapping[str, Schema], words: Mapping[str, str]) -> dict[str, Any]:
    """Return properties with what is said of them."""
    return {name: {**one, "description": words[name]} if name in words else one for name, one in properties.items()}


def schema_of(kind: Kind) -> Schema:
    """Return what a kind takes; raise KeyError for one that has no row and returns nothing that has one."""
    known = KINDS.get(unwrap(kind))
    if known is not None:
        return known
    result = getattr(kind, "__annotations__", {}).get("return")
    return RESULTS[result] if result is not None else {}  # a lambda, of parameters that mean nothing here


def _shape(field: Field, table: Sequence[Field], words: Mapping[str, str]) -> dict[str, Any]:
    for mark, is_list in ((".", False), ("[].", True)):
        inner = [_without(f"{field.name}{mark}", one) for one in table if one.name.startswith(f"{field.name}{mark}")]
        if inner:
            return _listed(object_of(inner, words), is_list=is_list) | _open(field)
    kind = unwrap(field.kind)
    if kind in OBJECTS or kind in LISTS:
        return _listed(object_of({**OBJECTS, **LISTS}[kind], words), is_list=kind in LISTS)
    return dict(schema_of(kind))


def _open(field: Field) -> dict[str, Any]:
    """Return what lets an object of headers have others beside those that we act on."""
    return {"additionalProperties": BY_NAME["additionalProperties"]} if unwrap(field.kind) is fields.header_pairs else {}


def _listed(schema: dict[str, Any], *, is_list: bool) -> dict[str, Any]:
    return {"type": "array", "items": schema} if is_list else schema


def _without(prefix: str, field: Field) -> Field:
    return Field(field.name.removeprefix(prefix), field.kind, required=field.required, default=field.default)
