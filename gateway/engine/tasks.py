"""Celery's doors to the engine. A task carries a hint, never mail: losing one costs seconds."""

from __future__ import annotations

import mmap
import sys

import msgspec
from celery import shared_task
from celery.signals import beat_init, worker_init, worker_process_shutdown, worker_ready, worker_shutting_down
from django.db import connection

from accounts import usage
from accounts.actions import PURGE_TASK
from gateway.base import clock, wake
from gateway.base.broker import purge_broker
from gateway.base.schema import NotReadyError, check_schema
from gateway.engine import control, hits, idempotency, lists, queue
from gateway.engine.accept import EXPAND_TASK
from gateway.engine.drain import close_drain, drain_of_process, hold_leases
from gateway.engine.purge import purge_all

ACT_WITHIN = 5.0  # seconds that a person waits for an act on many recipients
SLICE = 10.0  # seconds of one `send` task; then other tasks get their turn
IDLE = 5.0  # seconds without work after which a drain stops listening
_stopping = mmap.mmap(-1, 1)  # a byte that a worker shares with its children: not nought once it is told to stop


@shared_task(name=wake.SEND_TASK, ignore_result=True)
def send() -> None:
    """Drain the queue for a while, and send for the next turn while there is work."""
    wake.clear_pending()
    if drain_of_process().work(SLICE, IDLE, is_over=lambda: bool(_stopping[0])):
        wake.wake_sender()


@shared_task(ignore_result=True)
def sweep() -> None:
    """Take back leases that ran out, wake a sender where mail is due (what a lost hint left behind), drop what has ended."""
    purge_broker()
    idempotency.purge(clock.now())
    hold_leases()
    queue.reclaim()
    if queue.is_work_waiting():
        wake.wake_sender()
    hits.purge(clock.now())
    hits.write_waiting(within=SLICE)  # of processes that are gone, where no web process looks


def begin_act(verb: control.Verb, which: control.Which) -> control.Progress:
    """Hold, release, retry or cancel what waits: at once as far as a person should wait, the rest as a task."""
    progress = control.carry_out_within(ACT_WITHIN, verb, which)
    if not progress.is_done:
        _send_act(verb, which)
    return progress


@shared_task(ignore_result=True)
def act(verb: str, which: dict[str, object]) -> None:
    """Go on with an act on what waits, a slice at a time so that other tasks get their turn."""
    asked = msgspec.convert(which, control.Which)
    if not control.carry_out_within(SLICE, control.Verb(verb), asked).is_done:
        _send_act(control.Verb(verb), asked)


def _send_act(verb: control.Verb, which: control.Which) -> None:
    act.delay(verb.value, msgspec.to_builtins(which))


@shared_task(name=PURGE_TASK, ignore_result=True)
def purge() -> None:
    """Remove what purged accounts had, a slice at a time, and counters that nobody looks at any more."""
    wake.begin_hinted(PURGE_TASK)
    usage.drop_old(clock.now())
    if not purge_all(SLICE):
        wake.hint(PURGE_TASK)


@shared_task(name=EXPAND_TASK, ignore_result=True)
def expand_lists() -> None:
    """Take members of address lists in for a while, and come back while there is work."""
    wake.begin_hinted(EXPAND_TASK)
    if lists.expand(SLICE):
        wake.hint(EXPAND_TASK)


@worker_init.connect
@beat_init.connect
def check_database(**_: object) -> None:
    """Stop a worker or beat that finds its database unreachable or behind, with a sentence instead of a trace."""
    try:
        check_schema()
    except NotReadyError as error:
        sys.exit(str(error))
    connection.close()  # children are forked from here


@worker_ready.connect
def begin_sending(**_: object) -> None:
    """Look for mail at once: what was queued while no worker ran has nobody left to give a hint."""
    wake.send_hint()


@worker_shutting_down.connect
def stop_claiming(**_: object) -> None:
    """Tell the children, which hear nothing of the signal, to claim no more."""
    _stopping[0] = 1


@worker_process_shutdown.connect
def stop_sending(**_: object) -> None:
    """Let a prefork child finish what it has in flight."""
    close_drain()
