"""Pooled connections to receivers: a lane for each address, and turns where there are not connections enough for all."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from itertools import chain
from typing import Any, Final

from gateway.engine.connection import Deadlines
from gateway.engine.lane import Lane, Limits
from gateway.engine.parcel import Job
from gateway.engine.parking import Parking
from gateway.engine.routing import Host

_MAX_LANES: Final = 10_000


class Pool:
    """All lanes of one event loop. `send` is its door."""

    def __init__(self, *, hostname: str, parking: Parking, limits: Limits, deadlines: Deadlines) -> None:
        self.hostname = hostname
        self.parking = parking
        self.limits = limits
        self.deadlines = deadlines
        self.loop = asyncio.get_running_loop()
        self._lanes: dict[tuple[str, int], Lane] = {}
        self._starved: dict[Lane, None] = {}  # waiting for another lane's connection to end, in order
        self._turn: Lane | None = None
        self._is_turning = False
        self._open = 0
        self._connecting: set[asyncio.Task[None]] = set()
        self._all_closed = asyncio.Event()
        self._watch: asyncio.TimerHandle | None = None
        self._tick = min(
            1.0, deadlines.command / 4, deadlines.data / 4, deadlines.banner / 4, deadlines.total / 4, deadlines.idle / 4
        )

    def send(self, job: Job) -> None:
        """Bring a job to its host; its verdict comes in time, whatever happens."""
        key = (job.host.address, job.host.port)
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._add_lane(key, job.host)
        lane.add(job)
        self._keep_watch()

    async def close(self, seconds: float) -> None:
        """Part from all servers, politely for up to `seconds`. Jobs under way are cut after that."""
        self._all_closed.clear()
        for lane in self._lanes.values():
            lane.close()
        if self._open:
            try:
                async with asyncio.timeout(seconds):
                    await self._all_closed.wait()
            except TimeoutError:
                for connection in list(chain.from_iterable(lane.connections for lane in self._lanes.values())):
                    connection.cut("The sending process is stopping.")
        for task in self._connecting:
            task.cancel()
        if self._watch is not None:
            self._watch.cancel()

    def _add_lane(self, key: tuple[str, int], host: Host) -> Lane:
        if len(self._lanes) >= _MAX_LANES:
            self._lanes = {key: lane for key, lane in self._lanes.items() if not lane.is_forgettable}
        lane = self._lanes[key] = Lane(self, host)
        return lane

    # How many connections ---------------------------------------------------------------------------------------------

    def has_room_for(self, lane: Lane) -> bool:
        """Tell whether `lane` may open a connection; where not, it gets its turn when another has ended."""
        is_its_turn, self._turn = self._turn is lane, None
        if self._open < self.limits.connections and (is_its_turn or not self._starved):
            return True
        self._starved[lane] = None
        self.take_turns_soon()
        return False

    def take_turns_soon(self) -> None:
        if self._starved and not self._is_turning:
            self._is_turning = True
            self.loop.call_soon(self._take_turns)

    def _take_turns(self) -> None:
        """Let starved lanes open a connection each, the longest starved first; make room by closing one that is idle."""
        self._is_turning = False
        while self._starved and self._open < self.limits.connections:
            lane = self._turn = next(iter(self._starved))
            del self._starved[lane]
            lane.feed()
            self._turn = None
        self._starved = {lane: None for lane in self._starved if lane.wants_connection}
        if self._starved:
            any(lane.close_one_idle() for lane in self._lanes.values())

    def opened(self, connecting: Coroutine[Any, Any, None]) -> None:
        self._open += 1
        task = self.loop.create_task(connecting)
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    def closed(self) -> None:
        self._open -= 1
        if not self._open:
            self._all_closed.set()
        self.take_turns_soon()

    # Deadlines --------------------------------------------------------------------------------------------------------

    def _keep_watch(self) -> None:
        if self._watch is None:
            self._watch = self.loop.call_later(self._tick, self._look)

    def _look(self) -> None:
        """Look at all deadlines: one timer for all connections costs less than one for each command."""
        self._watch = None
        now = self.loop.time()
        for lane in list(self._lanes.values()):
            if lane.is_active:
                lane.expire(now)
        if any(lane.is_active for lane in self._lanes.values()):
            self._keep_watch()
