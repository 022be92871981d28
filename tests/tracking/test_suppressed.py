"""Suppressions are read newest first from an index, without sorting all that an account has, and taken off in batches."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gateway.base import bulk
from tests.support.cast import Tenant
from tracking import suppressions
from tracking.models import Suppression
from tracking.queries.suppressed import find_suppressed

pytestmark = pytest.mark.django_db


def test_a_page_is_read_in_the_order_of_an_index(acme: Tenant) -> None:
    if bulk.is_postgresql():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")  # of few rows, it would be the quicker way
            cursor.execute("SET LOCAL enable_bitmapscan = off")
            cursor.execute("SET LOCAL enable_sort = off")  # likewise, by any other index
    plan = find_suppressed(acme.account.pk, Suppression.Cause.BOUNCED)[:10].explain()
    assert "suppression_newest" in plan
    assert "sort" not in plan.lower()
    assert "temp b-tree" not in plan.lower()


def test_they_are_taken_off_batch_by_batch(acme: Tenant, globex: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suppressions, "REMOVED_AT_ONCE", 3)
    for tenant in (acme, globex):
        Suppression.objects.bulk_create(
            Suppression(account=tenant.account, email=f"u{number}@inbox.example", cause=cause)
            for number, cause in enumerate([Suppression.Cause.BOUNCED] * 7 + [Suppression.Cause.COMPLAINED])
        )
    with CaptureQueriesContext(connection) as queries:
        assert suppressions.remove(find_suppressed(acme.account.pk, Suppression.Cause.BOUNCED)) == 7
    assert sum(query["sql"].startswith("DELETE") for query in queries) == 3
    assert [*acme.account.suppressions.values_list("cause", flat=True)] == ["complained"]
    assert globex.account.suppressions.count() == 8
