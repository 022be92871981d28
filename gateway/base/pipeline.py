"""Statements to PostgreSQL, all that are waiting in one round trip, prepared, in binary both ways.

psycopg's own cursors look at each parameter and wait for each statement: at a few messages a second that is most of what a
message costs. Here a statement's text is read once, its parameters are written by the types that it casts them to
(`%(name)b::bigint`, or `%b::text[]` in their order), and one wait serves everything up to the answer that somebody reads.
The connection stays psycopg's and Django's: transactions, errors and their classes are as everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import msgspec
import psycopg
from psycopg import generators
from psycopg.abc import Buffer
from psycopg.adapt import Loader, Transformer
from psycopg.pq import ConnStatus, ExecStatus, Format, TransactionStatus
from psycopg.types.json import set_json_dumps

from gateway.base.binary import TYPES, Type

MOST_OCTETS: Final = 4 * 1024 * 1024  # of parameters that wait; with more, they go out

_NAMES = "|".join(re.escape(name) for name in sorted(TYPES, key=len, reverse=True))
_MARK = re.compile(rf"%(?:\((?P<name>\w+)\))?b(?:::(?P<type>{_NAMES}))?|%%")
_ERRORS: Final = frozenset({ExecStatus.FATAL_ERROR, ExecStatus.NONFATAL_ERROR, ExecStatus.BAD_RESPONSE})
_SESSION: Final = "_gatepost_session"


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """A statement as PostgreSQL takes it; `names` are those of its parameters, None where they are given in their order."""

    text: bytes
    names: tuple[str, ...] | None
    types: tuple[Type, ...]
    formats: tuple[Format, ...]

    def dump(self, values: Mapping[str, Any] | Sequence[Any]) -> list[bytes | None]:
        given = values if self.names is None else [values[name] for name in self.names]  # type: ignore[call-overload]
        return [None if value is None else kind.dump(value) for kind, value in zip(self.types, given, strict=True)]


Asked = tuple[Query, list[bytes | None]]


class PipelinedCursor:
    """Asks PostgreSQL over a connection of psycopg's. `is_eager`: each statement by itself and at once.

    Otherwise statements wait until an answer is read, `send` or `commit` is called: an error of theirs comes up there.
    """

    def __init__(self, driver: psycopg.Connection[Any], *, is_eager: bool = True) -> None:
        self.driver = driver
        self._is_eager = is_eager
        self._session = _session_of(driver)
        self._waiting: list[Asked] = []
        self._octets = 0
        self._rows: list[tuple[Any, ...]] = []

    def execute(self, query: str, values: Mapping[str, Any] | Sequence[Any] = ()) -> None:
        """Have a statement executed. Raises ValueError or OverflowError for a value that its type cannot hold."""
        known = read_query(query)
        dumped = known.dump(values)
        self._waiting.append((known, dumped))
        self._octets += sum(len(value) for value in dumped if value)
        if self._is_eager or self._octets > MOST_OCTETS:
            self.send()

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return the rows of the statement that was asked last."""
        self.send()
        return self._rows

    def fetchone(self) -> tuple[Any, ...] | None:
        """Return its first row, None where it has none."""
        return next(iter(self.fetchall()), None)

    def send(self) -> None:
        """Execute what waits."""
        waiting, self._waiting, self._octets = self._waiting, [], 0
        if waiting:
            if not self.driver.autocommit and self.driver.pgconn.transaction_status == TransactionStatus.IDLE:
                waiting.insert(0, _BEGIN)
            self._rows = self._session.ask(waiting)

    def commit(self) -> None:
        """Execute what waits and commit, in the same round trip."""
        if self._waiting or self.driver.pgconn.transaction_status != TransactionStatus.IDLE:
            self._waiting.append(_COMMIT)
            self.send()


