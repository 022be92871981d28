"""list.*, list_member.* and template.* of version 1, in JSON and XML; nothing of another account's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest

from gateway.api.sendcloud.codes import CODES
from templates_app.actions import add_template
from templates_app.models import AddressList, Member, Template
from templates_app.texts import Texts
from tests.gateway.api.sendcloud.asking import post
from tests.support.cast import Tenant
from tests.support.lists import make_list

NEWS = "news@maillist.sendcloud.org"
NOTHING = "nothing@maillist.sendcloud.org"
Ask = Callable[..., Any]
SUCCESS = {"message": "success"}
MANY = ";".join(f"m{number}@b.example" for number in range(1001))
REFUSED: list[tuple[int, str, dict[str, Any]]] = [
    (40002, "list.get", {"start": "x"}),
    (40004, "list.get", {"limit": 101}),
    (40503, "list.create", {"name": "News"}),
    (40504, "list.create", {"address": f"{'a' * 49}@b.example", "name": "News"}),
    (40511, "list.create", {"address": "news", "name": "News"}),
    (40501, "list.create", {"address": "new@lists.example"}),
    (40505, "list.create", {"address": NEWS, "name": "News"}),
    (40509, "list.update", {"address": NEWS}),
    (40511, "list.update", {"address": NEWS, "toAddress": "news"}),
    (40517, "list.update", {"address": NOTHING, "name": "News"}),
    (40517, "list.delete", {"address": NOTHING}),
    (40517, "list_member.get", {"mail_list_addr": NOTHING}),
    (40518, "list_member.get", {"mail_list_addr": NEWS, "member_addr": "nobody"}),
    (40512, "list_member.add", {"mail_list_addr": NEWS}),
    (40515, "list_member.add", {"mail_list_addr": NEWS, "member_addr": MANY}),
    (40516, "list_member.add", {"mail_list_addr": NEWS, "member_addr": "p0@inbox.example;new@inbox.example"}),
    (40516, "list_member.add", {"mail_list_addr": NEWS, "member_addr": "a@b.example", "upsert": "perhaps"}),
    (40521, "list_member.add", {"mail_list_addr": NEWS, "member_addr": "a@b.example", "vars": "{};{}"}),
    (40522, "list_member.add", {"mail_list_addr": NEWS, "member_addr": "a@b.example", "vars": "{'a':1"}),
    (40517, "list_member.update", {"mail_list_addr": NOTHING, "member_addr": "p0@inbox.example"}),
    (40513, "list_member.delete", {"mail_list_addr": NEWS, "member_addr": f"{'a' * 40}@inbox.example"}),
    (40201, "template.add", {"name": "a", "html": "<p>a</p>"}),
    (40211, "template.add", {"invoke_name": "a", "name": "a"}),
    (40220, "template.add", {"invoke_name": "hello", "name": "a", "html": "<p>a</p>"}),
    (40204, "template.add", {"invoke_name": "a", "name": "a", "html": "<p>a</p>", "email_type": 7}),
    (40202, "template.get", {"invoke_name": "a b"}),
    (40216, "template.update", {"invoke_name": "nothing", "name": "a"}),
    (40218, "template.update", {"invoke_name": "hello"}),
    (40216, "template.delete", {"invoke_name": "nothing"}),
]


@pytest.fixture
def ask(acme: Tenant) -> Ask:
    """Make calls of version 1 as Acme's API user: `ask("list.get", limit=2)`."""

    def call(name: str, /, *, way: str = "form", ending: str = "json", **parameters: Any) -> Any:
        values = {"api_user": acme.smtp_user.name, "api_key": acme.smtp_secret, **parameters}
        response = post(f"/webapi/{name}.{ending}", way, values)
        assert response.status_code == 200, response.content
        return response.json() if ending == "json" else fromstring(response.content)

    return call


@pytest.fixture
def news(acme: Tenant) -> AddressList:
    add_template(acme.account.pk, invoke_name="hello", name="Hello", texts=Texts(html="<p>Hello</p>"), syntax="sendcloud")
    return make_list(acme.account.pk, 2, NEWS)


def test_lists_work(ask: Ask) -> None:
    created = ask("list.create", address=NEWS, name="News", description="weekly")
    row = created["list"]
    assert created == SUCCESS | {"list": row}
    assert {name: row[name] for name in row if not name.endswith("_at")} == {
        "address": NEWS,
        "members_count": 0,
        "description": "weekly",
        "name": "News",
    }
    assert ask("list.get") == SUCCESS | {"count": 1, "total_count": 1, "lists": [row | {"members_count": "0"}]}
    changed = ask("list.update", address=NEWS, toAddress="new@lists.example", name="Other")["list"]
    assert (changed["address"], changed["name"], changed["description"]) == ("new@lists.example", "Other", "weekly")
    assert ask("list.delete", address="new@lists.example") == SUCCESS | {"del_count": 1}
    assert ask("list.get", address=NEWS)["lists"] == []


