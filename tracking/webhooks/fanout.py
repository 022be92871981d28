"""Sends what the outbox holds: claims, posts in parallel, settles what came of it.

One fan-out lives in each worker process, on a thread of its own with one event loop; it outlives the Celery tasks that set it
to work, so that a call to a slow endpoint goes on while others are served. Claiming and settling run in threads with database
connections of their own; nothing asynchronous touches the ORM.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import suppress
from datetime import datetime
from functools import partial
from threading import Lock, Thread
from typing import Any, Final, TypeVar

import uvloop

from gateway.base import bulk, clock
from gateway.base.dbthreads import DatabaseThreads
from gateway.base.guarded import Answer, Client
from tracking.webhooks import queue
from tracking.webhooks.calls import Call
from tracking.webhooks.lanes import Lanes
from tracking.webhooks.schedule import read_retry_after

log = logging.getLogger(__name__)

T = TypeVar("T")

THREADS: Final = 2  # that claim and settle, each with a database connection of its own
MOST_KEPT: Final = 2000  # octets of an answer
SETTLE_AT: Final = 100  # calls of one commit
SETTLE_AFTER: Final = 0.05  # seconds that a call's end waits for company
GATHER: Final = 0.005  # seconds that calls which end wait for company, before the next claim
LOOK_EVERY: Final = 0.05  # seconds between looks for what is due, while there was something lately
BACK_OFF: Final = 1.0  # seconds after the database failed
CLOSE_WITHIN: Final = 12.0  # seconds that a stopping worker waits for calls under way
WAITS: Final = frozenset({429, 503})  # answers whose Retry-After speaks for the whole endpoint


class FanOut:
    """A worker's sender of webhooks."""

    def __init__(self) -> None:
        self._loop = uvloop.new_event_loop()
        self._database = DatabaseThreads(THREADS, "fanout", prepare=bulk.hold_plans)
        self._lanes = Lanes()
        self._tasks: set[asyncio.Task[None]] = set()
        self._settlements: list[queue.Settlement] = []
        self._settling = asyncio.Event()
        self._freed = asyncio.Event()
        self._after = 0
        self._is_closing = False
        self._thread = Thread(target=self._loop.run_forever, name="fanout", daemon=True)
        self._thread.start()
        self._client: Client = self._call(self._start())

    def work(self, seconds: float, idle: float) -> None:
        """Send what is due for up to `seconds`, less when for `idle` seconds nothing was due and no call ended.

        Calls may outlast it.
        """
        self._call(self._work(seconds, idle))

    def wait(self, seconds: float = CLOSE_WITHIN) -> None:
        """Wait until no call is under way and all is settled, at most so many seconds."""
        self._call(self._wait(seconds))

    def close(self) -> None:
        """Claim no more, wait a bounded time for calls under way, settle them, and hang up."""
        if self._is_closing:
            return
        self._is_closing = True
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CLOSE_WITHIN)
        self._database.close(CLOSE_WITHIN)
        self._loop.close()

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _start(self) -> Client:
        self._settler = self._loop.create_task(self._settle_for_ever())
        return await Client().__aenter__()

    # Claiming ---------------------------------------------------------------------------------------------------------

    async def _work(self, seconds: float, idle: float) -> None:
        now = self._loop.time
        end, idle_end = now() + seconds, now() + idle
        while now() < min(end, idle_end) and not self._is_closing:
            self._freed.clear()
            calls = await self._claim()
            for call in calls:
                self._begin(call)
            if calls or self._freed.is_set():
                idle_end = now() + idle
            await self._pause()

    async def _pause(self) -> None:
        """Wait for what comes due meanwhile; less where calls end and make room, as there may be more behind them."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._freed.wait(), LOOK_EVERY)
            await asyncio.sleep(GATHER)

    async def _claim(self) -> list[Call]:
        if self._lanes.room <= 0:
            return []
        try:
            calls = await self._database.run(partial(queue.claim, self._lanes.share, after=self._after))
        except Exception:
            log.exception("No webhook deliveries could be claimed; trying again in %.0f s.", BACK_OFF)
            await asyncio.sleep(BACK_OFF)
            return []
        if calls:
            self._after = calls[-1].webhook.pk
        return calls

    # Sending ----------------------------------------------------------------------------------------------------------

    def _begin(self, call: Call) -> None:
        self._lanes.enter(call.webhook.pk, call.webhook.account_id)
        task = self._loop.create_task(self._send(call))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, call: Call) -> None:
        tried_at = clock.now()
        answer = await post(self._client, call) if not call.problem else _no_answer(call.problem)
        settlement = _settlement(call, tried_at, answer)
        if settlement.is_success:
            self._leave(settlement)  # others leave when they are settled, so that the breaker is asked before the next call
        self._settlements.append(settlement)
        self._settling.set()

    def _leave(self, settlement: queue.Settlement) -> None:
        webhook = settlement.call.webhook
        self._lanes.leave(webhook.pk, webhook.account_id, settlement.seconds, is_success=settlement.is_success)
        self._freed.set()

    # Settling ---------------------------------------------------------------------------------------------------------

    async def _settle_for_ever(self) -> None:
        while True:
            await self._settling.wait()
            if len(self._settlements) < SETTLE_AT:
                await asyncio.sleep(SETTLE_AFTER)
            await self._settle()

    async def _settle(self) -> None:
        batch = self._settlements[: 5 * SETTLE_AT]
        try:
            await self._database.run(queue.settle_each, batch)
        except Exception:
            log.exception("What came of %d webhook calls could not be written; trying again.", len(batch))
            await asyncio.sleep(BACK_OFF)
            return
        del self._settlements[: len(batch)]
        for settlement in batch:
            if not settlement.is_success:
                self._leave(settlement)
        if not self._settlements:
            self._settling.clear()

    async def _wait(self, seconds: float) -> None:
        deadline = self._loop.time() + seconds
        while (self._tasks or self._settlements) and self._loop.time() < deadline:  # noqa: ASYNC110 - at the very end
            await asyncio.sleep(0.01)

    async def _close(self) -> None:
        await self._wait(CLOSE_WITHIN)
        for task in [*self._tasks, self._settler]:
            task.cancel()
        await asyncio.gather(*self._tasks, self._settler, return_exceptions=True)
        await self._client.__aexit__(None, None, None)


async def post(client: Client, call: Call) -> Answer:
    """Make a call and return the answer; one that our own fault prevents has none."""
    try:
        return await client.post(call.webhook.url, call.body, call.headers, seconds=call.format.seconds, most=MOST_KEPT)
    except Exception:
        log.exception("A call of webhook %d failed.", call.webhook.pk)
        return _no_answer("The call failed inside Gatepost; see its log.")


def _settlement(call: Call, tried_at: datetime, answer: Answer) -> queue.Settlement:
    retry_after = answer.headers.get("retry-after", "") if answer.status in WAITS else ""
    return queue.Settlement(
        call=call,
        tried_at=tried_at,
        is_success=not call.problem and call.format.is_success(answer),
        status=answer.status,
        answer=words_of(answer),
        seconds=answer.seconds,
        wait=read_retry_after(retry_after, clock.now()) if retry_after else 0.0,
    )


def words_of(answer: Answer) -> str:
    """Return what is kept of an answer: the beginning of its body, or what went wrong."""
    said = answer.body.decode("utf-8", "replace")
    return "\n".join(part for part in (answer.problem, said) if part).replace("\0", "\ufffd")


def _no_answer(problem: str) -> Answer:
    return Answer(status=0, body=b"", seconds=0.0, problem=problem)


_lock = Lock()
_running: list[FanOut] = []


def fanout_of_process() -> FanOut:
    """Return this process's fan-out, started at the first use: a thread does not live through a fork."""
    with _lock:
        if not _running:
            _running.append(FanOut())
        return _running[0]


def close_fanout() -> None:
    """Stop this process's fan-out, if it has one."""
    with _lock:
        while _running:
            _running.pop().close()
