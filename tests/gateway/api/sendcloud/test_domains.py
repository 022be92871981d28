"""domain/*: every status over HTTP, what DNS shows in bits, and nothing of another account's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from accounts.models import Account, AuditEntry
from domains.actions import add_domain, look_at_domain
from domains.keys import open_private_key
from domains.models import SenderDomain
from domains.records import Purpose
from gateway.api.sendcloud.codes import CODES
from gateway.api.sendcloud.errors import VAGUE
from gateway.api.sendcloud.errors.never import NEVER
from tests.domains.zones import RETURNS, publish, record, use
from tests.gateway.api.sendcloud.asking import Answer, Ask, ask_as, refusal_of
from tests.support.cast import Tenant
from tests.support.dns import FaultyNameServer, serve
from tests.support.factories import make_message

pytestmark = pytest.mark.django_db

OURS = set(range(41001, 41017))
LONG = "a" * 251
REFUSED: list[tuple[int, str, dict[str, Any]]] = [
    (40001, "domain/list", {"start": ""}),
    (40004, "domain/list", {"limit": 101}),
    (41001, "domain/list", {"name": ""}),
    (41001, "domain/add", {}),
    (41001, "domain/update", {"newName": "b.example"}),
    (41002, "domain/add", {"name": LONG}),
    (41002, "domain/add", {"name": " "}),
    (41002, "domain/list", {"name": f"a.example;{LONG}"}),
    (41002, "domain/list", {"name": ";".join(f"a{number}.example" for number in range(101))}),
    (41002, "domain/update", {"name": LONG, "newName": "b.example"}),
    (41003, "domain/add", {"name": "no domain"}),
    (41003, "domain/add", {"name": "example"}),
    (41003, "domain/add", {"name": "co.uk"}),
    (41003, "domain/add", {"name": f"{'a.' * 112}example"}),
    (41003, "domain/list", {"name": "a..example"}),
    (41003, "domain/update", {"name": "-", "newName": "b.example"}),
    (41004, "domain/update", {"name": "acme.example"}),
    (41004, "domain/update", {"name": "acme.example", "newName": ""}),
    (41005, "domain/update", {"name": "acme.example", "newName": LONG}),
    (41006, "domain/update", {"name": "acme.example", "newName": "no domain"}),
    (41006, "domain/update", {"name": "acme.example", "newName": "a.example;b.example"}),
    (41007, "domain/list", {"type": ""}),
    (41008, "domain/list", {"type": "2"}),
    (41008, "domain/list", {"type": "common"}),
    (41009, "domain/list", {"verify": ""}),
    (41010, "domain/list", {"verify": "all"}),
    (41010, "domain/list", {"verify": "=1"}),
    (41011, "domain/list", {"verify": ">256"}),
    (41011, "domain/list", {"verify": "9" * 5000}),
    (41013, "domain/add", {"name": "a.example;b.example"}),
    (41013, "domain/update", {"name": "a.example;b.example", "newName": "c.example"}),
    (41014, "domain/update", {"name": "nobodys.example", "newName": "b.example"}),
    (41015, "domain/add", {"name": "ACME.example"}),
    (41016, "domain/update", {"name": "acme.example", "newName": "b.example"}),
    (41016, "domain/update", {"name": "fresh.example", "newName": "acme.example"}),
]
IN_JSON: list[tuple[int, str, dict[str, Any]]] = [
    (41003, "domain/add", {"name": ["a.example"]}),
    (41003, "domain/list", {"name": [{}]}),
    (41008, "domain/list", {"type": True}),
    (41010, "domain/list", {"verify": []}),
]


@pytest.fixture
def dns(settings: Any) -> Iterator[FaultyNameServer]:
    with serve({}) as server:
        use(server, settings)
        yield server


@pytest.fixture
def fresh(acme: Tenant) -> SenderDomain:
    """A domain of acme's of which DNS shows nothing."""
    return add_domain(acme.account, "fresh.example")


@pytest.fixture
def plain(acme: Tenant) -> SenderDomain:
    """The same without keys, which take their time to be made."""
    return SenderDomain.objects.create(account=acme.account, name="fresh.example", verification_token="token")


def names_in(answer: Answer) -> list[str]:
    return [domain["name"] for domain in answer["info"]["dataList"]]


