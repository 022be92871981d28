"""One connection to a receiver: feeds the SMTP session from a socket, and settles the jobs that it carries.

It takes its jobs from its keeper (the pool's lane) one after the other, the next one right behind the final dot of the last.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, replace
from typing import Final, Protocol, cast

from gateway.base import clock
from gateway.engine import secure
from gateway.engine.parcel import Job, Parcel, Verdict
from gateway.engine.parking import Parking
from gateway.engine.routing import Host
from gateway.engine.verdicts import Peer
from gateway.smtp.client import ClientSession, Closed, DotHeld, Event, HandshakeWanted, Ready, Settled, Stage
from gateway.smtp.reply import Reply
from gateway.smtp.transaction import find_obstacle

MAX_MOVES: Final = 3  # each costs a connection that had served before, or was already dead
_AT_ONCE: Final = 65_536  # octets of a body that go out together with the dot, in one write
_SLOWEST: Final = 100_000  # octets a second: a large body gets more time


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """How long each phase may take, in seconds."""

    connect: float = 10
    banner: float = 30
    command: float = 60  # from a command to the last line of its reply
    handshake: float = 30  # of TLS; less than `command`, so that there is time to go on in clear
    data: float = 120  # from the final dot to its reply, and for the body
    total: float = 300  # for one parcel, all hosts together
    idle: float = 5  # until an unused connection says goodbye
    quit: float = 2


class Keeper(Protocol):
    """What a connection needs of the lane that opened it."""

    host: Host

    def next_job(self) -> Job | None: ...
    def put_back(self, job: Job, most: int | None = None) -> None: ...
    def became_ready(self, connection: Connection) -> None: ...
    def became_idle(self, connection: Connection) -> None: ...
    def may_serve_more(self, connection: Connection) -> bool: ...
    def failed_to_open(self, verdict: Verdict) -> None: ...
    def failed_to_secure(self) -> None: ...
    def complained(self) -> None: ...
    def is_leaving(self, connection: Connection) -> None: ...
    def ended(self, connection: Connection) -> None: ...


class Connection(asyncio.Protocol):
    """An asyncio protocol around one ClientSession. `deadline` is by the loop's clock: the pool calls `expire()` after it."""

    def __init__(self, keeper: Keeper, session: ClientSession, deadlines: Deadlines, parking: Parking) -> None:
        self._keeper = keeper
        self._session = session
        self._deadlines = deadlines
        self._parking = parking
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._handshake: asyncio.Task[None] | None = None
        self._jobs: deque[Job] = deque()  # begun and not settled: one, and one more behind its final dot
        self._peer = Peer(host=keeper.host)
        self._is_ready = False
        self._is_over = False
        self.served = 0
        self.deadline = float("inf")

    @property
    def taken(self) -> int:
        """How many messages it has served, and those that it is serving."""
        return self.served + len(self._jobs)

    # The socket -------------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if self._is_over:
            self._transport.abort()
            return
        self._peer = Peer(host=self._keeper.host, source=str((transport.get_extra_info("sockname") or [""])[0]))
        self._allow(self._deadlines.banner)

    def data_received(self, data: bytes) -> None:
        if self._is_over:
            return
        before = self._session.waiting_for
        for event in self._session.receive(data):
            # What the server said in one breath with the end of the session calls for nothing but to be noted.
            if not self._session.is_closed or isinstance(event, Settled | Closed):
                self._act(event)
        self._flush()
        if self._session.waiting_for is not before:
            self._allow_for(self._session.waiting_for)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._handshake is not None and not self._handshake.done():
            return  # the handshake hears of it too, and knows what to do
        self._end("The connection was lost" + (f": {exc}." if exc else "; the server closed it."))

    def expire(self) -> None:
        """Act on a deadline that has passed: an idle connection says goodbye, any other is cut."""
        if self._session.waiting_for is None and self._is_ready and not self._jobs:
            self.say_goodbye()
            return
        waiting_for = self._session.waiting_for
        what = f"answer to {waiting_for}" if self._is_ready and waiting_for else f"{waiting_for or 'progress'}"
        self._end(f"There was no {what} in time.")

    def say_goodbye(self) -> None:
        """Close an idle connection politely."""
        if self._jobs or not self._is_ready or self._is_over or self._session.waiting_for is Stage.QUIT:
            return
        self._keeper.is_leaving(self)
        self._session.quit()
        self._allow(self._deadlines.quit)
        self._flush()

    def cut(self, why: str) -> None:
        """Close at once; what was not settled is settled with the sentence `why`."""
        self._end(why)

    def _flush(self) -> None:
        out = self._session.take()
        if out and self._transport is not None:
            self._transport.writelines(out)

    # Deadlines --------------------------------------------------------------------------------------------------------

    def _allow(self, seconds: float) -> None:
        at = self._loop.time() + seconds
        self.deadline = min(at, self._jobs[0].deadline) if self._jobs else at

    def _allow_for(self, stage: Stage | None) -> None:
        if stage is Stage.DOT:
            self._allow(self._deadlines.data)
        elif stage is not None and stage is not Stage.QUIT:
            self._allow(self._deadlines.command)

    # What the session says --------------------------------------------------------------------------------------------

    def _act(self, event: Event) -> None:
        match event:
            case DotHeld():
                self._hold_dot()
            case Settled():
                self._settle(event)
            case Ready():
                self._is_ready = True
                self._keeper.became_ready(self)
                self.work()
            case HandshakeWanted() if self._transport is not None:
                self._transport.pause_reading()  # what comes next belongs to TLS
                self._handshake = self._loop.create_task(self._shake_hands(self._transport))
            case Closed():
                self._close(event)

    async def _shake_hands(self, transport: asyncio.Transport) -> None:
        secured = await secure.start_tls(transport, self, self._keeper.host.name, self._deadlines.handshake)
        if secured is None:
            self._keeper.failed_to_secure()
            self._over()
            return
        self._transport = secured
        self._peer = replace(self._peer, tls=secure.describe(secured))
        self._session.tls_started()
        self._allow(self._deadlines.command)
        self._flush()

    def work(self) -> None:
        """Begin the next job, or be idle; where there is enough of this connection, say goodbye."""
        if not self._keeper.may_serve_more(self):
            self.say_goodbye()
            return
        job = self._take_job()
        if job is None:
            self._allow(self._deadlines.idle)
            self._keeper.became_idle(self)
            return
        self._begin(job)
        self._session.start(job.transaction)
        self._allow(self._deadlines.command)
        self._flush()

    def _take_job(self) -> Job | None:
        """Return the next job that the server can take; settle those that it cannot."""
        while (job := self._keeper.next_job()) is not None:
            obstacle = find_obstacle(job.transaction, self._session.extensions)
            if obstacle is None:
                return job
            job.settle(self._peer.unfit(job, *obstacle, self._loop.time()))
        return None

    def _begin(self, job: Job) -> None:
        self._jobs.append(job)
        self._parking.on_their_way += 1

    # The final dot ----------------------------------------------------------------------------------------------------

    def _hold_dot(self) -> None:
        job = self._jobs[0]
        size = len(job.transaction.wire)
        if size > _AT_ONCE:
            self._flush()
        self._allow(self._deadlines.data + size / _SLOWEST)
        if size <= _AT_ONCE and clock.monotonic() < job.parcel.noted_until:
            self.send_dot()
        else:
            self._parking.park(self)

    def parked_parcel(self) -> Parcel | None:
        return self._jobs[0].parcel if self._jobs and not self._jobs[0].dot_sent and not self._is_over else None

    def send_dot(self) -> None:
        job = self._jobs[0]
        if job.is_given_up:
            self._end("The delivery was given up.")
            return
        job.dot_sent = True
        self._parking.on_their_way -= 1
        following = self._take_job() if self._session.pipelines and self._keeper.may_serve_more(self) else None
        if following is None:
            self._session.finish()
        else:
            self._begin(following)
            self._session.finish(following.transaction)
        self._allow(self._deadlines.data + len(job.transaction.wire) / _SLOWEST)
        self._flush()

    def withhold_dot(self) -> None:
        job = self._jobs[0]
        why = "The message was held back: that it is about to be sent could not be noted."
        job.settle(self._peer.failed(job, why, self._loop.time(), enhanced="4.3.0", goes_on=False))
        self._end(why)

    # What came of it --------------------------------------------------------------------------------------------------

    def _settle(self, settled: Settled) -> None:
        job = self._jobs.popleft()
        if not job.dot_sent:
            self._parking.on_their_way -= 1
        reply, stage = settled.reply, settled.stage
        if reply.code == 421 and stage in _UNHEARD and self.served and job.moves < MAX_MOVES:
            self._keeper.put_back(job, self.served)  # the server does not take more than that over one connection
            return
        self.served += 1
        if stage is Stage.DOT and reply.is_good:
            job.settle(self._peer.delivered(job, reply, self._loop.time()))
        else:
            goes_on = stage in _UNHEARD and reply.code < 500
            knows = stage is not Stage.MAIL
            verdict = self._peer.refused(job, reply, self._loop.time(), goes_on=goes_on, knows_recipient=knows)
            job.settle(replace(verdict, goes_on=goes_on and not verdict.slows))
            if verdict.slows:
                self._keeper.complained()
        if not self._jobs and not self._session.is_closed:
            self.work()

    def _close(self, closed: Closed) -> None:
        if closed.reply is None or self._is_ready:
            said = f" It said: {closed.reply.code} {closed.reply.text}" if closed.reply else ""
            self._end(closed.why + said, closed.reply)
            return
        self._keeper.failed_to_open(self._peer.refused(None, closed.reply, self._loop.time(), goes_on=True))
        self._over()

    def _end(self, why: str, reply: Reply | None = None) -> None:
        """Settle what is left with a failure that is nobody's refusal; `why` is a sentence."""
        if self._is_over:
            return
        if not self._is_ready:
            self._keeper.failed_to_open(self._peer.failed(None, why))
        is_heard = self._session.waiting_for not in _UNHEARD
        for place, job in enumerate(self._jobs):
            if not job.dot_sent:
                self._parking.on_their_way -= 1
            self._fail(job, why, is_heard=place == 0 and is_heard)
        self._jobs.clear()
        self._over()

    def _fail(self, job: Job, why: str, *, is_heard: bool) -> None:
        if job.dot_sent:
            job.settle(self._peer.unanswered(job, why, self._loop.time()))
        elif self.served and not is_heard and job.moves < MAX_MOVES:
            self._keeper.put_back(job)
        else:
            job.settle(self._peer.failed(job, why, self._loop.time()))

    def _over(self) -> None:
        if not self._is_over:
            self._is_over = True
            self.deadline = float("inf")
            if self._transport is not None:
                self._transport.abort()
            self._keeper.ended(self)


_UNHEARD: Final = (Stage.RSET, Stage.MAIL)  # stages before the server has said a word about a transaction
