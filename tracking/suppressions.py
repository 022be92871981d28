"""Addresses that are not mailed: by an account, or by the platform as a whole."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from django.db.models import QuerySet

from gateway.base import bulk, clock
from gateway.base.statement import Statement
from tracking.models import Suppression

Pair = tuple[int, str]  # account, address in lower case

REMOVED_AT_ONCE: Final = 5000  # addresses of one commit
_LONGEST_SOURCE = 250  # characters

_FIND = Statement(
    postgresql="""
        SELECT s.account_id, s.email FROM unnest(%(c0)b::bigint[], %(c1)b::text[]) AS asked(account_id, email)
        JOIN tracking_suppression s ON s.account_id = asked.account_id AND s.email = asked.email
        UNION ALL SELECT NULL, email FROM tracking_suppression WHERE account_id IS NULL AND email = ANY(%(c1)b::text[])
    """,
    sqlite="""
        SELECT s.account_id, s.email FROM json_each(:rows) AS asked
        JOIN tracking_suppression s ON s.account_id = asked.value ->> 0 AND s.email = asked.value ->> 1
        UNION ALL SELECT NULL, email FROM tracking_suppression
        WHERE account_id IS NULL AND email IN (SELECT value ->> 1 FROM json_each(:rows))
    """,
)
# Whether an address is suppressed, for statements of PostgreSQL; NULL where it has letters whose lower case we know better.
IS_FOUND = """
    CASE WHEN {email} ~ '^[ -~]*$' THEN EXISTS (
        SELECT FROM tracking_suppression WHERE account_id = {account_id} AND email = lower({email} COLLATE "C")
    ) OR EXISTS (
        SELECT FROM tracking_suppression WHERE account_id IS NULL AND email = lower({email} COLLATE "C")
    ) END
"""
# What a person wishes outweighs what was found out, so that who bounced and then unsubscribed is not mailed again when the
# bounce is taken off the list.
_WISHES: Final = (Suppression.Cause.UNSUBSCRIBED, Suppression.Cause.COMPLAINED)
_ADD = Statement(
    postgresql="""
        INSERT INTO tracking_suppression AS s (account_id, email, cause, source, created_at)
        SELECT * FROM unnest(%(c0)b::bigint[], %(c1)b::text[], %(c2)b::text[], %(c3)b::text[], %(c4)b::timestamptz[])
        ON CONFLICT (account_id, email)
        DO UPDATE SET cause = excluded.cause, source = excluded.source, created_at = excluded.created_at
        WHERE excluded.cause IN ('unsubscribed', 'complained') AND s.cause IN ('bounced', 'manual')
    """,
    sqlite="""
        INSERT INTO tracking_suppression AS s (account_id, email, cause, source, created_at)
        SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(:rows) WHERE true
        ON CONFLICT (account_id, email)
        DO UPDATE SET cause = excluded.cause, source = excluded.source, created_at = excluded.created_at
        WHERE excluded.cause IN ('unsubscribed', 'complained') AND s.cause IN ('bounced', 'manual')
    """,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An address that is not to be mailed again; `source` says in words what brought it here."""

    account_id: int
    email: str
    cause: Suppression.Cause
    source: str = ""


def find(cursor: bulk.Cursor, pairs: Collection[Pair]) -> set[Pair]:
    """Return those pairs of account and address (lower case) that are suppressed."""
    if not pairs:
        return set()
    rows = set(_FIND.fetch(cursor, rows=sorted(pairs)))
    return {pair for pair in pairs if pair in rows or (None, pair[1]) in rows} if rows else set()


def add(cursor: bulk.Cursor, entries: Iterable[Entry]) -> None:
    """Put addresses on their accounts' lists, in the transaction of the fact.

    One that stands there stays as it is, unless the new cause is a person's wish and the old one is none.
    """
    now = clock.now()
    rows = {
        (one.account_id, one.email.lower()): (one.cause.value, one.source[:_LONGEST_SOURCE], now)
        for one in sorted(entries, key=lambda one: one.cause in _WISHES)
    }  # in one order, so that two transactions never wait for each other
    if rows:
        _ADD.run(cursor, rows=[(*pair, *rest) for pair, rest in sorted(rows.items())])


def unsubscribe(account_id: int, email: str, source: str) -> Suppression:
    """Put an address on an account's list as unsubscribed, and return what stands there: one that complained stays as it is."""
    cause = Suppression.Cause.UNSUBSCRIBED
    with bulk.transaction() as cursor:
        add(cursor, [Entry(account_id=account_id, email=email, cause=cause, source=source)])
    found: Suppression = Suppression.objects.for_account(account_id).get(email=email.lower())
    return found


def remove(rows: QuerySet[Suppression]) -> int:
    """Take addresses off an account's list, and return how many they were.

    Batch by batch, each in a commit of its own unless the caller is in a transaction: bounces that come in meanwhile wait for
    one batch only. What is interrupted leaves the rest.
    """
    count = 0
    while keys := list(rows.order_by().values_list("pk", flat=True)[:REMOVED_AT_ONCE]):
        count += rows.model.objects.filter(pk__in=keys).delete()[0]
    return count