def test_members_work(ask: Ask, news: AddressList) -> None:
    given = {"mail_list_addr": NEWS, "member_addr": "ann@inbox.example;ben@inbox.example"}
    more = {"name": "Ann;Ben", "vars": "{'%money%':1000,'age':20};{'%money%':900,'age':21}"}
    assert ask("list_member.add", **given, **more) == SUCCESS | {"total_counts": 2}
    found = ask("list_member.get", mail_list_addr=NEWS, start=2, limit=1)
    (member,) = found["members"]
    assert found == SUCCESS | {"total_count": 4, "members": [member]}
    assert {name: member[name] for name in member if not name.endswith("_at")} == {
        "address": "ann@inbox.example",
        "name": "Ann",
        "subscribed": "true",
        "vars": {"%age%": "20", "%money%": "1000"},
    }
    assert ask("list_member.add", **given, name="A;B", upsert="true") == SUCCESS | {"total_counts": 2}
    assert ask("list_member.update", **given, name="C;D") == SUCCESS | {"total_counts": 4}
    one = ask("list_member.get", mail_list_addr=NEWS, member_addr="BEN@inbox.example")
    assert (one["total_count"], one["members"][0]["name"]) == (1, "D")
    assert ask("list_member.delete", **given) == SUCCESS | {"del_count": 2}


def test_templates_work(ask: Ask) -> None:
    assert ask("template.add", invoke_name="t", name="T", html="<p>%a%</p>", email_type=1) == SUCCESS | {"addCount": 1}
    assert ask("template.update", invoke_name="t", html="<p>%b%</p>", subject="S") == SUCCESS | {"updateCount": 1}
    (row,) = ask("template.get")["templateList"]
    assert {name: row[name] for name in row if not name.startswith("gmt")} == {
        "invoke_name": "t",
        "name": "T",
        "html": "<p>%b%</p>",
        "text": "",
        "subject": "S",
        "email_type": 1,
        "is_verify": 1,
    }
    assert ask("template.get", invoke_name="t")["templateList"] == [row]
    assert ask("template.delete", invoke_name="t") == SUCCESS | {"delCount": 1}
    assert ask("template.get") == SUCCESS | {"templateList": []}


@pytest.mark.parametrize("way", ["get", "form", "multipart", "json"])
def test_xml_says_the_same(ask: Ask, news: AddressList, way: str) -> None:
    root = ask("list_member.get", way=way, ending="xml", mail_list_addr=NEWS)
    assert root.findtext("message") == "success"
    assert [item.findtext("address") for item in root.findall("members")] == ["p0@inbox.example", "p1@inbox.example"]
    assert root.findtext("total_count") == "2"
    refused = ask("list.delete", way=way, ending="xml", address=NOTHING)
    assert [item.text for item in refused.findall("errors")] == [CODES[40517]]


@pytest.mark.parametrize(("code", "call", "parameters"), REFUSED)
def test_what_is_wrong_is_told_in_the_vendors_words(
    ask: Ask, news: AddressList, code: int, call: str, parameters: dict[str, Any]
) -> None:
    before = [list(model.objects.order_by("pk").values()) for model in (AddressList, Member, Template)]
    answer = ask(call, **parameters)
    assert (answer["message"], answer["errors"][0]) == ("error", CODES[code])
    assert [list(model.objects.order_by("pk").values()) for model in (AddressList, Member, Template)] == before


@pytest.mark.parametrize(
    ("call", "name", "given"),
    [
        ("list.update", "address", {"name": "taken"}),
        ("list.delete", "address", {}),
        ("list_member.get", "mail_list_addr", {}),
        ("list_member.add", "mail_list_addr", {"member_addr": "a@b.example"}),
        ("list_member.update", "mail_list_addr", {"member_addr": "p0@inbox.example", "name": "taken"}),
        ("list_member.delete", "mail_list_addr", {"member_addr": "p0@inbox.example"}),
        ("template.update", "invoke_name", {"name": "taken"}),
        ("template.delete", "invoke_name", {}),
    ],
)
def test_what_is_anothers_is_like_nothing(ask: Ask, globex: Tenant, call: str, name: str, given: dict[str, Any]) -> None:
    make_list(globex.account.pk, 1, NEWS)
    add_template(globex.account.pk, invoke_name="hello", name="Hello", texts=Texts(html="<p>Hello</p>"))
    theirs, none = ("hello", "nothing") if call.startswith("template") else (NEWS, NOTHING)
    assert ask(call, **{name: theirs}, **given) == ask(call, **{name: none}, **given)
    assert ask("list.get")["lists"] == ask("template.get")["templateList"] == []
    kept = [Template.objects.get().name, Member.objects.get().name, AddressList.objects.get().name]
    assert kept == ["Hello", "", f"The list {NEWS}"]
