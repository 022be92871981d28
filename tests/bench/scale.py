"""Claims from a queue with millions of recipients against an empty one, claim by claim, and from queues that hurt.

Before every run the same mail comes in to both, and as many recipients are claimed as came: so that the queues differ in
nothing but in what waits besides. "Empty" holds just what came in. The others, each beside an empty one of its own and gone
before the next: most is fresh (full), all waits for a retry later on (put off), or now (due), and all of one account to one
destination (of one). "Alone" is the only mail of one account.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Final

from django.db import connection

from tests.bench import backlog, queues
from tests.bench.claims import Worker
from tests.bench.queues import EMPTY, FULL, OF_ONE, QUEUES, Queue
from tests.bench.report import describe_machine
from tests.bench.surroundings import ROOM, Surroundings, are_buffers_in_huge_pages, say

SLOWER: Final = 0.10  # that claims from a full queue may be than those from an empty one


@dataclass(frozen=True, slots=True, kw_only=True)
class Aged:
    """Claims from the queue of one account, after so many recipients were settled that nobody swept up after."""

    name: str
    settled: int
    p50: float  # milliseconds of a claim
    p99: float
    claim_rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A queue and the empty one that was measured in turn with it; the ratios are of their rates."""

    queue: Queue
    empty: Queue

    @property
    def claim_ratio(self) -> float:
        return self.queue.claim_ratio(self.empty)

    @property
    def ratio(self) -> float:
        return self.queue.ratio(self.empty)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--recipients", type=int, default=5_000_000, help="that wait in a queue (%(default)s)")
    parser.add_argument("--claims", type=int, default=100, help="of a run (%(default)s)")
    parser.add_argument("--runs", type=int, default=10, help="of each queue (%(default)s)")
    parser.add_argument("--settled", type=int, default=50_000, help="recipients settled without a vacuum (%(default)s)")
    parser.add_argument("--queues", nargs="+", choices=QUEUES, default=list(QUEUES), help="empty and full are always there")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace, _: Surroundings) -> bool:
    """Fill the queues, claim from them in turn, print what that took; tell whether full is as fast as empty."""
    backlog.make_accounts()
    pairs, aged = [], list[Aged]()
    for name in [name for name in QUEUES if name in {FULL, *options.queues} and name != EMPTY]:
        with queues.filled(EMPTY, 0) as empty, queues.filled(name, options.recipients) as queue:
            for number in range(options.runs):
                say(f"Run {number + 1} of {options.runs} of {name!r} beside {EMPTY!r} ...")
                queues.measure((empty, queue), options.claims)
            pairs.append(Pair(queue=queue, empty=empty))
            if name == OF_ONE:
                aged = _age(options.settled, options.claims)
    _print(pairs, aged, as_json=options.json)
    return _holds(pairs)


def _holds(pairs: Sequence[Pair]) -> bool:
    return pairs[0].claim_ratio >= 1 - SLOWER


def _age(settled: int, claims: int) -> list[Aged]:
    """Settle many recipients of one account while nothing is vacuumed, then while a snapshot is held that needs them all."""
    with queues.database(OF_ONE):
        worker = Worker()
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE gateway_recipient SET (autovacuum_enabled = off)")
            cursor.execute("VACUUM gateway_recipient")
        found = [_look("vacuumed", 0, worker, claims)]
        say(f"Settling {settled:,} recipients without a vacuum ...")
        worker.cycle(settled // 100)
        found.append(_look("not vacuumed", settled, worker, claims))
        with _snapshot(OF_ONE):
            say(f"Settling {settled:,} recipients beside an open transaction ...")
            worker.cycle(settled // 100)
            found.append(_look("a snapshot held", settled, worker, claims))
    return found


def _look(name: str, settled: int, worker: Worker, claims: int) -> Aged:
    done = worker.cycle(claims)
    return Aged(
        name=name,
        settled=settled,
        p50=done.milliseconds(0.5),
        p99=done.milliseconds(0.99),
        claim_rate=done.claim_rate,
    )


@contextmanager
def _snapshot(name: str) -> Iterator[None]:
    """Hold a transaction open that may still look at every row that there is now, as a dump does for hours."""
    with queues.connected(name) as driver:
        driver.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        driver.execute("SELECT count(*) FROM gateway_listtask")
        yield


def _print(pairs: Sequence[Pair], aged: Sequence[Aged], *, as_json: bool) -> None:
    shown = [Pair(queue=pairs[0].empty, empty=pairs[0].empty), *pairs]
    if as_json:
        found = {pair.queue.name: _figures(pair) for pair in shown}
        answer = {"holds": _holds(pairs), "queues": found, "aged": [asdict(one) for one in aged]}
        surroundings = {"machine": describe_machine(), "huge_pages": are_buffers_in_huge_pages()}
        sys.stdout.write(json.dumps(answer | surroundings) + "\n")
        return
    pages = "in huge pages" if are_buffers_in_huge_pages() else "not in huge pages"
    around = [describe_machine(), f"PostgreSQL's buffers: {ROOM['shared_buffers']}, {pages}", ""]
    head = f"{'queue':10}{'waiting':>11}{'claimed/s':>11}{'ratio':>7}{'p50 ms':>8}{'p99 ms':>8}{'buffers':>9}"
    lines = [
        *around,
        f"{head}{'cycle/s':>9}{'ratio':>7}{'alone: claims':>15}{'ms':>8}",
        *map(_line, shown),
    ]
    if aged:
        lines += ["", f"{'of one account':24}{'settled':>10}{'claimed/s':>11}{'p50 ms':>8}{'p99 ms':>8}"]
    lines += [f"{one.name:24}{one.settled:10,}{one.claim_rate:11,.0f}{one.p50:8.2f}{one.p99:8.2f}" for one in aged]
    made = [pair.queue for pair in shown]
    shapes = {queue.shape: [other.name for other in made if other.shape == queue.shape] for queue in made}
    for shape, names in shapes.items() if len(shapes) > 1 else ():
        lines += ["", f"The plan of {', '.join(names)}:", shape]
    lines += ["", "It holds." if _holds(pairs) else f"It does not hold: claims are more than {SLOWER:.0%} slower."]
    sys.stdout.write("\n".join(lines) + "\n")


def _figures(pair: Pair) -> dict[str, Any]:
    queue = pair.queue
    return {
        "waiting": queue.waiting,
        "claim_rate": queue.claim_rate,
        "claim_ratio": pair.claim_ratio,
        "claim_p50_ms": queue.milliseconds(0.5),
        "claim_p99_ms": queue.milliseconds(0.99),
        "buffers": queue.buffers,
        "cycle_rate": queue.rate,
        "cycle_ratio": pair.ratio,
        "alone_claims": max(queue.alone_claims),
        "alone_ms": max(queue.alone_seconds) * 1000,
    }


def _line(pair: Pair) -> str:
    found = _figures(pair)
    waited = f"{found['alone_claims']}" if found["alone_claims"] <= queues.PATIENCE else "never"
    return (
        f"{pair.queue.name:10}{found['waiting']:11,}{found['claim_rate']:11,.0f}{found['claim_ratio']:7.2f}"
        f"{found['claim_p50_ms']:8.2f}{found['claim_p99_ms']:8.2f}{found['buffers']:9,}"
        f"{found['cycle_rate']:9,.0f}{found['cycle_ratio']:7.2f}{waited:>15}{found['alone_ms']:8.0f}"
    )
