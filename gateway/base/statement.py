"""One statement of the hot path in its two spellings, side by side: PostgreSQL's, and an equivalent for SQLite.

Parameters are named; `%(name)b` on PostgreSQL (binary) is `:name` on SQLite. A batch is given as `rows`: PostgreSQL gets its
columns as the arrays `c0`, `c1`, ... to unnest, SQLite gets one JSON text `rows` for json_each, and the time as `now`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.base import bulk, clock
from gateway.base.pipeline import PipelinedCursor


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement in both spellings."""

    postgresql: str
    sqlite: str

    def run(self, cursor: bulk.Cursor, *, rows: Sequence[Sequence[Any]] | None = None, **values: Any) -> None:
        """Execute it with `values`, and with the columns of `rows`."""
        if isinstance(cursor, PipelinedCursor):
            if rows is not None:
                values |= {f"c{number}": list(column) for number, column in enumerate(zip(*rows, strict=True))}
            cursor.execute(self.postgresql, values)
        else:
            cursor.execute(self.sqlite, _for_sqlite(rows, values))

    def fetch(
        self, cursor: bulk.Cursor, *, rows: Sequence[Sequence[Any]] | None = None, **values: Any
    ) -> list[tuple[Any, ...]]:
        """Execute it and return the rows that it answers, values as the driver gives them."""
        self.run(cursor, rows=rows, **values)
        return cursor.fetchall()


def read_time(value: datetime | str | None) -> datetime | None:
    """Return a time as the drivers give it (SQLite: text in UTC) as an aware one."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


def read_json(value: Any) -> Any:
    """Return a JSON value as the drivers give it (SQLite: text)."""
    return json.loads(value) if isinstance(value, str) else value


def in_seconds(seconds: float) -> datetime:
    return clock.now() + timedelta(seconds=seconds)


def _for_sqlite(rows: Sequence[Sequence[Any]] | None, values: dict[str, Any]) -> dict[str, Any]:
    given = {name: bulk.to_sqlite(value) for name, value in values.items()}
    given["now"] = bulk.to_sqlite(clock.now())
    if rows is not None:
        given["rows"] = json.dumps([[bulk.to_sqlite(value) for value in row] for row in rows])
    return given
