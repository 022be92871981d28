"""Members of lists: in bulk, once each in whatever case, and counted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from gateway.base.errors import FieldInvalid
from templates_app.lists import add_list
from templates_app.members import (
    MOST_BYTES,
    Entry,
    change_members,
    delete_members,
    find_members,
    members_of,
    put_members,
)
from templates_app.models import AddressList, Member
from tests.support.cast import Tenant


@pytest.fixture
def news(acme: Tenant) -> AddressList:
    return add_list(acme.account.pk, address="news@lists.example", name="News")


def put(news: AddressList, *emails: str):
    return put_members(news.account_id, news.pk, [Entry(email=email) for email in emails])


def emails_of(news: AddressList) -> list[str]:
    return list(members_of(news.account_id, news.pk).values_list("email", flat=True))


def count_of(news: AddressList) -> int:
    news.refresh_from_db()
    assert news.member_count == Member.objects.filter(address_list=news).count()
    return news.member_count


def test_it_works(news: AddressList) -> None:
    done = put_members(
        news.account_id,
        news.pk,
        [Entry(email="Ann@Inbox.Example", name="Ann", variables={"CITY": "Wien"}), Entry(email="bob@inbox.example")],
    )
    assert (done.added, done.updated, done.refused) == (2, 0, ())
    ann, bob = members_of(news.account_id, news.pk)
    assert (ann.email, ann.name, ann.variables) == ("Ann@inbox.example", "Ann", {"CITY": "Wien"})
    assert (bob.name, bob.variables) == ("", {})
    assert count_of(news) == 2


@pytest.mark.parametrize("number", [1, 19, 1000])
def test_many_come_in_one_call_and_change_in_the_next(news: AddressList, number: int) -> None:
    people = [f"p{n}@inbox.example" for n in range(number)]
    assert put(news, *people).added == number
    again = put(news, *(email.upper() for email in people))
    assert (again.added, again.updated) == (0, number)
    assert emails_of(news) == people
    assert count_of(news) == number


def test_one_address_stands_once_in_a_call_and_the_last_one_counts(news: AddressList) -> None:
    entries = [Entry(email="ann@inbox.example", name="first"), Entry(email="ANN@inbox.example", name="last")]
    assert put_members(news.account_id, news.pk, entries).added == 1
    assert members_of(news.account_id, news.pk).get().name == "last"


def test_what_is_not_given_stays(news: AddressList) -> None:
    put_members(news.account_id, news.pk, [Entry(email="ann@inbox.example", name="Ann", variables={"A": "1"})])
    put_members(news.account_id, news.pk, [Entry(email="ann@inbox.example", variables={"B": "2"})])
    put_members(news.account_id, news.pk, [Entry(email="ann@inbox.example")])
    ann = members_of(news.account_id, news.pk).get()
    assert (ann.name, ann.variables) == ("Ann", {"B": "2"})


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (Entry(email="no address"), "is not an address"),
        (Entry(email="a@inbox.example", name="x" * 121), "more than 120"),
        (Entry(email="a@inbox.example", name="a\nb"), "control characters"),
        (Entry(email="a@inbox.example", variables={str(n): "" for n in range(101)}), "at most 100"),
        (Entry(email="a@inbox.example", variables={"A": "x" * MOST_BYTES}), "longer than"),
        (Entry(email="a@inbox.example", variables={"A": "\0"}), "not plain text"),
        (Entry(email="a@inbox.example", variables={"A": "\ud800"}), "not plain text"),
        (Entry(email="a@inbox.example", variables={"A": 1}), "not plain text"),  # type: ignore[dict-item]
        (Entry(email="a@inbox.example", variables={" ": "x"}), "cannot be the name"),
    ],
)
def test_what_is_not_right_is_left_out_with_a_reason(news: AddressList, entry: Entry, words: str) -> None:
    done = put_members(news.account_id, news.pk, [Entry(email="ann@inbox.example"), entry])
    assert done.added == 1
    (refusal,) = done.refused
    assert refusal.place == 1
    assert words in refusal.reason
    assert emails_of(news) == ["ann@inbox.example"]


def test_changing_adds_nobody(news: AddressList) -> None:
    put(news, "ann@inbox.example")
    entries = [Entry(email="Ann@inbox.example", name="Ann"), Entry(email="bob@inbox.example", name="Bob")]
    done = change_members(news.account_id, news.pk, entries)
    assert (done.added, done.updated, [one.email for one in done.refused]) == (0, 1, ["bob@inbox.example"])
    assert count_of(news) == 1


def test_members_are_found_and_taken_out_in_any_case(news: AddressList) -> None:
    put(news, "ann@inbox.example", "Bob@inbox.example", "eve@inbox.example")
    asked = ["ANN@INBOX.EXAMPLE", " bob@inbox.example", "nobody@inbox.example", "nonsense"]
    assert {one.email for one in find_members(news.account_id, news.pk, asked)} == {"ann@inbox.example", "Bob@inbox.example"}
    assert delete_members(news.account_id, news.pk, asked) == 2
    assert emails_of(news) == ["eve@inbox.example"]
    assert count_of(news) == 1


def test_a_call_is_bounded(news: AddressList) -> None:
    people = [f"p{n}@inbox.example" for n in range(1001)]
    with pytest.raises(FieldInvalid, match="at most 1000"):
        put(news, *people)
    with pytest.raises(FieldInvalid, match="at most 1000"):
        delete_members(news.account_id, news.pk, people)


def test_a_strangers_list_is_as_one_that_is_not_there(news: AddressList, globex: Tenant) -> None:
    put(news, "ann@inbox.example")
    for list_id in (news.pk, 987_654):
        for act in (put_members, change_members):
            with pytest.raises(FieldInvalid, match=f"There is no address list {list_id}"):
                act(globex.account.pk, list_id, [Entry(email="eve@inbox.example")])
        with pytest.raises(FieldInvalid, match="There is no address list"):
            delete_members(globex.account.pk, list_id, ["ann@inbox.example"])
    assert not members_of(globex.account.pk, news.pk).exists()
    assert not find_members(globex.account.pk, news.pk, ["ann@inbox.example"]).exists()
    assert emails_of(news) == ["ann@inbox.example"]


@pytest.mark.django_db(transaction=True)
def test_many_at_once_are_counted_exactly(acme: Tenant) -> None:
    news = add_list(acme.account.pk, address="news", name="News")

    def work(turn: int) -> None:
        try:
            people = [f"p{n}@inbox.example" for n in range(turn, turn + 30)]
            put(news, *(people if turn % 2 else reversed(people)))
            delete_members(news.account_id, news.pk, people[:2])
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, range(0, 60, 5)))
    assert count_of(news) == len(set(emails_of(news)))
