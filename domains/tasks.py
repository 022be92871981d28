"""Celery's doors to verification. The rows' `next_check_at` is the work; a hint or beat only says when to look."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final, TypeVar

from celery import shared_task

from domains.models import SenderDomain, TrackingDomain
from domains.rotation import delete_retired
from domains.schedule import CHECK_TASK, LEASE, claim_due
from domains.trackinghosts import check_tracking_domains
from domains.verification import check_domains
from gateway.base import clock, wake

log = logging.getLogger(__name__)
T = TypeVar("T")

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
    _check(domains, check_domains)
    _check(hosts, check_tracking_domains)
    return len(domains) + len(hosts)


def _check(rows: list[T], check: Callable[[list[T]], object]) -> None:
    """Check rows together; where one of them is broken, each by itself, so that it keeps no other from its check."""
    try:
        check(rows)
    except Exception:
        if len(rows) == 1:
            log.exception("The DNS of %s could not be checked; it is tried again in %s.", rows[0], LEASE)
            return
        for row in rows:
            _check([row], check)
