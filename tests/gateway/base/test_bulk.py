"""Bulk inserts write what the ORM reads, by every way in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.db import DatabaseError, connection, connections, transaction

from accounts.models import AuditEntry
from gateway.base import bulk
from gateway.models import Message, Recipient
from tests.support.cast import Tenant

EDGES = [number for first in (bulk.ARRAYS_FROM, bulk.COPY_FROM) for number in (first - 1, first)]


@pytest.mark.parametrize("number", [0, 1, 2, *EDGES, 3 * bulk.COPY_FROM])
def test_it_works(acme: Tenant, number: int) -> None:
    table = bulk.table_of(AuditEntry, leaves_out=("id", "address"))
    when = acme.account.created_at
    rows = [(acme.account.pk, when, "ann", f"act {place}", "é\\\t\n'\"", {"n": [place, None, "ü"]}) for place in range(number)]
    with transaction.atomic(), bulk.raw_cursor() as cursor:
        bulk.insert(cursor, table, rows)
    entries = AuditEntry.objects.order_by("pk")
    assert [(one.action, one.detail, one.at, one.target) for one in entries] == [(row[3], row[5], when, row[4]) for row in rows]


@pytest.mark.parametrize("number", [1, 2, *EDGES])
def test_what_is_there_already_is_dealt_with(acme: Tenant, number: int) -> None:
    table = bulk.table_of(AuditEntry, leaves_out=("address",))
    again = replace(table, otherwise=f"ON CONFLICT (id) DO UPDATE SET target = {table.name}.target || excluded.target")
    rows = [(10_000 + place, acme.account.pk, acme.account.created_at, "ann", "act", f"{place}", {}) for place in range(number)]
    with transaction.atomic(), bulk.raw_cursor() as cursor:
        bulk.insert(cursor, table, rows[: number // 2])
        bulk.insert(cursor, again, rows)
    targets = AuditEntry.objects.filter(pk__gte=10_000).order_by("pk").values_list("target", flat=True)
    assert [*targets] == [str(place) * (2 if place < number // 2 else 1) for place in range(number)]


def test_ids_are_never_given_out_twice(acme: Tenant) -> None:
    with transaction.atomic(), bulk.raw_cursor() as cursor:
        table = bulk.table_of(Recipient)
        first = bulk.take_ids(cursor, table, 2500)
    assert len(set(first)) == 2500


@pytest.mark.django_db(transaction=True)
def test_the_orms_own_ids_do_not_meet_those_of_the_blocks(acme: Tenant) -> None:
    values = {"account": acme.account, "accepted_at": acme.account.created_at, "sender": "a@acme.example"}
    with transaction.atomic(), bulk.raw_cursor() as cursor:
        taken = bulk.take_ids(cursor, bulk.table_of(Message), 3)
    Message.objects.create(pk=taken[-1], **values)
    other = Message.objects.create(**values)
    assert other.pk not in taken


@pytest.mark.django_db(transaction=True)
def test_whether_a_connection_lives_is_asked_before_a_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    own = connections["default"]
    own.ensure_connection()
    monkeypatch.setattr(own, "health_check_enabled", True)
    monkeypatch.setattr(own, "health_check_done", False)
    with bulk.transaction() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone()[0] == 1


def rename(name: str, told: list[str], then: Callable[[bulk.Cursor], object]) -> None:
    with bulk.transaction() as cursor:
        cursor.execute(f"UPDATE accounts_account SET name = '{name}'")
        transaction.on_commit(lambda: told.append(name))
        then(cursor)


@pytest.mark.django_db(transaction=True)
def test_a_transaction_is_committed_with_what_waits_for_it_or_not_at_all(acme: Tenant) -> None:
    told: list[str] = []
    rename("committed", told, lambda _: None)
    with pytest.raises(ZeroDivisionError):
        rename("not committed", told, lambda _: 1 / 0)
    with pytest.raises(DatabaseError):
        rename("not committed", told, lambda cursor: cursor.execute("UPDATE nowhere SET name = 'x'"))
    assert (told, connection.get_autocommit(), connection.in_atomic_block) == (["committed"], True, False)
    acme.account.refresh_from_db()
    assert acme.account.name == "committed"
