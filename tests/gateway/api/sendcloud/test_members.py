"""addressmember/*: every status over HTTP, values of members, and nothing of another account's."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gateway.api.sendcloud.codes import CODES
from gateway.api.sendcloud.errors import VAGUE
from gateway.api.sendcloud.errors.never import NEVER
from gateway.api.sendcloud.parse.variables import read_objects, requote
from templates_app.models import AddressList, Member
from tests.gateway.api.sendcloud.asking import Ask, refusal_of
from tests.support.cast import Tenant
from tests.support.lists import make_list

NEWS = "news@maillist.sendcloud.org"
NOTHING = "nothing@maillist.sendcloud.org"
MANY = ";".join(f"m{number}@b.example" for number in range(1001))
LONG = f"{'a' * 40}@inbox.example"
ADDED: list[tuple[int, dict[str, Any]]] = [
    (40512, {}),
    (40512, {"members": ""}),
    (40513, {"members": f"a@b.example;{LONG}"}),
    (40514, {"members": ";"}),
    (40515, {"members": MANY}),
    (40516, {"members": "a@b.example", "names": "Ann;Ben"}),
    (40516, {"members": "a@b.example;c@d.example", "names": "Ann"}),
    (40516, {"members": "a@b.example", "names": "n" * 121}),
    (40516, {"members": "a@b.example", "vars": json.dumps({str(number): "" for number in range(101)})}),
    (40517, {"address": NOTHING, "members": "a@b.example"}),
    (40518, {"members": "a@b.example;nobody"}),
    (40518, {"members": "a@b.example\r\nRCPT TO:<x@y.example>"}),
    (40520, {"members": "a@b.example", "vars": ""}),
    (40521, {"members": "a@b.example;c@d.example", "vars": '{"a": "1"}'}),
    (40521, {"members": "a@b.example", "vars": '{"a": "1"};{"a": "2"}'}),
    (40522, {"members": "a@b.example", "vars": "money=1"}),
    (40522, {"members": "a@b.example", "vars": '{"a": {"b": "c"}}'}),
    (40522, {"members": "a@b.example", "vars": "{'a': '1'}"}),
    (40522, {"members": "a@b.example", "vars": '{"a": "1"'}),
    (40522, {"members": "a@b.example;c@d.example", "vars": '{"a": "1"};;'}),
]
OTHERS: list[tuple[int, str, dict[str, Any]]] = [
    (40001, "list", {"start": ""}),
    (40002, "list", {"start": "x"}),
    (40003, "list", {"limit": ""}),
    (40004, "list", {"limit": 101}),
    (40503, "list", {"address": ""}),
    (40511, "list", {"address": "a" * 121}),
    (40517, "list", {"address": NOTHING}),
    (40517, "get", {"address": NOTHING, "members": "p0@inbox.example"}),
    (40517, "update", {"address": NOTHING, "members": "p0@inbox.example"}),
    (40517, "delete", {"address": NOTHING, "members": "p0@inbox.example"}),
    (40512, "delete", {}),
    (40514, "get", {"members": " ; "}),
    (40514, "update", {"members": "p0@inbox.example", "newMembers": ";"}),
    (40516, "update", {"members": "p0@inbox.example", "newMembers": "a@b.example;c@d.example"}),
    (40516, "update", {"members": "p0@inbox.example", "newMembers": "P1@inbox.example"}),
    (40516, "update", {"members": "p0@inbox.example;p1@inbox.example", "newMembers": "a@b.example;A@b.example"}),
    (40518, "update", {"members": "p0@inbox.example", "newMembers": "nobody"}),
]
REFUSED = [*(("add", *row) for row in ADDED), *((call, code, given) for code, call, given in OTHERS)]
OURS = {40001, 40002, 40003, 40004, 40503, 40511, *range(40512, 40523)}


@pytest.fixture
def news(acme: Tenant) -> AddressList:
    return make_list(acme.account.pk, 2, NEWS)


def listed(ask: Ask) -> list[tuple[str, str, str]]:
    rows = ask("addressmember/list", address=NEWS)["info"]["dataList"]
    return [(row["member"], row["name"], row["vars"]) for row in rows]


def test_it_works(ask: Ask, acme: Tenant) -> None:
    make_list(acme.account.pk, 0, NEWS)
    more = {"names": "Ben;周", "vars": '{"money":"99", "%age%": 20};{"money":1989.0}'}
    assert ask("addressmember/add", address=NEWS, members="ben@ifaxin.com;joe@ifaxin.com", **more)["info"] == {"count": 2}
    ben, joe = ("ben@ifaxin.com", "Ben", '{"age":"20","money":"99"}'), ("joe@ifaxin.com", "周", '{"money":"1989.0"}')
    assert listed(ask) == [ben, joe]
    got = ask("addressmember/get", address=NEWS, members="JOE@ifaxin.com;nobody@ifaxin.com")["info"]
    assert (got["count"], got["total"], got["dataList"][0]["member"]) == (1, 1, "joe@ifaxin.com")
    assert set(got["dataList"][0]) == {"gmtCreated", "gmtUpdated", "address", "member", "name", "vars"}
    changed = ask("addressmember/update", address=NEWS, members="joe@ifaxin.com", newMembers="jo@ifaxin.com", vars="{}")
    assert changed["info"] == {"count": 1}
    assert listed(ask) == [ben, ("jo@ifaxin.com", "周", "")]
    assert ask("addressmember/delete", address=NEWS, members="BEN@ifaxin.com;no@ifaxin.com")["info"] == {"count": 1}
    page = ask("addressmember/list", address=NEWS, start=0, limit=1)["info"]
    assert (page["total"], page["dataList"][0]["member"]) == (1, "jo@ifaxin.com")


@pytest.mark.parametrize("way", ["get", "form", "multipart", "json"])
def test_every_way_of_asking_is_understood(ask: Ask, news: AddressList, way: str) -> None:
    given = {"members": "a@b.example;c@d.example", "vars": '{"a":"1;2"};{"a":"}"}'}
    assert ask("addressmember/add", way=way, address=NEWS, **given)["info"] == {"count": 2}
    assert [row[2] for row in listed(ask)[2:]] == ['{"a":"1;2"}', '{"a":"}"}']


def test_json_may_have_arrays(ask: Ask, news: AddressList) -> None:
    given = {"members": ["a@b.example", "c@d.example"], "names": ["A;", ""], "vars": [{"a": 1}, {"b": None}]}
    assert ask("addressmember/add", way="json", address=NEWS, **given)["info"] == {"count": 2}
    assert listed(ask)[2:] == [("a@b.example", "A;", '{"a":"1"}'), ("c@d.example", "", "")]


def test_who_is_there_already_is_changed_and_not_counted(ask: Ask, news: AddressList) -> None:
    more = {"members": "P0@inbox.example;new@inbox.example", "names": "Old;New;"}
    assert ask("addressmember/add", address=NEWS, **more)["info"] == {"count": 1}
    assert listed(ask)[0] == ("p0@inbox.example", "Old", '{"N":"0"}')
    assert ask("addressmember/update", address=NEWS, members="no@inbox.example", names="No")["info"] == {"count": 0}


def test_an_address_may_change_its_case(ask: Ask, news: AddressList) -> None:
    changed = ask("addressmember/update", address=NEWS, members="p0@inbox.example", newMembers="P0@inbox.example")
    assert changed["info"] == {"count": 1}
    assert listed(ask)[0][0] == "P0@inbox.example"


def test_of_two_new_addresses_of_one_member_the_last_counts(ask: Ask, news: AddressList) -> None:
    twice, new = "p0@inbox.example;P0@inbox.example", "a@inbox.example;b@inbox.example"
    assert ask("addressmember/update", address=NEWS, members=twice, newMembers=new)["info"] == {"count": 1}
    assert listed(ask)[0][0] == "b@inbox.example"


def test_a_thousand_members_take_few_statements(ask: Ask, news: AddressList) -> None:
    thousand = MANY.rpartition(";")[0]
    with CaptureQueriesContext(connection) as queries:
        assert ask("addressmember/add", address=NEWS, members=thousand)["info"] == {"count": 1000}
    assert len(queries) < 15
    news.refresh_from_db()
    assert news.member_count == 1002
    with CaptureQueriesContext(connection) as queries:
        assert ask("addressmember/delete", address=NEWS, members=thousand)["info"] == {"count": 1000}
    assert len(queries) < 15


def test_pages_follow_each_other(ask: Ask, acme: Tenant) -> None:
    make_list(acme.account.pk, 5, NEWS)
    pages = [ask("addressmember/list", address=NEWS, start=start, limit=2)["info"] for start in (0, 2, 4, 6)]
    assert [row["member"] for page in pages for row in page["dataList"]] == [f"p{number}@inbox.example" for number in range(5)]
    assert {page["total"] for page in pages} == {5}


@pytest.mark.parametrize(("call", "code", "parameters"), REFUSED)
def test_what_is_wrong_has_its_code_and_words(
    ask: Ask, news: AddressList, call: str, code: int, parameters: dict[str, Any]
) -> None:
    before = list(Member.objects.order_by("pk").values())
    answer = ask(f"addressmember/{call}", **{"address": NEWS} | parameters)
    assert refusal_of(answer) == (code, CODES[code])
    assert bool(answer["info"]) is (code in VAGUE)
    assert list(Member.objects.order_by("pk").values()) == before


def test_every_code_is_seen_or_never_said() -> None:
    assert {code for _, code, _ in REFUSED} == OURS - set(NEVER)


@pytest.mark.parametrize("call", ["list", "get", "add", "update", "delete"])
def test_members_of_anothers_list_are_like_those_of_none(ask: Ask, globex: Tenant, call: str) -> None:
    make_list(globex.account.pk, 1, NEWS)
    given = {"members": "p0@inbox.example", "newMembers": "taken@inbox.example"}
    assert ask(f"addressmember/{call}", address=NEWS, **given) == ask(f"addressmember/{call}", address=NOTHING, **given)
    assert [member.email for member in Member.objects.all()] == ["p0@inbox.example"]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", ()),
        ("{}", ({},)),
        ('{"a":"1"};', ({"a": "1"},)),
        ('{"a":"x\\";y"} ; {"%b%":true}', ({"a": 'x";y'}, {"b": "true"})),
        ('{"a":"it\'s;"};{"a":1e2}', ({"a": "it's;"}, {"a": "1e2"})),
        ('{"a":null,"%":"p"}', ({"%": "p"},)),
    ],
)
def test_values_are_read_as_written(text: str, values: tuple[dict[str, str], ...]) -> None:
    assert read_objects(text) == values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("{'%money%':1000,'age':20};{'a':'it\\'s \"so\";'}", ({"money": "1000", "age": "20"}, {"a": 'it\'s "so";'})),
        ('{"a":"it\'s"}', ({"a": "it's"},)),
        ("{'a':'\\\\'}", ({"a": "\\"},)),
    ],
)
def test_single_quotes_are_taken_where_asked_for(text: str, values: tuple[dict[str, str], ...]) -> None:
    assert read_objects(requote(text)) == values


@pytest.mark.parametrize("text", ['"' * 200_001, "'\\" * 100_000, '"\\"' * 100_000, "';" * 100_000, "{" * 100_000])
def test_whatever_is_written_is_read_in_one_pass(text: str) -> None:
    with pytest.raises(ValueError, match="must be JSON objects"):
        read_objects(requote(text))
