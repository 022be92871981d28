"""PostgreSQL's binary format of the values of the hot path (the receive functions of its types).

Dumpers are chosen by the type that a statement casts its parameter to, so that no value is looked at twice.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

Dump = Callable[[Any], bytes]

_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_ARRAY: Final = struct.Struct("!iIIii")  # dimensions, whether there are NULLs, type of the elements, length, first index
_NULL: Final = b"\xff\xff\xff\xff"  # in place of an element's length
_double = struct.Struct("!d").pack


class Type(NamedTuple):
    """A type of PostgreSQL: its number in pg_type, and what writes a value of it. `dump` raises ValueError or OverflowError."""

    oid: int
    dump: Dump


def _number(octets: int) -> Dump:
    def dump(value: int) -> bytes:
        return value.to_bytes(octets, "big", signed=True)

    return dump


def _time(value: datetime) -> bytes:
    return ((value - _EPOCH) // _MICROSECOND).to_bytes(8, "big", signed=True)


def _uuid(value: UUID | str) -> bytes:
    return (value if isinstance(value, UUID) else UUID(value)).bytes


def _json(value: Any) -> bytes:
    return b"\x01" + msgspec.json.encode(value)


def _array(oid: int, dump: Dump, *, is_exact: bool = True) -> Dump:
    """Return what writes arrays. `is_exact`: values of the type that are equal are written alike."""

    def dump_elements(values: Sequence[Any]) -> bytes:
        parts = []
        for value in values:
            if value is None:
                parts.append(_NULL)
            else:
                octets = dump(value)
                parts.append(len(octets).to_bytes(4, "big"))
                parts.append(octets)
        return b"".join(parts)

    def dump_array(values: Sequence[Any]) -> bytes:
        if not values:
            return _ARRAY.pack(0, 0, oid, 0, 0)[:12]
        count = len(values)
        # Of a batch, most columns have but one value.
        is_one = is_exact and values.count(values[0]) == count
        return _ARRAY.pack(1, 1, oid, count, 1) + (dump_elements(values[:1]) * count if is_one else dump_elements(values))

    return dump_array


_BIGINT, _INTEGER, _SMALLINT = _number(8), _number(4), _number(2)
# By name: its number, that of its array, and its dumper.
_SCALARS: Final[dict[str, tuple[int, int, Dump]]] = {
    "bigint": (20, 1016, _BIGINT),
    "integer": (23, 1007, _INTEGER),
    "int": (23, 1007, _INTEGER),
    "smallint": (21, 1005, _SMALLINT),
    "text": (25, 1009, str.encode),
    "varchar": (1043, 1015, str.encode),
    "boolean": (16, 1000, lambda value: b"\x01" if value else b"\x00"),
    "double precision": (701, 1022, _double),
    "float8": (701, 1022, _double),
    "timestamp with time zone": (1184, 1185, _time),
    "timestamptz": (1184, 1185, _time),
    "uuid": (2950, 2951, _uuid),
    "jsonb": (3802, 3807, _json),
    "bytea": (17, 1001, bytes),
}
TYPES: Final[dict[str, Type]] = {name: Type(oid, dump) for name, (oid, _, dump) in _SCALARS.items()} | {
    f"{name}[]": Type(array, _array(oid, dump, is_exact=dump is not _json)) for name, (oid, array, dump) in _SCALARS.items()
}
"""By their names in casts."""