class _Session:
    """What is known of one connection: which statements it has prepared, and how to read its answers."""

    def __init__(self, driver: psycopg.Connection[Any]) -> None:
        self._driver = driver
        self._pgconn = driver.pgconn
        self._prepared: dict[Query, bytes] = {}
        self._reader = Transformer(driver)

    def ask(self, asked: Sequence[Asked]) -> list[tuple[Any, ...]]:
        """Execute statements in one round trip; return the rows of the last one, or raise the first error."""
        new = list(dict.fromkeys(query for query, _ in asked if query not in self._prepared))
        names = self._prepared | {query: b"gatepost_%d" % (len(self._prepared) + place) for place, query in enumerate(new)}
        try:
            results = self._driver.wait(self._exchange(asked, new, names))
        except BaseException:
            self._driver.close()  # nobody knows what is still to come on it
            raise
        made = zip(new, results, strict=False)  # the first answers are to PREPARE
        self._prepared |= {query: names[query] for query, result in made if result.status == ExecStatus.COMMAND_OK}
        for result in results:
            if result.status in _ERRORS:
                raise psycopg.errors.error_from_result(result, encoding="utf-8")
        return self._read(results[-1])

    def _exchange(
        self, asked: Sequence[Asked], new: Sequence[Query], names: Mapping[Query, bytes]
    ) -> Generator[Any, Any, list[Any]]:
        """Send everything, then read an answer to each; yields when it has to wait for the network."""
        pgconn = self._pgconn
        pgconn.enter_pipeline_mode()
        for query in new:
            pgconn.send_prepare(names[query], query.text, [kind.oid for kind in query.types])
        for query, values in asked:
            pgconn.send_query_prepared(names[query], values, query.formats, Format.BINARY)
        pgconn.pipeline_sync()
        yield from generators.send(pgconn)
        results = []
        for _ in range(len(new) + len(asked)):
            results.append((yield from generators.fetch(pgconn)))
            yield from generators.fetch(pgconn)  # None: the end of that answer
        yield from generators.fetch(pgconn)  # the end of the pipeline
        if pgconn.status != ConnStatus.OK:
            raise psycopg.OperationalError(pgconn.get_error_message())
        pgconn.exit_pipeline_mode()
        return results

    def _read(self, result: Any) -> list[tuple[Any, ...]]:
        if not result.ntuples:
            return []
        self._reader.set_pgresult(result, format=Format.BINARY)
        return self._reader.load_rows(0, result.ntuples, tuple)


@cache
def read_query(query: str) -> Query:
    """Return what a statement asks for; raise ValueError where a parameter has no cast to a type that is known."""
    names: list[str | None] = []
    types: list[Type] = []

    def number(mark: re.Match[str]) -> str:
        if mark[0] == "%%":
            return "%"
        name, kind = mark["name"], mark["type"]
        if name is None or name not in names:
            if kind is None:
                raise ValueError(f"{mark[0]} needs a cast to one of {', '.join(TYPES)}: {query}")
            names.append(name)
            types.append(TYPES[kind])
        place = len(names) if name is None else names.index(name) + 1
        return f"${place}::{kind}" if kind else f"${place}"

    text = _MARK.sub(number, query).encode()
    by_name = tuple(name for name in names if name is not None)
    return Query(text, None if len(by_name) < len(names) else by_name, tuple(types), (Format.BINARY,) * len(types))


class _JsonLoader(Loader):
    """Reads jsonb as it comes in binary: its version, 1, and the text."""

    format = Format.BINARY

    def load(self, data: Buffer) -> Any:
        return msgspec.json.decode(data[1:])


def _session_of(driver: psycopg.Connection[Any]) -> _Session:
    session: _Session | None = getattr(driver, _SESSION, None)
    if session is None:
        set_json_dumps(msgspec.json.encode, driver)  # of COPY, which is psycopg's
        driver.adapters.register_loader("jsonb", _JsonLoader)  # what Django reads comes as text
        session = _Session(driver)
        setattr(driver, _SESSION, session)
    return session


_BEGIN: Final[Asked] = (read_query("BEGIN"), [])
_COMMIT: Final[Asked] = (read_query("COMMIT"), [])
