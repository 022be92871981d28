"""Address lists: members put in, and taken in by a send to them; what it costs in time, processor and memory."""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

from gateway.engine import intake, lists
from gateway.engine.mailing import send_to_lists
from gateway.engine.submission import Mailbox, Submission, Syntax
from gateway.models import ListTask, Recipient
from templates_app.lists import add_list
from templates_app.members import MOST_AT_ONCE, Entry, put_members
from templates_app.models import AddressList
from tests.bench.surroundings import Surroundings
from tests.support.cast import Tenant, make_tenant

MOST_SECONDS = 60.0  # for 100,000 members
MOST_GROWTH = 64.0  # MiB of memory while they are taken in
TICKS = os.sysconf("SC_CLK_TCK")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--lists", type=int, default=1, help="the members are spread over so many lists of one call")


def run(options: argparse.Namespace, around: Surroundings) -> bool:
    """Measure, print a line a step, and tell whether the expansion was as fast and as small as it has to be."""
    tenant = make_tenant("acme")
    with measured("put in", options.members):
        made = [make_list(tenant, options.members // options.lists, number) for number in range(options.lists)]
    task_ids = send(tenant, made)
    intake.close_intake()
    lists.expand_batch(task_ids[0])  # what is loaded once is loaded now
    before = _memory()
    with measured("taken in", options.members) as took:
        lists.expand(600)
    grown = _memory() - before
    _say(f"memory grew by {grown:.1f} MiB to {_memory():.1f} MiB")
    done = ListTask.objects.filter(pk__in=task_ids, state=ListTask.State.DONE).count() == len(task_ids)
    whole = Recipient.objects.count() == options.members // options.lists * options.lists
    return done and whole and grown < MOST_GROWTH and took[0] < MOST_SECONDS * options.members / 100_000


def make_list(tenant: Tenant, members: int, number: int) -> AddressList:
    made = add_list(tenant.account.pk, address=f"list{number}", name=f"List {number}")
    for start in range(0, members, MOST_AT_ONCE):
        entries = [_entry(number, place) for place in range(start, min(start + MOST_AT_ONCE, members))]
        put_members(tenant.account.pk, made.pk, entries)
    return made


def send(tenant: Tenant, made: list[AddressList]) -> tuple[int, ...]:
    submission = Submission(
        account_id=tenant.account.pk,
        door="sendcloud",
        sender=Mailbox(email="news@acme.example", name="News"),
        recipients=(),
        subject="Hello %NAME%",
        html="<p>Hello %NAME% of %CITY%</p>" * 300,
        syntax=Syntax.SENDCLOUD,
    )
    return send_to_lists(submission, [one.pk for one in made]).task_ids


def _entry(number: int, place: int) -> Entry:
    variables = {"NAME": f"Person {place}", "CITY": f"Town {place % 977}", "CODE": f"{place:08x}"}
    return Entry(email=f"person.{place}.{number}@host{place % 211}.example", name=f"Person {place}", variables=variables)


@contextmanager
def measured(what: str, number: int) -> Iterator[list[float]]:
    """Print seconds, and CPU seconds per 100,000 of this process and of the database; yield where the seconds will stand."""
    took: list[float] = []
    begun, own, server = time.monotonic(), _own_cpu(), _server_cpu()
    yield took
    took.append(time.monotonic() - begun)
    per = 100_000 / number
    shares = {"this process": (_own_cpu() - own) * per, "database": (_server_cpu() - server) * per}
    split = ", ".join(f"{name} {seconds:.2f}" for name, seconds in shares.items())
    _say(f"{number:,} members {what}: {took[0]:.2f} s, {number / took[0]:,.0f}/s; CPU s per 100,000: {split}")


def _own_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _server_cpu() -> float:
    """Return what this connection's PostgreSQL process has used, nought on SQLite."""
    if connection.vendor != "postgresql":
        return 0.0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        fields = Path(f"/proc/{cursor.fetchone()[0]}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _memory() -> float:
    """Return the MiB that this process holds."""
    fields: Mapping[str, str] = dict(
        line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":" in line
    )
    return int(fields["VmRSS"].split()[0]) / 1024


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
