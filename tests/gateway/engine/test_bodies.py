"""Bodies as PostgreSQL keeps them: compressed, where it can do that fast enough."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.db import connection, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from gateway.engine import queue
from gateway.engine.accept import accept
from tests.gateway.engine.conftest import Make

TEXT = "".join(f"Row {number} of the order that you placed with us on Monday.\n" for number in range(400))
RAW = f"From: Ann <ann@acme.example>\nTo: bob@inbox.example\nSubject: Raw\n\n{TEXT}".replace("\n", "\r\n").encode()
REFUSE = """DO $$ BEGIN
    RAISE 'compression method lz4 not supported' USING ERRCODE = 'feature_not_supported';
END $$"""

compressing = import_module("gateway.migrations.0001_tables")
pytestmark = pytest.mark.usefixtures("on_postgresql")


class WithoutLz4(BaseDatabaseSchemaEditor):
    """Has a server that was built without LZ4 say so, as it would."""

    def execute(self, sql: str, params: object = ()) -> None:  # type: ignore[override]
        super().execute(REFUSE if "lz4" in sql else sql, params)


def read_storage() -> dict[str, str]:
    """Return how each body is stored: e(x)ternal as it is, or e(x)tended by its compression."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname, attstorage::text || attcompression::text FROM pg_attribute"
            " WHERE attrelid = 'gateway_content'::regclass AND attname = ANY(%s)",
            [list(compressing.BODIES)],
        )
        return dict(cursor.fetchall())


@pytest.mark.parametrize("bodies", [{"text": TEXT, "html": f"<pre>{TEXT}</pre>"}, {"raw": RAW}], ids=["parts", "raw"])
def test_bodies_are_kept_compressed_and_read_as_they_were(make: Make, bodies: dict[str, str | bytes]) -> None:
    accept([make(**({"sender": None, "subject": "", "text": ""} if "raw" in bodies else {}) | bodies)])
    with connection.cursor() as cursor:
        for name, body in bodies.items():
            cursor.execute(f"SELECT pg_column_compression({name}), pg_column_size({name}) FROM gateway_content")
            compression, size = cursor.fetchone()
            assert compression == "lz4", name
            assert size < len(body) / 2, name
    (copy,) = queue.claim(10)
    for name, body in bodies.items():
        assert getattr(copy.letter, name) == body


def test_a_server_without_lz4_keeps_bodies_as_they_are() -> None:
    compressed, plain = dict.fromkeys(compressing.BODIES, "xl"), dict.fromkeys(compressing.BODIES, "e")
    with transaction.atomic():
        assert read_storage() == compressed
        compressing.compress(WithoutLz4(connection, atomic=False))
        assert read_storage() == plain
        compressing.compress(connection.schema_editor(atomic=False))
        assert read_storage() == compressed
        transaction.set_rollback(True)
