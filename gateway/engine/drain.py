"""Drains the queue: claims batches, sends them over pooled connections, settles what came of them.

One drain lives in each worker process, on a thread of its own with one event loop; it outlives the Celery tasks that set it to
work, so that a slow host's delivery goes on while the process does other things. Claiming and settling run in threads with
database connections of their own; nothing asynchronous touches the ORM.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Collection, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from threading import Lock, Thread
from typing import Any, TypeVar

import uvloop

from gateway.base import bulk, clock, wake
from gateway.base.dbthreads import DatabaseThreads
from gateway.base.garbage import relax_collector
from gateway.engine import queue
from gateway.engine.deliver import Courier, Parcel
from gateway.engine.lanes import Lanes
from gateway.engine.leases import Held
from gateway.engine.letter import Copy
from gateway.engine.outcome import Outcome, Result
from gateway.engine.prepare import Later, Prepared, Ready, Stopped, prepare
from gateway.engine.retry import next_try

log = logging.getLogger(__name__)

T = TypeVar("T")

THREADS = 3  # that claim, note and settle, each with a database connection of its own
BATCH = 100  # copies of one claim
FEW = 16  # of one claim while there is little to do; their final dots it notes itself. Half of that is no longer little
SWITCH = 0.0005  # seconds after which a thread that composes lets others run: they mostly wait, and only for moments work
CROWDED_PAUSE = 2.0  # seconds until copies come back for which a slow destination, or their batch, had no room
SETTLE_AT = 100  # outcomes of one commit
SETTLE_AFTER = 0.2  # seconds that an outcome waits for company
CLAIM_PAUSE = 0.015  # seconds between claims: what comes meanwhile goes with the next one
AWAKE = 0.1  # seconds after there was more than a little to do until a drain lies down, to be told of mail
SIGN_EVERY = 2.0  # seconds between two signs of life
HELP_EVERY = 1.0  # seconds between two calls for help
BACK_OFF = 1.0  # seconds after the database failed
LISTEN = 1.0  # seconds between looks for retries that came due
RECLAIM_EVERY = 10.0  # seconds between looks for leases that ran out
CLOSE_WITHIN = 20.0  # seconds that a stopping worker waits for what is in flight
SETTLE_WITHIN = 5.0  # seconds to write, at the very end, what came of that


class Drain:
    """A worker's sender."""

    def __init__(self) -> None:
        sys.setswitchinterval(SWITCH)
        relax_collector()
        self._loop = uvloop.new_event_loop()
        self._database = DatabaseThreads(THREADS, "drain", prepare=bulk.hold_plans)
        self._ear = ThreadPoolExecutor(1, thread_name_prefix="drain-bell")
        self._in_flight: dict[tuple[int, int], Copy] = {}  # by recipient and attempt
        self._lanes = Lanes()
        self._held = Held()
        self._settlements: list[queue.Settlement] = []
        self._settling = asyncio.Event()
        self._room = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = queue.Turn()
        self._reclaim_at = self._help_at = 0.0
        self._is_closing = False
        self._thread = Thread(target=self._loop.run_forever, name="drain", daemon=True)
        self._thread.start()
        self._courier: Courier = self._call(self._start())

    def work(self, seconds: float, idle: float, *, is_over: Callable[[], bool] = lambda: False) -> bool:
        """Drain for up to `seconds`, less when there was nothing to do for `idle` seconds or once `is_over`.

        Return whether there is more to do.
        """
        return self._call(self._work(seconds, idle, is_over))

    def hold(self) -> None:
        """Renew the leases of what is in flight."""
        self._call(self._renew())

    def close(self) -> None:
        """Stop claiming, wait a bounded time for what is in flight, settle it, and hang up."""
        if self._is_closing:
            return
        self._is_closing = True
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CLOSE_WITHIN)
        self._database.close(CLOSE_WITHIN)
        self._ear.shutdown()

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _start(self) -> Courier:
        self._spawn(self._settle_for_ever())
        self._spawn(self._renew_for_ever())
        return Courier(note_data_sent=self._note_data_sent)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Claiming ---------------------------------------------------------------------------------------------------------

    async def _work(self, seconds: float, idle: float, is_over: Callable[[], bool]) -> bool:
        bell = wake.open_bell()
        try:
            is_idle = await self._claim_until(self._loop.time() + seconds, idle, bell, is_over)
        finally:
            bell.close()
        await asyncio.sleep(wake.QUIET)
        # Mail that came since the last look may have rung for nobody.
        return not self._is_closing and not is_over() and (not is_idle or await self._is_work_waiting())

    async def _claim_until(self, end: float, idle: float, bell: wake.Bell, is_over: Callable[[], bool]) -> bool:
        """Claim and send until `end`; return True early where nothing came for `idle` seconds.

        While there is much to do, look for it all the time; else when told that some has come, or every LISTEN seconds.
        """
        now = self._loop.time
        idle_end = now() + idle
        mood = _Mood()
        while now() < end and not self._is_closing and not is_over():
            if not self._has_room:
                await self._leave_until_there_is_room(bell, mood, end)
            await self._sign(bell, mood)
            claimed_at = now()
            claimed = await self._claim(is_busy=mood.is_busy)
            if claimed:
                idle_end = now() + idle
            if mood.change(claimed, now()):
                continue
            if claimed >= BATCH // 2:
                self._call_for_help()
            elif mood.is_busy:
                await asyncio.sleep(CLAIM_PAUSE)
            elif now() >= idle_end and not bell.is_deaf:
                return True
            else:
                await self._listen(bell, claimed_at + CLAIM_PAUSE, min(idle_end, end))
        return False

    async def _sign(self, bell: wake.Bell, mood: _Mood) -> None:
        """Give a sign of life where it is time to."""
        now = self._loop.time()
        if now < mood.sign_at:
            return
        mood.sign_at = now + SIGN_EVERY
        await self._with_ear(bell.at_work if mood.is_busy else bell.lie_down)
        if mood.has_calmed:
            mood.has_calmed = False
            await asyncio.sleep(wake.QUIET)  # so long doors may still believe that we look by ourselves

    def _call_for_help(self) -> None:
        if self._loop.time() >= self._help_at:
            self._help_at = self._loop.time() + HELP_EVERY
            self._ear.submit(wake.call_for_help)

    async def _claim(self, *, is_busy: bool) -> int:
        """Claim, compose and send off a batch; return how many."""
        limit = min(BATCH if is_busy else FEW, self._lanes.room)
        if limit <= 0:
            return 0
        try:
            if self._loop.time() >= self._reclaim_at:
                self._reclaim_at = self._loop.time() + RECLAIM_EVERY
                await self._database.run(_reclaim, self._leases)
            ready = await self._database.run(_claim_and_prepare, limit, self._turn, not is_busy)
        except Exception:
            log.exception("Nothing could be claimed; trying again in %.0f s.", BACK_OFF)
            await asyncio.sleep(BACK_OFF)
            return 0
        if ready:
            await self._send_off(ready)
        return len(ready)

    async def _send_off(self, ready: Sequence[Prepared]) -> None:
        self._held.take(one.copy for one in ready)
        crowded = []
        for one in ready:
            if isinstance(one, Later) or (isinstance(one, Ready) and not self._lanes.has_room(one.copy.domain)):
                crowded.append(one.copy)
                continue
            self._in_flight[one.copy.key] = one.copy
            self._lanes.enter(one.copy.domain)
            self._spawn(self._send(one))
        if crowded:
            await self._release(crowded)

    async def _release(self, crowded: Sequence[Copy]) -> None:
        try:
            ends = self._held.ended_by(crowded)
            await self._database.run(partial(queue.release, crowded, seconds=CROWDED_PAUSE, ends=ends))
        except Exception:
            # Of their lease something is held for ever, so that nobody ends it, and once its other copies are done it runs out.
            log.exception("%d copies could not be given back; their lease will run out.", len(crowded))
        else:
            self._held.come_back(crowded)

    @property
    def _has_room(self) -> bool:
        return self._lanes.room >= BATCH // 4

    async def _leave_until_there_is_room(self, bell: wake.Bell, mood: _Mood, end: float) -> None:
        """Wait until a batch may be claimed, but not beyond `end`: slow hosts must not hold up the worker's other tasks.

        Nor other mail: what comes meanwhile is for others.
        """
        await self._with_ear(bell.leave)
        mood.sign_at = 0.0
        self._call_for_help()
        with suppress(TimeoutError):
            async with asyncio.timeout_at(end):
                while not self._has_room:
                    self._room.clear()
                    with suppress(TimeoutError):  # there is also room once a destination has shown that it is slow
                        await asyncio.wait_for(self._room.wait(), LISTEN)

    async def _listen(self, bell: wake.Bell, not_before: float, end: float) -> None:
        """Wait until told of mail, at least until `not_before`, for LISTEN seconds at most and hardly beyond `end`."""
        now = self._loop.time
        if await self._with_ear(bell.wait, max(0.05, min(end - now(), LISTEN))) and now() < not_before:
            await asyncio.sleep(not_before - now())

    async def _with_ear(self, act: Callable[..., T], *arguments: Any) -> T:
        """Call what may wait for Redis, in a thread."""
        return await self._loop.run_in_executor(self._ear, act, *arguments)

    async def _is_work_waiting(self) -> bool:
        try:
            return await self._database.run(queue.is_work_waiting)
        except Exception:
            log.exception("The queue could not be looked at; trying again in %.0f s.", BACK_OFF)
            await asyncio.sleep(BACK_OFF)
            return True

    # Sending ----------------------------------------------------------------------------------------------------------

    async def _send(self, one: Ready | Stopped) -> None:
        tried_at = clock.now()
        outcome = one.outcome if isinstance(one, Stopped) else await self._deliver(one)
        again = None
        if outcome.result is Result.DEFERRED:
            again = next_try(one.copy.attempt, one.copy.letter.due_at, clock.now(), retry_after=outcome.retry_after)
        self._settle_later(queue.Settlement(copy=one.copy, outcome=outcome, tried_at=tried_at, next_try=again))

    async def _deliver(self, one: Ready) -> Outcome:
        try:
            return replace(await self._courier.deliver(one.parcel), signed_by=one.signed_by)
        except Exception:
            log.exception("Delivery of recipient %d failed.", one.copy.recipient_id)
            return Outcome(result=Result.DEFERRED, enhanced="4.3.0", reply="Delivery failed inside Gatepost; see its log.")

    async def _note_data_sent(self, parcels: Sequence[Parcel]) -> list[Parcel]:
        """Return the parcels that are still ours; of the others the lease ran out, and another worker has them."""
        ours = await self._database.run(queue.note_data_sent, [(parcel.recipient_id, parcel.attempt) for parcel in parcels])
        return [parcel for parcel in parcels if (parcel.recipient_id, parcel.attempt) in ours]

    # Settling ---------------------------------------------------------------------------------------------------------

    def _settle_later(self, settlement: queue.Settlement) -> None:
        self._settlements.append(settlement)
        self._settling.set()

    async def _settle_for_ever(self) -> None:
        while True:
            await self._settling.wait()
            if len(self._settlements) < SETTLE_AT:
                await asyncio.sleep(SETTLE_AFTER)
            await self._settle()

    async def _settle(self) -> None:
        batch = self._settlements[: 5 * SETTLE_AT]
        copies = [settlement.copy for settlement in batch]
        try:
            await self._database.run(partial(queue.settle_each, batch, ends=self._held.ended_by(copies)))
        except Exception:
            log.exception("%d outcomes could not be written; trying again.", len(batch))
            await asyncio.sleep(BACK_OFF)
            return
        self._held.come_back(copies)
        del self._settlements[: len(batch)]
        if not self._settlements:
            self._settling.clear()
        for settlement in batch:
            del self._in_flight[settlement.copy.key]
            self._lanes.leave(settlement.copy.domain, (clock.now() - settlement.tried_at).total_seconds())
        self._room.set()

    async def _renew_for_ever(self) -> None:
        while True:
            await asyncio.sleep(queue.LEASE / 3)
            await self._renew()

    async def _renew(self) -> None:
        try:
            await self._database.run(queue.renew, self._leases)
        except Exception:
            log.exception("Leases could not be renewed.")

    @property
    def _leases(self) -> set[int]:
        """Return the leases of what is in flight."""
        return {copy.lease_id for copy in self._in_flight.values()}

    async def _close(self) -> None:
        await self._wait_for_the_last(CLOSE_WITHIN)
        await self._courier.close()
        await self._wait_for_the_last(SETTLE_WITHIN)
        for task in self._tasks:
            task.cancel()

    async def _wait_for_the_last(self, seconds: float) -> None:
        deadline = self._loop.time() + seconds
        while self._in_flight and self._loop.time() < deadline:  # noqa: ASYNC110 - at the very end
            await asyncio.sleep(0.05)


