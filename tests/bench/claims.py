"""What a drain asks of the queue, over and over, and how long each part takes: claim, note the final dot, settle."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg
from django.db import connection, transaction

from gateway.base import bulk, clock
from gateway.base.pipeline import PipelinedCursor, read_query
from gateway.engine import claiming, queue
from gateway.engine.drain import BATCH
from gateway.engine.letter import Copy
from gateway.engine.outcome import Outcome, Result
from gateway.engine.retry import next_try
from tracking.statistics import HARD

_TOOK = "2.0.0 Ok: queued as 4F1B5E3A2C"
# What hosts answer: of a hundred copies two are refused for good, two for now.
_OUTCOMES = [Outcome(result=Result.DELIVERED, code=250, enhanced="2.0.0", reply=_TOOK, host="mx.example", size=10_000)] * 96
_OUTCOMES += [Outcome(result=Result.DEFERRED, code=451, enhanced="4.7.1", reply="Greylisted", host="mx.example")] * 2
_OUTCOMES += [
    Outcome(result=Result.BOUNCED, code=550, enhanced="5.1.1", reply="User unknown", host="mx.example", category=min(HARD))
] * 2


@dataclass(slots=True)
class Cycles:
    """Some cycles: seconds of each claim, of everything, and the recipients that they served."""

    claims: list[float] = field(default_factory=list)
    seconds: float = 0.0
    recipients: int = 0

    def __iadd__(self, other: Cycles) -> Cycles:
        self.claims += other.claims
        self.seconds += other.seconds
        self.recipients += other.recipients
        return self

    @property
    def claim_rate(self) -> float:
        """Recipients claimed in a second of claiming."""
        return self.recipients / sum(self.claims)

    @property
    def rate(self) -> float:
        """Recipients claimed, noted and settled in a second."""
        return self.recipients / self.seconds

    def milliseconds(self, share: float) -> float:
        """Return what `share` of the claims took at most."""
        return sorted(self.claims)[int(len(self.claims) * share)] * 1000


class Worker:
    """Does with the queue what a drain does, one thing after the other; hosts answer at once."""

    def __init__(self) -> None:
        bulk.hold_plans()
        self.turn = queue.Turn()

    def cycle(self, claims: int) -> Cycles:
        """Claim so many batches, fewer where the queue runs dry, and settle each."""
        done = Cycles()
        for _ in range(claims):
            begun = time.perf_counter()
            copies = self.claim()
            done.claims.append(time.perf_counter() - begun)
            settle(copies)
            done.seconds += time.perf_counter() - begun
            done.recipients += len(copies)
            if not copies:
                break
        return done

    def claim(self) -> list[Copy]:
        return queue.claim(BATCH, self.turn)

    def drain(self) -> None:
        """Work until there is nothing left."""
        while copies := self.claim():
            settle(copies)

    def wait_for(self, account_id: int, patience: int) -> tuple[int, float]:
        """Work until mail of an account is claimed, not longer than for so many claims.

        Return how many claims, one more than `patience` where it did not come, and how many seconds that took.
        """
        begun = time.perf_counter()
        for number in range(1, patience + 1):
            copies = self.claim()
            took = time.perf_counter() - begun
            settle(copies)
            if any(copy.letter.account_id == account_id for copy in copies):
                return number, took
        return patience + 1, time.perf_counter() - begun


def settle(copies: Sequence[Copy]) -> None:
    """Note the final dots, and settle what hosts answered."""
    if not copies:
        return
    tried_at = clock.now()
    queue.note_data_sent([copy.key for copy in copies])
    queue.settle([_settlement(copy, tried_at) for copy in copies])


def _settlement(copy: Copy, tried_at: datetime) -> queue.Settlement:
    outcome = _OUTCOMES[copy.recipient_id % len(_OUTCOMES)]
    again = next_try(copy.attempt, copy.letter.due_at, tried_at) if outcome.result is Result.DEFERRED else None
    return queue.Settlement(copy=copy, outcome=outcome, tried_at=tried_at, next_try=again)


class _Explaining(PipelinedCursor):
    """Has each statement explained instead of answered, with the plan that it has when it is prepared."""

    def __init__(self, driver: psycopg.Connection[Any]) -> None:
        super().__init__(driver)
        self.plans: list[dict[str, Any]] = []

    def execute(self, query: str, values: Mapping[str, Any] | Sequence[Any] = ()) -> None:
        known = read_query(query)
        given = ", ".join(str(values[name]) for name in known.names or ())  # type: ignore[call-overload]
        super().execute(f"PREPARE explained AS {known.text.decode()}")
        super().execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE explained({given})")
        self.plans += [row[0][0] for row in super().fetchall()]
        super().execute("DEALLOCATE explained")


def explain(after_account: int) -> list[dict[str, Any]]:
    """Return PostgreSQL's account, with times and buffers, of a claim; nothing is claimed."""
    with transaction.atomic(), bulk.raw_cursor():
        cursor = _Explaining(connection.connection)
        fresh = BATCH - BATCH // queue.RETRIES_SHARE
        claiming.claim(cursor, BATCH, fresh, after_account=after_account, lease=queue.LEASE)
        transaction.set_rollback(True)
    return cursor.plans
