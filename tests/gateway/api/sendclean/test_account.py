"""account/viewUserDetail over HTTP, under both of its names."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import Account, User
from gateway.base import clock
from tests.gateway.api.sendclean.calls import Call, refused
from tests.support.cast import Tenant
from tests.support.factories import make_attempt, make_event, make_message
from tracking.models import EventType

pytestmark = pytest.mark.django_db


def test_it_works(call: Call, acme: Tenant, globex: Tenant) -> None:
    user = {
        "name": "Acme",
        "email": "owner@acme.example",
        "mobile": "",
        "create_date": int(acme.account.created_at.timestamp()),
        "allowed_speed": 0,
        "reputation": "50%",
    }
    assert call("account/viewUserDetail") == (200, {"status": "success", "user_data": user})
    assert call("accounts/userDetails") == (200, {"status": "success", "user_details": user})


def test_the_quota_of_an_hour_is_the_speed(call: Call, acme: Tenant) -> None:
    Account.objects.filter(pk=acme.account.pk).update(quota_hour=5000)
    assert call("account/viewUserDetail")[1]["user_data"]["allowed_speed"] == 5000


def test_who_left_is_no_owner(call: Call, acme: Tenant) -> None:
    User.objects.update(is_active=False)
    assert call("account/viewUserDetail")[1]["user_data"]["email"] == ""


def test_reputation_is_of_what_arrived_and_was_wanted(call: Call, acme: Tenant, globex: Tenant) -> None:
    ends = [*4 * [("delivered", "")], ("bounced", "recipient"), ("bounced", "full")]
    message = make_message(acme.account, [f"r{n}@inbox.example" for n in range(len(ends))])
    for recipient, (result, category) in zip(message.recipients.order_by("position"), ends, strict=True):
        make_event(recipient, result, at=clock.now() - timedelta(hours=1), sequence=2, category=category)
    first = message.recipients.get(position=0)
    make_event(first, EventType.COMPLAINED, at=clock.now() - timedelta(hours=1), sequence=3)
    assert call("account/viewUserDetail")[1]["user_data"]["reputation"] == "60%"  # (4 - 1) of 4 + 1
    make_attempt(make_message(globex.account, ["x@inbox.example"]).recipients.get())


def test_a_wrong_token_learns_nothing(call: Call) -> None:
    answer = refused("Token MissMatch", status=401, kind="AuthenticationError")
    assert call("account/viewUserDetail", token="wrong") == answer
    assert call("account/viewUserDetail", owner_id="globex") == answer
