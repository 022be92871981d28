"""A member of a list as the one whom a mail is about."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.base.errors import FieldInvalid
from gateway.engine import queue
from gateway.engine.about import with_member
from gateway.engine.accept import accept
from gateway.engine.compose import compose
from gateway.engine.submission import Syntax
from templates_app.models import AddressList, Member
from tests.gateway.engine.conftest import Make
from tests.support.cast import Tenant
from tests.support.lists import make_list


@pytest.fixture
def news(acme: Tenant) -> AddressList:
    return make_list(acme.account.pk, 2)


def second(news: AddressList) -> int:
    return news.members.order_by("pk").values_list("pk", flat=True)[1]


def test_it_works(make: Make, news: AddressList, acme_keys: Any) -> None:
    asked = make(member_list_id=news.pk, member_id=second(news), syntax=Syntax.OCTETH, text="You are %Subscriber:N%.")
    accept([asked])
    (copy,) = queue.claim(10)
    assert copy.email == "bob@inbox.example"
    assert b"You are 1." in compose(copy, ()).wire


def test_its_values_give_way_to_those_of_the_call(make: Make, news: AddressList) -> None:
    assert with_member(make(member_id=second(news), variables={"N": "9"})).variables == {"N": "9", "email": "p1@inbox.example"}


def test_a_list_may_stand_alone(make: Make, news: AddressList) -> None:
    assert with_member(make(member_list_id=news.pk)) == make(member_list_id=news.pk)
    assert with_member(make()) == make()


def field_of(submission: Any) -> str:
    with pytest.raises(FieldInvalid) as refused:
        with_member(submission)
    return refused.value.field


def test_a_strangers_list_and_member_are_like_those_that_are_not_there(make: Make, news: AddressList, globex: Tenant) -> None:
    theirs = make_list(globex.account.pk, 1)
    member = Member.objects.get(address_list=theirs)
    for list_id in (theirs.pk, 987654):
        assert field_of(make(member_list_id=list_id)) == "member_list"
    for member_id in (member.pk, 987654):
        assert field_of(make(member_id=member_id)) == "member"
        assert field_of(make(member_id=member_id, member_list_id=news.pk)) == "member"


def test_a_member_of_another_list_is_none_of_this_one(make: Make, news: AddressList, acme: Tenant) -> None:
    other = make_list(acme.account.pk, 0, "other")
    assert field_of(make(member_id=second(news), member_list_id=other.pk)) == "member"
