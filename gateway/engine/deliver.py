"""Delivery: parcels in, outcomes out. What the world answers is never an exception.

Route, then host after host over pooled connections, until one has decided or none is left.
"""

from __future__ import annotations

import asyncio
from typing import Final

from django.conf import settings

from gateway.engine.connection import Deadlines
from gateway.engine.lane import Limits
from gateway.engine.outcome import Outcome, Result
from gateway.engine.parcel import Job, Parcel, Verdict
from gateway.engine.parking import NoteDataSent, Parking
from gateway.engine.pool import Pool
from gateway.engine.routing import Host, Route, Router
from gateway.smtp.transaction import Transaction

__all__ = ["Courier", "Deadlines", "Limits", "Parcel"]

_LIMITS: Final = Limits()
_DEADLINES: Final = Deadlines()
_POLITE: Final = 2.0  # times the deadline of QUIT, for all connections


class Courier:
    """Delivers parcels from one event loop; make it inside of that loop.

    `note_data_sent` is awaited with parcels whose final dot is about to go, before any of them goes, and returns those that may
    go; the outcome of the others, and of all when it raises, is DEFERRED.
    """

    def __init__(
        self,
        *,
        note_data_sent: NoteDataSent,
        limits: Limits = _LIMITS,
        deadlines: Deadlines = _DEADLINES,
        router: Router | None = None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._router = router or Router()
        self._deadlines = deadlines
        self._pool = Pool(
            hostname=settings.GATEPOST_HOSTNAME, parking=Parking(note_data_sent), limits=limits, deadlines=deadlines
        )

    async def deliver(self, parcel: Parcel) -> Outcome:
        """Try to deliver a parcel once, within `Deadlines.total` seconds, and return what came of it."""
        started = self._loop.time()
        try:
            transaction = _make_transaction(parcel)
        except ValueError as error:
            return Outcome(result=Result.FAILED, enhanced="5.1.3", reply=str(error))
        route = await self._router.route(parcel.domain)
        if isinstance(route, Outcome):
            return route
        return await self._try_hosts(parcel, transaction, route, started)

    async def close(self) -> None:
        """Say goodbye to all servers; what is still under way is cut after a moment."""
        await self._pool.close(_POLITE * self._deadlines.quit)

    async def _try_hosts(self, parcel: Parcel, transaction: Transaction, route: Route, started: float) -> Outcome:
        tried = []
        for host in route.hosts:
            outcome, goes_on = await self._try(parcel, transaction, host, started)
            if not goes_on:
                return outcome
            tried.append(outcome)
        # Where one host may come back, the refusals of others are not the last word; and a reply says more than silence.
        return min(tried, key=lambda outcome: (outcome.result is not Result.DEFERRED, not outcome.code))

    async def _try(self, parcel: Parcel, transaction: Transaction, host: Host, started: float) -> tuple[Outcome, bool]:
        job = Job(parcel, transaction, host, started=started, deadline=started + self._deadlines.total)
        self._pool.send(job)
        verdict: Verdict = await job.verdict
        return verdict.outcome, verdict.goes_on and self._loop.time() < job.deadline


def _make_transaction(parcel: Parcel) -> Transaction:
    return Transaction(
        mail_from=parcel.mail_from,
        rcpt_to=parcel.rcpt_to,
        wire=parcel.wire,
        needs_8bit=parcel.needs_8bit,
        needs_smtputf8=parcel.needs_smtputf8,
    )