def bits(ask: Ask, name: str) -> int:
    (shown,) = ask("domain/list", name=name)["info"]["dataList"]
    assert isinstance(shown["verify"], int)
    return shown["verify"]


@pytest.mark.parametrize("way", ["get", "form", "multipart", "json"])
def test_it_works(ask: Ask, acme: Tenant, way: str, dns: FaultyNameServer) -> None:
    added = ask("domain/add", way=way, name=" Shop.Example ")
    domain = SenderDomain.objects.for_account(acme.account).get(name="shop.example")
    shown = added["info"]["data"]
    assert (added["result"], added["statusCode"], added["message"]) == (True, 200, "请求成功")
    assert (shown["name"], shown["type"], shown["verify"]) == ("shop.example", "普通", 0)
    for key, purpose in (
        ("spf", "SPF"),
        ("dkim", "DKIM"),
        ("cname", "TRACKING"),
        ("mx", "RETURN_PATH"),
        ("verifyKey", "OWNERSHIP"),
    ):
        wanted = record(domain, Purpose[purpose])
        assert (shown[f"{key}.domain"], shown[f"{key}.value"]) == (wanted.name, wanted.value)
    assert shown["dkim.value"].startswith("v=DKIM1; k=rsa; p=")
    assert shown["mx.value"] == RETURNS
    listed = ask("domain/list", way=way)
    assert names_in(listed) == ["acme.example", "shop.example"]
    assert listed["info"]["dataList"][1] == shown
    assert (listed["info"]["count"], listed["info"]["total"]) == (2, 2)
    assert (
        ask("domain/update", way=way, name="shop.example", newName="store.example")["info"]["data"]["name"] == "store.example"
    )
    assert names_in(ask("domain/list")) == ["acme.example", "store.example"]
    entries = AuditEntry.objects.for_account(acme.account).order_by("pk")
    assert [(entry.action, entry.target, entry.actor) for entry in entries] == [
        ("added sender domain", "shop.example", "smtp_acme"),
        ("renamed sender domain", "store.example", "smtp_acme"),
    ]


@pytest.mark.parametrize(("code", "call", "parameters"), REFUSED)
def test_what_is_wrong_has_its_code_and_words(
    ask: Ask, plain: SenderDomain, code: int, call: str, parameters: dict[str, Any]
) -> None:
    answer = ask(call, **parameters)
    assert refusal_of(answer) == (code, CODES[code])
    assert bool(answer["info"]) is (code in VAGUE)
    assert sorted(names_in(ask("domain/list"))) == ["acme.example", "fresh.example"]
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(("code", "call", "parameters"), IN_JSON)
def test_what_is_wrong_in_json_has_its_code_too(ask: Ask, code: int, call: str, parameters: dict[str, Any]) -> None:
    assert refusal_of(ask(call, way="json", **parameters)) == (code, CODES[code])


def test_every_code_is_seen_or_never_said() -> None:
    seen = {code for code, _, _ in REFUSED + IN_JSON} | {41012}
    assert OURS - seen == OURS & set(NEVER)
    assert not seen & set(NEVER)


def test_there_are_as_many_domains_as_the_account_may_have(ask: Ask, acme: Tenant) -> None:
    Account.objects.filter(pk=acme.account.pk).update(max_domains=1)
    answer = ask("domain/add", name="shop.example")
    assert refusal_of(answer) == (41012, CODES[41012])
    assert "may have 1 sender domains" in answer["info"]["reason"]


def test_bits_are_what_dns_shows(ask: Ask, fresh: SenderDomain, dns: FaultyNameServer) -> None:
    assert bits(ask, fresh.name) == 0
    published = {record(fresh, purpose): bit for purpose, bit in ((Purpose.DKIM, 1), (Purpose.SPF, 2), (Purpose.TRACKING, 8))}
    for wanted, bit in published.items():
        dns.zone = {(wanted.name, wanted.type): [wanted.value]}
        look_at_domain(fresh)
        assert bits(ask, fresh.name) == bit
    publish(dns, fresh)
    look_at_domain(fresh)
    assert bits(ask, fresh.name) == 31


