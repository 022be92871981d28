"""Celery's doors to verification. The rows' `next_check_at` is the work; a hint or beat only says when to look."""

from __future__ import annotations

from typing import Final

from celery import shared_task

from domains.models import SenderDomain, TrackingDomain
from domains.rotation import delete_retired
from domains.schedule import CHECK_TASK, claim_due
from domains.trackinghosts import check_tracking_domains
from domains.verification import check_domains
from gateway.base import clock, wake

BATCH: Final = 32  # rows claimed at once: two rounds of DEADLINE when every name server is silent
SLICE: Final = 40.0  # seconds after which one task begins no further batch; beat sends the next every minute


@shared_task(name=CHECK_TASK, ignore_result=True)
def check_due() -> None:
    """Look at the DNS of all domains and tracking hosts whose time has come, and drop keys whose overlap is over."""
    wake.begin_hinted(CHECK_TASK)
    until = clock.monotonic() + SLICE
    while clock.monotonic() < until and check_batch():
        pass
    delete_retired(clock.now())


def check_batch() -> int:
    """Check one batch of what is due; return how many."""
    domains = claim_due(SenderDomain, clock.now(), BATCH)
    hosts = claim_due(TrackingDomain, clock.now(), BATCH)
    if domains:
        check_domains(domains)
    if hosts:
        check_tracking_domains(hosts)
    return len(domains) + len(hosts)
