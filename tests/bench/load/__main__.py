"""`python -m tests.bench.load`: sends one load, described by a JSON object on standard input; prints a JSON object.

The description is an Order; what is printed has `accepted` (by token, when it was sent and when it was accepted, in seconds of
the monotonic clock), `failures` (sentences) and `cpu` (seconds of this process's processor time while it sent).
"""

from __future__ import annotations

import gc
import json
import ssl
import sys
import time
from functools import partial
from typing import Any

import uvloop

from tests.bench.load import http, letters, smtp
from tests.bench.load.drive import hold_rate, saturate
from tests.bench.load.journal import Journal
from tests.bench.load.order import Order


async def send(order: Order) -> Journal:
    """Send the whole load."""
    journal = Journal(order.count)
    if order.key:
        endpoint = f"{order.host}:{order.port}"
        write = letters.calls(order.run, order.sender, endpoint, order.key)
        connect = partial(_connect, http.Door(host=order.host, port=order.port), http.Client)
    else:
        write = letters.mails(order.run, order.sender)
        connect = partial(_connect, _smtp_door(order), smtp.Client)
    numbers = range(order.count)
    if order.rate:
        await hold_rate(connect, journal, write, numbers, rate=order.rate, kept=order.sessions)
    else:
        await saturate(connect, journal, write, numbers, sessions=order.sessions, per_connection=order.per_connection)
    return journal


async def _connect(door: Any, client: Any, journal: Journal, ready: Any, gone: Any) -> None:
    await door.connect(lambda: client(door, journal, ready, gone))


def _smtp_door(order: Order) -> smtp.Door:
    tls = None
    if order.is_tls:
        tls = ssl.create_default_context()
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    return smtp.Door(host=order.host, port=order.port, sender=order.sender, user=order.user, password=order.password, tls=tls)


def main() -> None:
    order = Order(**json.load(sys.stdin))
    gc.disable()  # it lives for one load
    before = time.process_time()
    journal = uvloop.run(send(order))
    cpu = time.process_time() - before
    json.dump({"accepted": journal.accepted, "failures": journal.failures, "cpu": cpu}, sys.stdout)


if __name__ == "__main__":
    main()
