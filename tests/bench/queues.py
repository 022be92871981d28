"""Queues that recipients wait in, each in a database of its own on one server, and runs of claims from them."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

import psycopg
from django.db import connection

from tests.bench import backlog
from tests.bench.backlog import BIG, SMALL, Mix
from tests.bench.claims import Cycles, Worker, explain
from tests.bench.surroundings import say

WARM_UP: Final = 10  # claims before each run that do not count
PATIENCE: Final = 100  # claims that an account's only mail may take to come

# What waits in each queue.
EMPTY, FULL, OF_ONE = "empty", "full", "of one"
QUEUES: Final[Mapping[str, Mix | None]] = {
    EMPTY: None,
    FULL: Mix(),
    "put off": Mix(put_off=1),
    "due": Mix(put_off=1, due_from=-3600, due_to=-1),
    OF_ONE: Mix(accounts=1, first_account=BIG, destinations=1, lists=0.5, put_off=0),
}
# What comes in before each run: of all accounts alike, a tenth of it retries that are due.
_INCOMING: Final = Mix(skew=1, lists=0, put_off=0.1, due_from=-60, due_to=-1)
_ALONE: Final = Mix(accounts=1, first_account=SMALL, lists=0, put_off=0)
_firsts = count(10**8, 10**6)  # keys of messages that come in


@dataclass(slots=True, kw_only=True)
class Queue:
    """The recipients that waited in it at first, its runs, and how long an account's only mail waited.

    `alone_claims` and `alone_seconds` are of each run, `plans` PostgreSQL's account of the last claim of fresh mail and of one
    of retries. All rates are per second.
    """

    name: str
    waiting: int
    runs: list[Cycles] = field(default_factory=list)
    alone_claims: list[int] = field(default_factory=list)
    alone_seconds: list[float] = field(default_factory=list)
    plans: list[dict[str, Any]] = field(default_factory=list)
    _worker: Worker | None = None
    _driver: Any = None

    @contextmanager
    def at_work(self) -> Iterator[Worker]:
        """Yield what works on it, always over the same connection: a drain keeps its own for days."""
        with database(self.name, self._driver):
            self._worker = self._worker or Worker()
            yield self._worker
            self._driver, connection.connection = connection.connection, None

    def leave(self) -> None:
        """Close the connection that it is worked on over."""
        if self._driver is not None:
            self._driver.close()

    @property
    def claim_rate(self) -> float:
        return statistics.median(run.claim_rate for run in self.runs)

    @property
    def rate(self) -> float:
        return statistics.median(run.rate for run in self.runs)

    @property
    def buffers(self) -> int:
        """Pages that a claim looked at."""
        return sum(plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"] for plan in self.plans)

    @property
    def shape(self) -> str:
        """The plans' nodes and indexes, a line each."""
        return "\n".join(_shape_of(plan["Plan"]) for plan in self.plans)

    def milliseconds(self, share: float) -> float:
        """Return what `share` of the claims of a run took at most, in the median of the runs."""
        return statistics.median(run.milliseconds(share) for run in self.runs)

    def claim_ratio(self, other: Queue) -> float:
        """Return the claim rate in terms of another queue's: the median over pairs of runs, as machines have their moods."""
        return statistics.median(a.claim_rate / b.claim_rate for a, b in zip(self.runs, other.runs, strict=True))

    def ratio(self, other: Queue) -> float:
        """Return the same of whole cycles."""
        return statistics.median(a.rate / b.rate for a, b in zip(self.runs, other.runs, strict=True))


@contextmanager
def filled(name: str, recipients: int) -> Iterator[Queue]:
    """Yield the queue `name`, with about so many recipients in it unless it is to be empty, and drop its database then.

    So no queue is in another's way: a few together are more than a machine's memory holds.
    """
    _run_apart(f'CREATE DATABASE "{name}" TEMPLATE "{connection.settings_dict["NAME"]}"')
    queue = Queue(name=name, waiting=_make(name, recipients))
    try:
        yield queue
    finally:
        queue.leave()
        _run_apart(f'DROP DATABASE "{name}"')


def _make(name: str, recipients: int) -> int:
    mix = QUEUES[name]
    if mix is None:
        return 0
    say(f"Making {recipients:,} recipients for the queue {name!r} ...")
    with database(name), backlog.indexes_at_the_end():
        return backlog.make_backlog(recipients, mix, first=1)


def measure(made: Sequence[Queue], claims: int) -> None:
    """Let mail come in and claim as much, a batch of each queue in turn; then see when the only mail of an account comes.

    In turn, as machines have their moods, and as a worker's claims find the processor's caches full of other things.
    """
    came = [_let_come_in(queue, claims) for queue in made]
    runs = [Cycles() for _ in made]
    for number in range(claims):
        for place in range(len(made)) if number % 2 == 0 else reversed(range(len(made))):
            with made[place].at_work() as worker:
                runs[place] += worker.cycle(1)
    for queue, run, left in zip(made, runs, came, strict=True):
        queue.runs.append(run)
        _wait_and_tidy(queue, left - run.recipients)


def _let_come_in(queue: Queue, claims: int) -> int:
    """Let more come in than is going to be claimed; return how much of it is left after some claims that do not count."""
    with queue.at_work() as worker:
        made = backlog.make_backlog((claims + WARM_UP) * 120, _INCOMING, first=next(_firsts))
        before = worker.cycle(WARM_UP)
        queue.plans = explain(worker.turn.after_account)
    return made - before.recipients


def _wait_and_tidy(queue: Queue, left: int) -> None:
    with queue.at_work() as worker:
        backlog.make_backlog(1, _ALONE, first=next(_firsts))
        number, seconds = worker.wait_for(SMALL, PATIENCE)
        queue.alone_claims.append(number)
        queue.alone_seconds.append(seconds)
        if queue.waiting:
            worker.cycle(max(0, left) // 100)  # what came in goes out, more or less
        else:
            worker.drain()


@contextmanager
def database(name: str, driver: Any = None) -> Iterator[None]:
    """Work on another database of the same server, over a connection to it where one is given."""
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"], connection.connection = name, driver
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


@contextmanager
def connected(name: str) -> Iterator[psycopg.Connection[Any]]:
    """Yield a connection to a database of the server, besides Django's."""
    given = connection.get_connection_params()
    with psycopg.connect(**{key: given[key] for key in ("host", "port", "user", "password")}, dbname=name) as driver:
        yield driver


def _run_apart(statement: str) -> None:
    """Run a statement that wants nobody in our database."""
    connection.close()
    with connected("postgres") as driver:
        driver.autocommit = True
        driver.execute(statement)


def _shape_of(plan: Mapping[str, Any], depth: int = 1) -> str:
    name = " ".join(str(plan[key]) for key in ("Node Type", "Index Name") if key in plan)
    return "\n".join(["  " * depth + name, *(_shape_of(below, depth + 1) for below in plan.get("Plans", ()))])
