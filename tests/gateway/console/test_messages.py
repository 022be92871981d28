"""The list of messages: what it shows, what it finds, and what it asks of the database."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.scoped import BoundedPaginator
from gateway.console import search
from gateway.console.search import find_messages
from gateway.console.summaries import Summary, summarise
from gateway.models import Message
from tests.support.cast import Tenant
from tests.support.factories import make_message, make_recipient

LIST = reverse("admin:gateway_message_changelist")


def listed(client: Client, query: str = "") -> list[Message]:
    return list(client.get(LIST + query).context["cl"].result_list)


def make_one_a_second(tenant: Tenant, number: int, **fields: object) -> list[Message]:
    """Make messages a second apart, the oldest first; the first 48 bits of a public id are milliseconds."""
    seconds = range(1_800_000_000, 1_800_000_000 + number)
    return [make_message(tenant.account, public_id=UUID(int=second * 1000 << 80), **fields) for second in seconds]


def test_it_works(insider: Client, acme: Tenant) -> None:
    message = make_message(acme.account, ["ann@example.net", "bob@example.net"], state="delivered", subject="Your receipt")
    page = insider.get(LIST).content.decode()
    assert "Your receipt" in page
    assert "ann@example.net" in page
    assert "2 delivered" in page
    assert reverse("admin:gateway_message_change", args=(message.public_id,)) in page


def test_the_newest_stands_first(insider: Client, acme: Tenant) -> None:
    made = make_one_a_second(acme, 3)
    assert listed(insider) == made[::-1]


def test_an_empty_list_says_how_to_send_the_first(insider: Client) -> None:
    page = insider.get(LIST).content.decode()
    assert "No messages yet" in page
    assert "/v1.0/messages/sendMail" in page


def test_a_search_without_result_does_not_say_that_there_is_nothing(insider: Client, acme: Tenant) -> None:
    make_message(acme.account)
    assert "No messages yet" not in insider.get(LIST + "?q=nobody@nowhere.example").content.decode()


def test_a_long_list_takes_as_many_queries_as_a_short_one(insider: Client, acme: Tenant) -> None:
    def count_queries() -> int:
        with CaptureQueriesContext(connection) as queries:
            insider.get(LIST)
        return len(queries)

    make_message(acme.account)
    insider.get(LIST)
    short = count_queries()
    for _ in range(20):
        make_message(acme.account, ["ann@example.net", "bob@example.net"])
    assert count_queries() == short


def test_states_are_summed_up_in_one_query(acme: Tenant) -> None:
    message = make_message(acme.account, ["a@example.net", "b@example.net"], state="delivered")
    make_recipient(message, "c@example.net", position=2, state="bounced")
    lonely = make_message(acme.account, [])
    with CaptureQueriesContext(connection) as queries:
        summaries = summarise([message, lonely])
    assert len(queries) == 1
    assert summaries == {message.pk: Summary(first="a@example.net", total=3, states={"delivered": 2, "bounced": 1})}


@pytest.mark.parametrize("words", ["{public}", "{hex}", "{inbound}", "{inbound}0$ann@example.net", "order-7", "  order-7 "])
def test_ids_are_found(words: str, acme: Tenant) -> None:
    message = make_message(acme.account, unique_id="order-7")
    make_message(acme.account, subject="another")
    asked = words.format(public=message.public_id, hex=message.public_id.hex, inbound=message.inbound_id)
    assert list(find_messages(Message.objects.for_account(acme.account), asked)) == [message]


@pytest.mark.parametrize("words", ["ann@example.net", "ANN@example", "me@acme.example", "receipt", "RECEIPT 7"])
def test_addresses_and_words_are_found(words: str, acme: Tenant) -> None:
    message = make_message(acme.account, ["zoe@example.org", "ann@example.net"], sender="me@acme.example", subject="Receipt 7")
    make_message(acme.account, ["bob@example.org"], subject="another")
    assert list(find_messages(Message.objects.for_account(acme.account), words)) == [message]


@pytest.mark.parametrize(
    "words",
    ["019a2b3c-0000-7000-8000-000000000000", "1_9_9_9.x", "9" * 40, "%", "_@_", "' or 1=1 --", "1_1_1_99999999999999.x"],
)
def test_what_is_not_there_is_not_found(words: str, acme: Tenant) -> None:
    make_message(acme.account)
    assert not find_messages(Message.objects.for_account(acme.account), words).exists()


def test_nothing_asked_is_everything_found(acme: Tenant) -> None:
    message = make_message(acme.account)
    for words in ("", "  ", "\0"):
        assert list(find_messages(Message.objects.for_account(acme.account), words)) == [message]


def test_words_are_looked_for_in_the_latest_messages_only(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MOST_SEARCHED", 2)
    old, *newer = make_one_a_second(acme, 3, subject="Receipt")
    messages = Message.objects.for_account(acme.account)
    assert set(find_messages(messages, "receipt")) == set(newer)
    assert list(find_messages(messages, str(old.public_id))) == [old]


def test_filters_narrow_the_list(insider: Client, acme: Tenant) -> None:
    bounced = make_message(acme.account, state="bounced", door="smtp")
    make_message(acme.account, state="delivered", door="mailup")
    assert listed(insider, "?state=bounced") == [bounced]
    assert listed(insider, "?door=smtp") == [bounced]
    assert listed(insider, "?door=octeth") == []


def test_nothing_can_be_added_changed_or_deleted(insider: Client, acme: Tenant) -> None:
    message = make_message(acme.account)
    for page in ("change", "delete"):
        assert insider.post(reverse(f"admin:gateway_message_{page}", args=(message.public_id,))).status_code == 403
    assert insider.get(reverse("admin:gateway_message_add")).status_code == 403


def test_counting_stops_somewhere(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.scoped.MOST_COUNTED", 3)
    for _ in range(5):
        make_message(acme.account)
    assert BoundedPaginator(Message.objects.order_by("pk"), 2).count == 3
