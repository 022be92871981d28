"""template/*: every status over HTTP, and nothing of another account's."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.api.sendcloud.codes import CODES
from gateway.api.sendcloud.errors import VAGUE
from gateway.api.sendcloud.errors.never import NEVER
from templates_app import actions
from templates_app.models import Template, TemplateVersion
from templates_app.texts import Texts
from tests.gateway.api.sendcloud.asking import Ask, refusal_of
from tests.support.cast import Tenant

WHOLE = {"invokeName": "hello", "name": "Hello", "html": "<p>%name%</p>", "subject": "Hello %name%", "templateType": 0}
LONG = "h" * 1_000_001


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in WHOLE.items() if key != name}


ADDED: list[tuple[int, dict[str, Any]]] = [
    (40201, without("invokeName")),
    (40201, WHOLE | {"invokeName": ""}),
    (40202, WHOLE | {"invokeName": "a b"}),
    (40202, WHOLE | {"invokeName": "a" * 65}),
    (40203, without("templateType")),
    (40204, WHOLE | {"templateType": 2}),
    (40204, WHOLE | {"templateType": "batch"}),
    (40207, without("name")),
    (40208, WHOLE | {"name": "a\nb"}),
    (40208, WHOLE | {"name": "a" * 121}),
    (40209, without("subject")),
    (40210, WHOLE | {"subject": "a\r\nBcc: x@y.example"}),
    (40210, WHOLE | {"subject": "s" * 1001}),
    (40211, without("html")),
    (40212, WHOLE | {"html": " "}),
    (40212, WHOLE | {"html": LONG}),
    (40213, WHOLE | {"text": ""}),
    (40214, WHOLE | {"text": LONG}),
    (40220, WHOLE | {"invokeName": "taken"}),
    (40221, WHOLE | {"isSubmitAudit": ""}),
    (40222, WHOLE | {"isSubmitAudit": "perhaps"}),
]
OTHERS: list[tuple[int, str, dict[str, Any]]] = [
    (40001, "template/list", {"start": ""}),
    (40002, "template/list", {"start": -1}),
    (40003, "template/list", {"limit": ""}),
    (40004, "template/list", {"limit": "all"}),
    (40201, "template/list", {"invokeName": ""}),
    (40203, "template/list", {"templateType": ""}),
    (40205, "template/list", {"templateStat": ""}),
    (40206, "template/list", {"templateStat": 2}),
    (40201, "template/get", {}),
    (40216, "template/get", {"invokeName": "nothing"}),
    (40216, "template/update", {"invokeName": "nothing", "name": "a"}),
    (40216, "template/delete", {"invokeName": "nothing"}),
    (40216, "template/submit", {"invokeName": "nothing"}),
    (40207, "template/update", {"invokeName": "taken", "name": ""}),
    (40211, "template/update", {"invokeName": "taken", "html": ""}),
    (40218, "template/update", {"invokeName": "taken"}),
    (40218, "template/submit", {"invokeName": "taken", "cancel": 1}),
    (40224, "template/submit", {"invokeName": "taken", "cancel": ""}),
    (40225, "template/submit", {"invokeName": "taken", "cancel": "perhaps"}),
    (40227, "template/submit", {"invokeName": "taken"}),
]
REFUSED = [*((code, "template/add", given) for code, given in ADDED), *OTHERS]
OURS = {40001, 40002, 40003, 40004, *range(40201, 40230)}


def add(tenant: Tenant, name: str, **more: Any) -> Template:
    return actions.add_template(
        tenant.account.pk, invoke_name=name, name=name, texts=Texts(subject="s", html="<p>h</p>", text="t"), **more
    )


def test_it_works(ask: Ask, acme: Tenant) -> None:
    added = ask("template/add", **WHOLE)["info"]["data"]
    expected = {"templateStat": 1, "isVerify": 1, "text": "", "contentSummary": ""}
    assert {name: added[name] for name in (*WHOLE, *expected)} == WHOLE | expected
    assert ask("template/get", invokeName="hello")["info"] == {"data": added}
    changed = {"name": "Bye", "subject": "Bye %name%", "text": "Bye", "templateType": 1}
    assert ask("template/update", invokeName="hello", **changed)["info"] == {"count": 1}
    now = ask("template/get", invokeName="hello")["info"]["data"]
    assert {name: now[name] for name in WHOLE} == WHOLE | {name: changed[name] for name in changed if name in WHOLE}
    assert Template.objects.get().syntax == "sendcloud"
    assert TemplateVersion.objects.count() == 2
    listed = ask("template/list", templateType=1, invokeName="hello")["info"]
    assert (listed["total"], listed["count"]) == (1, 1)
    assert set(listed["dataList"][0]) == set(now) - {"html", "text", "subject", "contentSummary"}
    assert ask("template/delete", invokeName="hello")["info"] == {"count": 1}
    assert ask("template/list")["info"] == {"count": 0, "total": 0, "dataList": []}


@pytest.mark.parametrize("way", ["get", "form", "multipart", "json"])
def test_every_way_of_asking_is_understood(ask: Ask, way: str) -> None:
    assert ask("template/add", way=way, **WHOLE)["result"]
    assert ask("template/get", way=way, invokeName="hello")["info"]["data"]["html"] == "<p>%name%</p>"


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({}, ["a", "b", "c"]),
        ({"templateType": 1}, ["b"]),
        ({"templateType": "0"}, ["a", "c"]),
        ({"templateStat": 1}, ["a", "b", "c"]),
        ({"isVerify": "-2"}, []),
        ({"start": 1, "limit": 1}, ["b"]),
        ({"limit": 0}, []),
        ({"invokeName": "c"}, ["c"]),
    ],
)
def test_lists_have_what_is_asked_for(ask: Ask, acme: Tenant, given: dict[str, Any], names: list[str]) -> None:
    for name in "abc":
        add(acme, name, is_bulk=name == "b")
    assert [row["invokeName"] for row in ask("template/list", **given)["info"]["dataList"]] == names


@pytest.mark.parametrize(("code", "call", "parameters"), REFUSED)
def test_what_is_wrong_has_its_code_and_words(ask: Ask, acme: Tenant, code: int, call: str, parameters: dict[str, Any]) -> None:
    add(acme, "taken")
    answer = ask(call, **parameters)
    assert refusal_of(answer) == (code, CODES[code])
    assert bool(answer["info"]) is (code in VAGUE)
    assert [(row.name, row.is_bulk) for row in Template.objects.all()] == [("taken", False)]
    assert TemplateVersion.objects.count() == 1


def test_the_most_templates_are_told(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "MOST_TEMPLATES", 0)
    answer = ask("template/add", **WHOLE)
    assert refusal_of(answer) == (40219, CODES[40219])
    assert "the most" in answer["info"]["reason"]


def test_a_change_must_fit_the_syntax_of_the_template(ask: Ask, acme: Tenant) -> None:
    add(acme, "liquid", syntax="liquid")
    answer = ask("template/update", invokeName="liquid", html="{% nothing %}")
    assert refusal_of(answer) == (40218, CODES[40218])
    assert "HTML" in answer["info"]["reason"]


def test_every_code_is_seen_or_never_said() -> None:
    seen = {code for code, _, _ in REFUSED} | {40219}
    assert seen == OURS - set(NEVER)


@pytest.mark.parametrize("call", ["template/get", "template/update", "template/delete", "template/submit"])
def test_anothers_template_is_like_none(ask: Ask, globex: Tenant, call: str) -> None:
    add(globex, "theirs")
    assert ask(call, invokeName="theirs", name="taken") == ask(call, invokeName="nothing", name="taken")
    assert ask("template/list")["info"]["total"] == 0
    assert Template.objects.get().name == "theirs"
    assert ask("template/add", **WHOLE | {"invokeName": "theirs"})["result"]