@dataclass(slots=True)
class _Mood:
    """Whether a drain looks for mail by itself, as there is much of it, or waits to be told. Times are of the loop's clock."""

    is_busy: bool = False
    has_calmed: bool = False  # and did not say so yet
    sign_at: float = 0.0  # when to give the next sign of life
    busy_until: float = 0.0

    def change(self, claimed: int, now: float) -> bool:
        """Take note of a claim; return whether the mood is another one now."""
        if claimed >= FEW // 2:
            self.busy_until = now + AWAKE
        if self.is_busy == (now < self.busy_until):
            return False
        self.is_busy, self.has_calmed, self.sign_at = not self.is_busy, self.is_busy, 0.0
        return True


def _claim_and_prepare(limit: int, turn: queue.Turn, notes_dots: bool) -> list[Prepared]:
    copies = queue.claim(limit, turn, notes_dots=notes_dots)
    return prepare(copies) if copies else []


def _reclaim(ours: Collection[int]) -> None:
    """Take back leases that ran out; not our own, should the clock have jumped or this process have slept."""
    queue.renew(ours)
    queue.reclaim()


_lock = Lock()
_running: list[Drain] = []


def drain_of_process() -> Drain:
    """Return this process's drain, started at the first use: a thread does not live through a fork."""
    with _lock:
        if not _running:
            _running.append(Drain())
        return _running[0]


def hold_leases() -> None:
    """Renew the leases that this process holds, before anybody takes back those that ran out."""
    for drain in _running:
        drain.hold()


def close_drain() -> None:
    """Stop this process's drain, if it has one."""
    with _lock:
        while _running:
            _running.pop().close()