def test_a_domain_that_may_be_sent_from_has_what_that_takes(ask: Ask, acme: Tenant) -> None:
    assert bits(ask, acme.domain.name) == 1 | 16


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({"verify": "17"}, ["acme.example"]),
        ({"verify": ">17"}, ["acme.example"]),
        ({"verify": ">18"}, []),
        ({"verify": "<17"}, ["acme.example", "fresh.example"]),
        ({"verify": "<16"}, ["fresh.example"]),
        ({"verify": "0"}, ["fresh.example"]),
        ({"type": 1}, ["acme.example", "fresh.example"]),
        ({"type": 0}, []),
        ({"name": "Fresh.example"}, ["fresh.example"]),
        ({"name": "fresh.example;acme.example;acme.example"}, ["acme.example", "fresh.example"]),
        ({"name": "nobodys.example"}, []),
        ({"name": "fresh.example", "verify": ">1"}, []),
        ({"start": 1}, ["fresh.example"]),
        ({"limit": 1}, ["acme.example"]),
        ({"start": 5}, []),
    ],
)
def test_a_list_is_of_what_was_asked_for(ask: Ask, plain: SenderDomain, parameters: dict[str, Any], found: list[str]) -> None:
    answer = ask("domain/list", **parameters)
    assert names_in(answer) == found
    assert answer["info"]["count"] == len(found)
    assert answer["info"]["total"] == (2 if {"start", "limit"} & set(parameters) else len(found))


def test_a_renamed_domain_begins_anew(ask: Ask, acme: Tenant, fresh: SenderDomain, dns: FaultyNameServer) -> None:
    key, token = fresh.dkim_keys.order_by("pk").first(), fresh.verification_token
    acme.smtp_user.domain = fresh
    acme.smtp_user.save()
    publish(dns, fresh)  # after nobody looked
    ask("domain/update", name="fresh.example", newName="new.example")
    fresh.refresh_from_db()
    assert (fresh.name, fresh.verification_token == token, fresh.is_verified) == ("new.example", False, False)
    assert not fresh.dkim_keys.filter(public_key=key.public_key).exists()
    for made in fresh.dkim_keys.select_related("domain"):
        open_private_key(made)  # sealed for the new name
    acme.smtp_user.refresh_from_db()
    assert acme.smtp_user.domain == fresh
    look_at_domain(fresh)
    assert not fresh.is_verified
    publish(dns, fresh)
    look_at_domain(fresh)
    assert fresh.is_verified


def test_a_domain_with_records_or_mail_keeps_its_name(
    ask: Ask, acme: Tenant, fresh: SenderDomain, dns: FaultyNameServer
) -> None:
    spf = record(fresh, Purpose.SPF)
    dns.zone = {(spf.name, spf.type): [spf.value]}
    look_at_domain(fresh)
    answer = ask("domain/update", name="fresh.example", newName="new.example")
    assert "DNS shows records of fresh.example" in answer["info"]["reason"]
    dns.zone = {}
    look_at_domain(fresh)
    make_message(acme.account, domain=fresh)
    answer = ask("domain/update", name="fresh.example", newName="new.example")
    assert "There is mail of fresh.example" in answer["info"]["reason"]
    assert refusal_of(answer)[0] == 41016


def test_another_accounts_domains_are_as_nobodys(ask: Ask, acme: Tenant, globex: Tenant, fresh: SenderDomain) -> None:
    theirs = add_domain(globex.account, "theirs.example")
    for name in ("globex.example", "theirs.example", "nobodys.example"):
        assert ask("domain/list", name=name)["info"] == {"count": 0, "total": 0, "dataList": []}
        assert refusal_of(ask("domain/update", name=name, newName="b.example")) == (41014, CODES[41014])
    assert names_in(ask("domain/list")) == ["acme.example", "fresh.example"]
    assert names_in(ask_as(globex)("domain/list")) == ["globex.example", "theirs.example"]
    theirs.refresh_from_db()
    assert theirs.name == "theirs.example"


def test_no_answer_has_a_private_key(ask: Ask, fresh: SenderDomain) -> None:
    said = str([ask("domain/add", name="shop.example"), ask("domain/list")])
    for key in fresh.dkim_keys.all():
        assert bytes(key.sealed_private_key).hex() not in said
    assert "PRIVATE" not in said
    assert "sealed" not in said
