"""A newsletter to an address list: members put in, taken in, and their copies composed, tracked, signed and delivered.

Members are put in and taken in by this process, before anything is sent: what that costs is seen apart. Then all of Gatepost
starts, finds the queue full, and sends to a receiving server; its speed is that of the arrivals, from the first to the last.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from django.db import connection

from gateway.engine import intake, lists
from gateway.engine.mailing import send_to_lists
from gateway.models import ListTask, Recipient
from templates_app.lists import add_list
from templates_app.members import MOST_AT_ONCE, put_members
from tests.bench import ledger, newsletter, system
from tests.bench.arrivals import PATIENCE, Arrivals, receiving
from tests.bench.meter import Meter, Usage
from tests.bench.newsletter import RUN, token_of
from tests.bench.surroundings import Surroundings, say

MOST_SECONDS = 60.0  # for 100,000 members
MOST_GROWTH = 64.0  # MiB of memory while they are taken in
SAMPLE = 200  # copies that are looked at
SIGNATURES = 2  # RSA and Ed25519
SINK = "receiving server"
TELL = 5.0  # seconds between two words on how far it is
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True, kw_only=True)
class Step:
    """A step over so many members; `cpu` is seconds of processor time per 1,000 of them, by process."""

    name: str
    members: int
    seconds: float = 0.0
    cpu: Mapping[str, float]

    @property
    def rate(self) -> float:
        """Members a second."""
        return self.members / self.seconds

    def describe(self) -> str:
        split = ", ".join(f"{name} {seconds:.3f}" for name, seconds in self.cpu.items())
        whole = f"CPU s per 1,000: {sum(self.cpu.values()):.2f} ({split})"
        return f"{self.members:,} members {self.name}: {self.seconds:.2f} s, {self.rate:,.0f}/s; {whole}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--members", type=int, default=100_000, help="of all lists (%(default)s)")
    parser.add_argument("--lists", type=int, default=1, help="the members are spread over so many lists of one call")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace, around: Surroundings) -> bool:
    """Measure, print what each step took; tell whether it was as fast and as small as it has to be, and every copy right."""
    members = options.members // options.lists * options.lists
    credentials = system.make_account(tracked=True)
    account_id = credentials["account"]["id"]
    say("Putting members in ...")
    with _measured("put in", members) as put:
        made = [_make_list(account_id, members // options.lists, number) for number in range(options.lists)]
    task_ids = send_to_lists(newsletter.make_submission(account_id), made).task_ids
    intake.close_intake()
    lists.expand_batch(task_ids[0])  # what is loaded once is loaded now
    say("Taking them in ...")
    before = _memory()
    with _measured("taken in", members) as took:
        lists.expand(600)
    grown = _memory() - before
    problems = _check_expansion(task_ids, members)
    with receiving(around.sink, around.data, keep=max(1, members // SAMPLE)) as arrivals:
        sent, usage = _send(around, credentials, arrivals, members)
        problems += _check_copies(arrivals, members)
    if grown > MOST_GROWTH:
        problems.append(f"Memory grew by {grown:.1f} MiB while members were taken in, not {MOST_GROWTH:.0f} at most.")
    if took.seconds > (most := max(1.0, MOST_SECONDS * members / 100_000)):  # the first batch takes a while however small
        problems.append(f"It took {took.seconds:.1f} s to take members in, not {most:.0f} at most.")
    _print([put, took, sent], grown, usage, problems, as_json=options.json)
    return not problems


def _make_list(account_id: int, members: int, number: int) -> int:
    made = add_list(account_id, address=f"list{number}", name=f"List {number}")
    first, end = number * members, (number + 1) * members
    for start in range(first, end, MOST_AT_ONCE):
        entries = [newsletter.make_member(place) for place in range(start, min(start + MOST_AT_ONCE, end))]
        put_members(account_id, made.pk, entries)
    return made.pk


# Sending --------------------------------------------------------------------------------------------------------------


def _send(around: Surroundings, credentials: Mapping[str, object], arrivals: Arrivals, members: int) -> tuple[Step, Usage]:
    """Run Gatepost until all copies have arrived and are settled, or none comes any more."""
    say("Starting Gatepost, which sends at once ...")
    with system.running(around, credentials=credentials) as running:
        early = len(arrivals.of(RUN))
        with Meter({**running.groups, SINK: [arrivals.process]}).measured() as usage:
            _wait(arrivals, members)
            running.wait_settled()
    times = [time for each in arrivals.of(RUN).values() for time in each]
    metered = max(1, len(times) - early)
    sent = Step(
        name="delivered",
        members=len(times),
        seconds=max(times, default=0.0) - min(times, default=0.0) or 1.0,
        cpu={name: seconds * 1000 / metered for name, seconds in usage.cpu.items()},
    )
    return sent, usage


def _wait(arrivals: Arrivals, members: int) -> None:
    """Wait for all copies, or until none came for a while; say now and then how many there are."""
    seen, come = 0, time.monotonic()
    told = come
    while (now := len(arrivals.of(RUN))) < members and time.monotonic() - come < PATIENCE:
        if now > seen:
            seen, come = now, time.monotonic()
        if time.monotonic() - told > TELL:
            told = time.monotonic()
            say(f"  {now:,} of {members:,} delivered")
        time.sleep(0.5)


# Checking -------------------------------------------------------------------------------------------------------------


def _check_expansion(task_ids: Sequence[int], members: int) -> list[str]:
    done = ListTask.objects.filter(pk__in=task_ids, state=ListTask.State.DONE).count()
    recipients = Recipient.objects.count()
    problems = [] if done == len(task_ids) else [f"{done} of {len(task_ids)} sends were taken in to their end."]
    return problems if recipients == members else [*problems, f"{recipients} recipients were made, not {members}."]


def _check_copies(arrivals: Arrivals, members: int) -> list[str]:
    """Return what is wrong: each copy delivered once; of a sample, fields, links and signatures."""
    say("Looking at the copies ...")
    sample = arrivals.messages(RUN)
    delivered = Recipient.objects.filter(state=Recipient.State.DELIVERED).count()
    return [
        *ledger.check_letters([token_of(place) for place in range(members)], arrivals.of(RUN)),
        *([] if delivered == members else [f"{delivered} recipients are delivered, not {members}."]),
        *newsletter.check(sample),
        *ledger.check_signatures(sample, ledger.records(), SIGNATURES),
    ]


# This process and its database ----------------------------------------------------------------------------------------


@contextmanager
def _measured(name: str, members: int) -> Iterator[Step]:
    """Yield a step, which has its seconds at the end, and those of the processor: of this process and of its database."""
    step = Step(name=name, members=members, cpu={})
    begun, own, server = time.monotonic(), _own_cpu(), _server_cpu()
    yield step
    step.seconds = time.monotonic() - begun
    per = 1000 / members
    step.cpu = {"this process": (_own_cpu() - own) * per, "database": (_server_cpu() - server) * per}


def _own_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _server_cpu() -> float:
    """Return what this connection's PostgreSQL process has used."""
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


def _print(steps: Sequence[Step], grown: float, usage: Usage, problems: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        found = {step.name: asdict(step) | {"rate": step.rate} for step in steps}
        extra = {"memory_growth": grown, "memory": usage.memory}
        sys.stdout.write(json.dumps({"holds": not problems, "steps": found, **extra, "problems": list(problems)}) + "\n")
        return
    most = ", ".join(f"{name} {size:.0f}" for name, size in usage.memory.items())
    lines = [
        *(step.describe() for step in steps),
        f"Memory grew by {grown:.1f} MiB while members were taken in; at most there were, in MiB (PSS): {most}.",
        *(["FAILED", *problems] if problems else ["Each copy arrived once; the sample is right, tracked and signed."]),
    ]
    sys.stdout.write("\n".join(lines) + "\n")
