"""Suppressions are read newest first from an index, without sorting all that an account has."""

from __future__ import annotations

import pytest
from django.db import connection

from gateway.base import bulk
from tests.support.cast import Tenant
from tracking.models import Suppression
from tracking.queries.suppressed import find_suppressed

pytestmark = pytest.mark.django_db


def test_a_page_is_read_in_the_order_of_an_index(acme: Tenant) -> None:
    if bulk.is_postgresql():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")  # of few rows, it would be the quicker way
            cursor.execute("SET LOCAL enable_bitmapscan = off")
    plan = find_suppressed(acme.account.pk, Suppression.Cause.BOUNCED)[:10].explain()
    assert "suppression_newest" in plan
    assert "sort" not in plan.lower()
    assert "temp b-tree" not in plan.lower()
