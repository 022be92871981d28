"""Celery's doors to webhooks. A task carries a hint, never an event: losing one costs seconds."""

from __future__ import annotations

from celery import shared_task
from celery.signals import worker_process_shutdown

from gateway.base import wake
from tracking import outbox
from tracking.webhooks import queue
from tracking.webhooks.fanout import close_fanout, fanout_of_process

SLICE = 5.0  # seconds of one task; then other tasks get their turn
IDLE = 0.5  # seconds without anything due after which a task ends
PURGE = 10.0  # seconds of one purge


@shared_task(name=outbox.TASK, ignore_result=True)
def deliver_webhooks() -> None:
    """Send what is due for a while, and come back while there is more.

    While it is at work it looks by itself, so the next hint is let in at its end only, before the last look.
    """
    fanout_of_process().work(SLICE, IDLE)
    wake.begin_hinted(outbox.TASK)
    if queue.is_work_waiting():
        wake.hint(outbox.TASK)


@shared_task(ignore_result=True)
def sweep_webhooks() -> None:
    """Take back leases that ran out, fail what waits for webhooks or accounts that are closed, and look for what is due."""
    queue.reclaim()
    queue.give_up()
    if queue.is_work_waiting():
        wake.hint(outbox.TASK)


@shared_task(ignore_result=True)
def purge_webhooks() -> None:
    """Delete deliveries that ended long ago."""
    queue.purge(PURGE)


@worker_process_shutdown.connect
def stop_delivering(**_: object) -> None:
    """Let a prefork child finish the calls that it has under way."""
    close_fanout()
