"""Address lists: made, changed and deleted with their members; names are each account's own."""

from __future__ import annotations

import pytest

from gateway.base.errors import FieldInvalid
from gateway.smtp.addresses import parse_domain
from templates_app import lists
from templates_app.lists import add_list, change_list, delete_list, find_facts, find_list, lists_named, lists_of
from templates_app.members import Entry, put_members
from templates_app.models import AddressList, Member
from tests.support.cast import Tenant


@pytest.fixture
def news(acme: Tenant) -> AddressList:
    return add_list(acme.account.pk, address="News@Lists.Example", name=" News ")


def test_it_works(news: AddressList, acme: Tenant) -> None:
    assert (news.address, news.name, news.description) == ("news@lists.example", "News", "")
    assert find_list(acme.account.pk, address="NEWS@lists.example ") == news
    assert find_list(acme.account.pk, list_id=news.pk) == news
    assert list(lists_of(acme.account.pk)) == [news]


def test_an_address_is_taken_once_in_an_account(news: AddressList, acme: Tenant, globex: Tenant) -> None:
    with pytest.raises(FieldInvalid, match="already") as refused:
        add_list(acme.account.pk, address="NEWS@lists.example", name="Other")
    assert refused.value.field == "address"
    assert add_list(globex.account.pk, address="news@lists.example", name="Theirs").pk != news.pk


@pytest.mark.parametrize(
    ("field", "value"),
    [("address", ""), ("address", "a b"), ("address", "x" * 121), ("name", "  "), ("name", "a\nb"), ("description", "x" * 251)],
)
def test_fields_are_judged(acme: Tenant, field: str, value: str) -> None:
    with pytest.raises(FieldInvalid) as refused:
        add_list(acme.account.pk, **({"address": "a", "name": "b"} | {field: value}))
    assert refused.value.field == field


def test_what_is_given_changes(news: AddressList, acme: Tenant) -> None:
    change_list(acme.account.pk, news.pk, name="Weekly")
    change_list(acme.account.pk, news.pk, address="Weekly@lists.example", description="On Mondays")
    news.refresh_from_db()
    assert (news.address, news.name, news.description) == ("weekly@lists.example", "Weekly", "On Mondays")


def test_a_list_keeps_its_own_address(news: AddressList, acme: Tenant) -> None:
    add_list(acme.account.pk, address="taken", name="Taken")
    change_list(acme.account.pk, news.pk, address="NEWS@lists.example")
    with pytest.raises(FieldInvalid, match="already"):
        change_list(acme.account.pk, news.pk, address="taken")


PUNYCODE, UNICODE = "news@xn--bcher-kva.example", "news@bücher.example"
ODD = ["NEWS@Bu\u0308cher.example", "news@ｂücher.example", '"news"@bücher\u3002example', "news@bücher.XN--BCHER-KVA.example"]


@pytest.mark.parametrize(("kept", "other"), [(PUNYCODE, UNICODE), (UNICODE, PUNYCODE)])
def test_an_international_address_is_one_in_every_spelling(
    acme: Tenant, globex: Tenant, news: AddressList, kept: str, other: str
) -> None:
    made = add_list(acme.account.pk, address=kept.upper(), name="Books")
    assert made.address == kept
    for spelling in (kept, other, other.upper(), *ODD[:3]):
        assert find_list(acme.account.pk, address=spelling) == made
        assert list(lists_named(acme.account.pk, [spelling])) == [made]
        with pytest.raises(FieldInvalid, match="already"):
            add_list(acme.account.pk, address=spelling, name="Again")
        with pytest.raises(FieldInvalid, match="already"):
            change_list(acme.account.pk, news.pk, address=spelling)
    assert change_list(acme.account.pk, made.pk, address=other).address == other
    assert find_list(globex.account.pk, address=kept) is None


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_spelling_is_kept_as_one_of_the_usual_two(acme: Tenant, odd: str) -> None:
    made = add_list(acme.account.pk, address=odd, name="Books")
    assert made.address in {UNICODE, "news@bücher.bücher.example"}
    assert find_list(acme.account.pk, address=odd) == made
    assert find_list(acme.account.pk, address=f"news@{parse_domain(made.address.partition('@')[2])}") == made


def test_of_two_lists_the_one_of_that_spelling_is_found(acme: Tenant) -> None:
    rows = [AddressList(account=acme.account, address=address, name="Books") for address in (PUNYCODE, UNICODE)]
    for row in AddressList.objects.bulk_create(rows):
        assert find_list(acme.account.pk, address=row.address) == row
        assert change_list(acme.account.pk, row.pk, name="Novels").name == "Novels"


@pytest.mark.parametrize("address", ["news", "news@ab--cd.example", "news@", "@x", "ｎews@localhost", "ﬃ" * 110 + "@bücher"])
def test_what_is_no_international_address_is_kept_as_it_is(acme: Tenant, address: str) -> None:
    made = add_list(acme.account.pk, address=address, name="News")
    assert made.address == address
    assert find_list(acme.account.pk, address=address) == made


def test_what_is_too_long_in_its_usual_spelling_is_refused(acme: Tenant) -> None:
    with pytest.raises(FieldInvalid, match="longer than 120"):
        add_list(acme.account.pk, address=f"{'n' * 64}@{'ﬃ' * 16}ü.{'ﬃ' * 20}.example", name="News")


def test_deleting_takes_the_members_along_in_batches(news: AddressList, acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "_DELETED_AT_ONCE", 7)
    put_members(acme.account.pk, news.pk, [Entry(email=f"p{n}@inbox.example") for n in range(20)])
    other = add_list(acme.account.pk, address="other", name="Other")
    put_members(acme.account.pk, other.pk, [Entry(email="ann@inbox.example")])
    delete_list(acme.account.pk, news.pk)
    assert list(lists_of(acme.account.pk)) == [other]
    assert Member.objects.count() == 1


def test_a_strangers_list_is_as_one_that_is_not_there(news: AddressList, globex: Tenant) -> None:
    stranger = globex.account.pk
    assert find_list(stranger, list_id=news.pk) is None
    assert find_list(stranger, address=news.address) is None
    assert find_facts(stranger, (news.pk,)) == {}
    for list_id in (news.pk, 987_654):
        with pytest.raises(FieldInvalid, match=f"There is no address list {list_id}"):
            change_list(stranger, list_id, name="Taken over")
        with pytest.raises(FieldInvalid, match=f"There is no address list {list_id}"):
            delete_list(stranger, list_id)
    news.refresh_from_db()
    assert news.name == "News"


def test_facts_are_what_a_send_needs(news: AddressList, acme: Tenant) -> None:
    put_members(acme.account.pk, news.pk, [Entry(email="ann@inbox.example")])
    (facts,) = find_facts(acme.account.pk, (news.pk, 987_654)).values()
    assert (facts.id, facts.address, facts.member_count) == (news.pk, "news@lists.example", 1)
