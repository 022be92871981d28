"""Memory and a deadline for statements that look at many events, where the database has such settings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from gateway.base import bulk

_SETTINGS = "SET LOCAL work_mem = '128MB'; SET LOCAL statement_timeout = '20s'"  # values such as the subject are many


@contextmanager
def room_to_work() -> Iterator[None]:
    """Give the statements within more memory, and an end."""
    if not bulk.is_postgresql() or connection.in_atomic_block:  # a caller's transaction keeps its own settings
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_SETTINGS)
        yield
