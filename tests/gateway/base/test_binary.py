"""What is written in binary, PostgreSQL reads as what it was, type by type; what does not fit is an error."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import psycopg
import pytest

from gateway.base.binary import TYPES
from gateway.base.pipeline import PipelinedCursor

SOON = datetime(2026, 11, 22, 7, 8, 9, 123456, tzinfo=UTC)
EXAMPLES: dict[str, list[Any]] = {
    "bigint": [0, -1, 2**63 - 1, -(2**63)],
    "integer": [0, 2**31 - 1, -(2**31)],
    "int": [7],
    "smallint": [2**15 - 1, -(2**15)],
    "text": ["", "é\t\\'\"{}", "日本語" * 1000],
    "varchar": ["a", "NULL", "{}"],
    "boolean": [True, False],
    "double precision": [0.0, -1.5, 1e300],
    "float8": [0.1],
    "timestamp with time zone": [SOON, datetime(1969, 1, 1, tzinfo=UTC)],
    "timestamptz": [SOON.astimezone(timezone(timedelta(hours=8)))],
    "uuid": [UUID(int=0), UUID(int=2**128 - 1)],
    "jsonb": [{}, [], {"é": [1, None, "x"]}, "text", 0],
    "bytea": [b"", bytes(range(256))],
}


@pytest.fixture
def cursor(postgres_url: str) -> Iterator[PipelinedCursor]:
    with psycopg.connect(postgres_url, autocommit=True) as driver:
        yield PipelinedCursor(driver)


def ask(cursor: PipelinedCursor, kind: str, value: Any) -> Any:
    cursor.execute(f"SELECT %b::{kind}", [value])
    return cursor.fetchall()[0][0]


def test_every_type_has_an_example() -> None:
    assert {*TYPES} == {name for kind in EXAMPLES for name in (kind, f"{kind}[]")}


@pytest.mark.parametrize("kind", EXAMPLES)
def test_a_value_comes_back_as_it_went(cursor: PipelinedCursor, kind: str) -> None:
    assert [ask(cursor, kind, value) for value in [*EXAMPLES[kind], None]] == [*EXAMPLES[kind], None]


@pytest.mark.parametrize("kind", EXAMPLES)
@pytest.mark.parametrize("size", [0, 1, 3])
def test_an_array_comes_back_as_it_went(cursor: PipelinedCursor, kind: str, size: int) -> None:
    array = [*EXAMPLES[kind], None][::-1][:size]
    assert ask(cursor, f"{kind}[]", array) == array


@pytest.mark.parametrize("kind", EXAMPLES)
def test_an_array_of_one_value_comes_back_as_it_went(cursor: PipelinedCursor, kind: str) -> None:
    for value in [*EXAMPLES[kind], None]:
        assert ask(cursor, f"{kind}[]", [value] * 3) == [value] * 3


def test_what_is_equal_in_python_alone_is_told_apart(cursor: PipelinedCursor) -> None:
    assert list(map(type, ask(cursor, "jsonb[]", [1, True, 1.0]))) == [int, bool, float]


@pytest.mark.parametrize(("kind", "value"), [("bigint", 2**63), ("integer", 2**31), ("smallint", -(2**15) - 1)])
def test_a_number_that_does_not_fit_is_an_error(kind: str, value: int) -> None:
    with pytest.raises(OverflowError):
        TYPES[kind].dump(value)


@pytest.mark.parametrize("kind", ["text", "jsonb"])
def test_half_a_character_is_an_error(kind: str) -> None:
    with pytest.raises(ValueError, match="surrogate"):
        TYPES[kind].dump("\ud800")
