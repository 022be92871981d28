"""What list.*, list_member.* and template.* of version 1 say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from gateway.api.sendcloud.answers import say_time
from gateway.api.sendcloud.answers.v1 import Success
from templates_app.models import AddressList, Member, Template, TemplateVersion


class ListV1(msgspec.Struct, frozen=True, kw_only=True):
    """A list of addresses. In list.get its number of members is text."""

    create_at: str
    modify_at: str
    address: str
    members_count: int | str
    description: str
    name: str


class ListsV1(Success, frozen=True, kw_only=True):
    """A part of the lists."""

    count: int
    total_count: int
    lists: list[ListV1]


class ListOfV1(Success, frozen=True, kw_only=True):
    """The list that was made or changed."""

    list: ListV1


class DeletedV1(Success, frozen=True, kw_only=True):
    """How many lists or members were deleted."""

    del_count: int


class MemberV1(msgspec.Struct, frozen=True, kw_only=True):
    """An address of a list; the names of its values stand in %."""

    create_at: str
    modify_at: str
    address: str
    name: str
    subscribed: str = "true"
    vars: dict[str, str]


class MembersV1(Success, frozen=True, kw_only=True):
    """A part of a list's members."""

    total_count: int
    members: list[MemberV1]


class MembersCountedV1(Success, frozen=True, kw_only=True):
    """How many members were added or, after a change, how many the list has."""

    total_counts: int


class TemplateV1(msgspec.Struct, frozen=True, kw_only=True):
    """A template with what it says."""

    invoke_name: str
    name: str
    html: str
    text: str
    subject: str
    email_type: int
    is_verify: int = 1
    gmt_created: str
    gmt_modified: str


class TemplatesV1(Success, frozen=True, kw_only=True, rename={"templates": "templateList"}):
    """A part of the templates."""

    templates: list[TemplateV1]


class TemplateAddedV1(Success, frozen=True, kw_only=True, rename="camel"):
    """How many templates were added."""

    add_count: int


class TemplateUpdatedV1(Success, frozen=True, kw_only=True, rename="camel"):
    """How many templates were changed."""

    update_count: int


class TemplateDeletedV1(Success, frozen=True, kw_only=True, rename="camel"):
    """How many templates were deleted."""

    del_count: int


def tell_lists(rows: Sequence[AddressList], total: int) -> ListsV1:
    return ListsV1(count=len(rows), total_count=total, lists=[_list_of(row, str(row.member_count)) for row in rows])


def tell_list(row: AddressList) -> ListOfV1:
    return ListOfV1(list=_list_of(row, row.member_count))


def tell_members(rows: Sequence[Member], total: int) -> MembersV1:
    return MembersV1(total_count=total, members=[_member_of(row) for row in rows])


def tell_templates(rows: Sequence[Template], versions: Mapping[int, TemplateVersion]) -> TemplatesV1:
    return TemplatesV1(templates=[_template_of(row, versions[row.pk]) for row in rows if row.pk in versions])


def _list_of(row: AddressList, count: int | str) -> ListV1:
    return ListV1(
        create_at=say_time(row.created_at),
        modify_at=say_time(row.updated_at),
        address=row.address,
        members_count=count,
        description=row.description,
        name=row.name,
    )


def _member_of(row: Member) -> MemberV1:
    return MemberV1(
        create_at=say_time(row.created_at),
        modify_at=say_time(row.updated_at),
        address=row.email,
        name=row.name,
        vars={f"%{name}%": value for name, value in sorted(row.variables.items())},
    )


def _template_of(row: Template, version: TemplateVersion) -> TemplateV1:
    return TemplateV1(
        invoke_name=row.invoke_name,
        name=row.name,
        html=version.html,
        text=version.text,
        subject=version.subject,
        email_type=int(row.is_bulk),
        gmt_created=say_time(row.created_at),
        gmt_modified=say_time(row.updated_at),
    )
