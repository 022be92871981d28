"""What list.*, list_member.* and template.* of version 1 take: what their heirs do, by other names.

Values of members may be written as Python does, in single quotes, and their names with %. `subscribed` means nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from gateway.api.asked import Asked
from gateway.api.fields import Field, boolean
from gateway.api.sendcloud.parse import address_lists, members, templates
from gateway.api.sendcloud.parse.kinds import listed
from gateway.api.sendcloud.parse.paging import LIMIT, START
from gateway.api.sendcloud.parse.variables import read_objects, requote

# The names of version 2 by those of version 1, where they differ.
OF_LISTS: Final[Mapping[str, str]] = {"toAddress": "newAddress", "description": "desc"}
OF_MEMBERS: Final[Mapping[str, str]] = {"mail_list_addr": "address", "member_addr": "members", "name": "names"}
OF_TEMPLATES: Final[Mapping[str, str]] = {"invoke_name": "invokeName", "email_type": "templateType"}


def quoted_objects(value: Any) -> tuple[dict[str, str], ...]:
    """Take objects with `;` between them, in JSON or in single quotes, or an array of objects."""
    return read_objects(requote(value) if isinstance(value, str) else value)


def in_version_2(asked: Asked, names: Mapping[str, str], **more: Any) -> Asked:
    """Return a call as its heir of version 2 has it, with `more` that version 1 has no names for."""
    return replace(asked, given=more | {names.get(name, name): value for name, value in asked.given.items()})


_LIST_NAME = Field("name", address_lists.list_name, missing=40501, invalid=40502)
_DESCRIPTION = Field("description", address_lists.description, default="", invalid=40507)
LISTS: Final = (Field("address", listed, invalid=40511), START, LIMIT)
CREATE_LIST: Final = (
    Field("address", address_lists.new_alias, required=True, missing=40503, invalid=40504),
    Field("name", address_lists.list_name, required=True, missing=40501, invalid=40502),
    _DESCRIPTION,
)
UPDATE_LIST: Final = (
    address_lists.ADDRESS,
    Field("toAddress", address_lists.new_alias, aliases=("to_address",), missing=40509, invalid=40510),
    _LIST_NAME,
    Field("description", address_lists.description, invalid=40507),
)
DELETE_LIST: Final = (address_lists.ADDRESS,)

_LIST = Field("mail_list_addr", address_lists.alias, aliases=("address",), required=True, missing=40503, invalid=40511)
_MEMBERS = Field("member_addr", members.addresses, required=True, missing=40512, invalid=40518)
_NAMES = Field("name", members.names, invalid=40516)
_VARS = Field("vars", quoted_objects, invalid=40522)
MEMBERS: Final = (_LIST, Field("member_addr", members.addresses, invalid=40518), START, LIMIT)
ADD_MEMBERS: Final = (_LIST, _MEMBERS, _NAMES, _VARS, Field("upsert", boolean, default=False, invalid=40516))
UPDATE_MEMBERS: Final = (_LIST, _MEMBERS, _NAMES, _VARS)
DELETE_MEMBERS: Final = (_LIST, _MEMBERS)

_INVOKE_NAME = Field("invoke_name", templates.invoke_name, required=True, missing=40201, invalid=40202)
_TEXT = Field("text", templates.plain, invalid=40214)
TEMPLATES: Final = (Field("invoke_name", templates.invoke_name, invalid=40202), START, LIMIT)
ADD_TEMPLATE: Final = (
    _INVOKE_NAME,
    Field("name", templates.template_name, required=True, missing=40207, invalid=40208),
    Field("html", templates.html, required=True, missing=40211, invalid=40212),
    _TEXT,
    Field("subject", templates.subject, default="", invalid=40210),
    Field("email_type", templates.template_type, default=False, invalid=40204),
)
UPDATE_TEMPLATE: Final = (
    _INVOKE_NAME,
    Field("name", templates.template_name, missing=40207, invalid=40208),
    Field("html", templates.html, missing=40211, invalid=40212),
    _TEXT,
    Field("subject", templates.subject, invalid=40210),
    Field("email_type", templates.template_type, invalid=40204),
)
DELETE_TEMPLATE: Final = (_INVOKE_NAME,)
