"""addresslist/*: every status over HTTP, and nothing of another account's."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.api.sendcloud.codes import CODES
from gateway.api.sendcloud.errors import VAGUE
from gateway.api.sendcloud.errors.never import NEVER
from templates_app import lists
from templates_app.models import AddressList, Member
from tests.gateway.api.sendcloud.asking import Ask, refusal_of
from tests.gateway.api.sendcloud.conftest import make_mail
from tests.support.cast import Tenant
from tests.support.doors import accept_inline
from tests.support.lists import make_list

NEWS = "news@maillist.sendcloud.org"
TAKEN = "taken@maillist.sendcloud.org"
NOTHING = "nothing@maillist.sendcloud.org"
LONG = f"{'a' * 49}@b.example"
REFUSED: list[tuple[int, str, dict[str, Any]]] = [
    (40001, "addresslist/list", {"start": ""}),
    (40002, "addresslist/list", {"start": "x"}),
    (40003, "addresslist/list", {"limit": ""}),
    (40004, "addresslist/list", {"limit": 101}),
    (40503, "addresslist/list", {"address": ""}),
    (40511, "addresslist/list", {"address": ";"}),
    (40501, "addresslist/add", {"address": NEWS}),
    (40501, "addresslist/add", {"address": NEWS, "name": ""}),
    (40502, "addresslist/add", {"address": NEWS, "name": "n" * 49}),
    (40502, "addresslist/add", {"address": NEWS, "name": "a\nb"}),
    (40502, "addresslist/add", {"address": NEWS, "name": " "}),
    (40503, "addresslist/add", {"name": "News"}),
    (40503, "addresslist/add", {"address": "", "name": "News"}),
    (40504, "addresslist/add", {"address": LONG, "name": "News"}),
    (40505, "addresslist/add", {"address": TAKEN.upper(), "name": "News"}),
    (40506, "addresslist/add", {"address": NEWS, "name": "News", "desc": ""}),
    (40507, "addresslist/add", {"address": NEWS, "name": "News", "desc": "d" * 251}),
    (40507, "addresslist/add", {"address": NEWS, "name": "News", "desc": "a\rb"}),
    (40508, "addresslist/add", {"address": NEWS, "name": "News", "listType": 2}),
    (40511, "addresslist/add", {"address": "news", "name": "News"}),
    (40511, "addresslist/add", {"address": "a b@c.example", "name": "News"}),
    (40511, "addresslist/add", {"address": '"a b"@c.example', "name": "News"}),
    (40503, "addresslist/update", {"name": "News"}),
    (40509, "addresslist/update", {"address": TAKEN, "newAddress": ""}),
    (40509, "addresslist/update", {"address": TAKEN}),
    (40510, "addresslist/update", {"address": TAKEN, "newAddress": LONG}),
    (40511, "addresslist/update", {"address": TAKEN, "newAddress": "news"}),
    (40511, "addresslist/update", {"address": TAKEN, "newAddress": '"a b"@c.example'}),
    (40505, "addresslist/update", {"address": TAKEN, "newAddress": "other@lists.example"}),
    (40502, "addresslist/update", {"address": TAKEN, "name": "n" * 49}),
    (40507, "addresslist/update", {"address": TAKEN, "desc": " "}),
    (40517, "addresslist/update", {"address": NOTHING, "name": "News"}),
    (40517, "addresslist/delete", {"address": NOTHING}),
    (40511, "addresslist/delete", {"address": "a" * 121}),
]
OURS = {40001, 40002, 40003, 40004, *range(40501, 40512), 40517}


def test_it_works(ask: Ask) -> None:
    added = ask("addresslist/add", address="News@MailList.sendcloud.org", name="新闻", desc="weekly", listType="1")
    row = added["info"]["data"]
    assert {name: row[name] for name in row if not name.startswith("gmt")} == {
        "address": NEWS,
        "description": "weekly",
        "listType": 1,
        "memberCount": 0,
        "name": "新闻",
    }
    assert ask("addresslist/list", address=f"{NEWS};{NOTHING}")["info"] == {"count": 1, "total": 1, "dataList": [row]}
    assert ask("addresslist/update", address=NEWS, newAddress=TAKEN, name="Weekly")["info"] == {"count": 1}
    (changed,) = ask("addresslist/list")["info"]["dataList"]
    assert (changed["address"], changed["name"], changed["description"]) == (TAKEN, "Weekly", "weekly")
    assert ask("addresslist/delete", address=TAKEN)["info"] == {"count": 1}
    assert ask("addresslist/list")["info"] == {"count": 0, "total": 0, "dataList": []}


@pytest.mark.parametrize("way", ["get", "form", "multipart", "json"])
def test_every_way_of_asking_is_understood(ask: Ask, way: str) -> None:
    assert ask("addresslist/add", way=way, address=NEWS, name="News")["result"]
    assert ask("addresslist/list", way=way, address=NEWS)["info"]["total"] == 1


def test_a_list_is_found_by_the_name_that_it_was_given(ask: Ask, acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    accept_inline(monkeypatch)
    name = "Neues@Bücher.example"
    assert ask("addresslist/add", address=name, name="News")["info"]["data"]["address"] == "neues@bücher.example"
    assert ask("addresslist/list", address=name)["info"]["total"] == 1
    assert ask("addressmember/add", address=name, members="a@b.example")["info"] == {"count": 1}
    assert ask("mail/send", **make_mail(acme) | {"to": name, "useAddressList": "true"})["statusCode"] == 40821
    assert ask("addresslist/delete", address=name)["info"] == {"count": 1}


def test_pages_follow_each_other(ask: Ask, acme: Tenant) -> None:
    for number in range(3):
        make_list(acme.account.pk, 0, f"l{number}@lists.example")
    pages = [ask("addresslist/list", start=start, limit=2)["info"] for start in (0, 2)]
    assert [row["address"] for page in pages for row in page["dataList"]] == [f"l{n}@lists.example" for n in range(3)]
    assert {page["total"] for page in pages} == {3}


def test_a_list_goes_with_its_members(ask: Ask, acme: Tenant) -> None:
    make_list(acme.account.pk, 3, NEWS)
    assert ask("addresslist/delete", address=NEWS.upper())["info"] == {"count": 1}
    assert not Member.objects.exists()


@pytest.mark.parametrize(("code", "call", "parameters"), REFUSED)
def test_what_is_wrong_has_its_code_and_words(ask: Ask, acme: Tenant, code: int, call: str, parameters: dict[str, Any]) -> None:
    make_list(acme.account.pk, 0, TAKEN)
    make_list(acme.account.pk, 0, "other@lists.example")
    before = list(AddressList.objects.order_by("pk").values())
    answer = ask(call, **parameters)
    assert refusal_of(answer) == (code, CODES[code])
    assert bool(answer["info"]) is (code in VAGUE)
    assert list(AddressList.objects.order_by("pk").values()) == before


def test_the_most_lists_are_told(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "MOST_LISTS", 0)
    answer = ask("addresslist/add", address=NEWS, name="News")
    assert refusal_of(answer) == (40508, CODES[40508])
    assert "the most" in answer["info"]["reason"]


def test_every_code_is_seen_or_never_said() -> None:
    assert {code for code, _, _ in REFUSED} == OURS - set(NEVER)


@pytest.mark.parametrize("call", ["addresslist/update", "addresslist/delete"])
def test_anothers_list_is_like_none(ask: Ask, globex: Tenant, call: str) -> None:
    make_list(globex.account.pk, 1, NEWS)
    assert ask(call, address=NEWS, name="taken") == ask(call, address=NOTHING, name="taken")
    assert ask("addresslist/list", address=NEWS)["info"]["total"] == 0
    assert AddressList.objects.get().name != "taken"
    assert ask("addresslist/add", address=NEWS, name="Ours")["result"]
