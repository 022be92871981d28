"""Gatepost as `manage.py up` runs it in production, with an account that may send, and what each group of processes is.

Needs Django, hence `surroundings.prepared()` first.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from django.core.management import call_command
from django.db import connection

from accounts.models import Account
from gateway.management import plan
from gateway.management.processes import ProcessTree, Spec
from gateway.models import Recipient
from tests.bench.surroundings import ROOT, Surroundings
from tests.support.installation import wait_for

DOMAIN = "bench.example"  # the account sends from it
GROUPS = {"beat": "beat and tasks", "tasks": "beat and tasks"}  # every other process is a group of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A running Gatepost. `credentials` are as `manage.py bootstrap --json` prints them.

    `groups` are by name the processes at the root of each group, the servers included, as `meter.Meter` takes them.
    """

    credentials: Mapping[str, Any]
    groups: Mapping[str, Sequence[int]]
    tree: ProcessTree

    def wait_settled(self, *, seconds: float = 120) -> None:
        """Wait until every recipient is in a terminal state; raise AssertionError when that takes longer."""
        wait_for(lambda: not _count_open(), lambda: f"{_count_open()} recipients are not done.", seconds=seconds)


@contextmanager
def running(
    around: Surroundings,
    *,
    workers: int = plan.WORKERS,
    tls: bool = False,
    tracked: bool = False,
    credentials: Mapping[str, Any] | None = None,
) -> Iterator[System]:
    """Start every process of `manage.py up`, with so many sending `workers` (children of the worker); stop all at the end.

    What they say is in `processes.log` of `around.data`. Without `tls` the submission server takes AUTH without TLS;
    `tracked` has the account's links and openings tracked; the account is a new one without `credentials` of `make_account`.
    """
    credentials = credentials or make_account(tracked=tracked)
    specs = [_adapt(spec, workers=workers, tls=tls) for spec in plan.installation()]
    with (around.data / "processes.log").open("ab") as log:
        tree = ProcessTree(specs, output=log, env=os.environ | {"PYTHONPATH": str(ROOT)})
        try:
            tree.start()
            yield System(credentials=credentials, groups=_group(around, tree), tree=tree)
        finally:
            tree.stop()


def make_account(*, tracked: bool = False) -> dict[str, Any]:
    """Make an account that may send from DOMAIN without limits; return its credentials."""
    printed = io.StringIO()
    call_command("bootstrap", json=True, domain=DOMAIN, trust_domain=True, no_limits=True, stdout=printed)
    made: dict[str, Any] = json.loads(printed.getvalue())
    if tracked:
        Account.objects.filter(pk=made["account"]["id"]).update(track_opens=True, track_clicks=True)
    return made


def _adapt(spec: Spec, *, workers: int, tls: bool) -> Spec:
    if spec.name == "submission" and not tls:
        return replace(spec, command=[sys.executable, "-m", "tests.bench.plain_submission"])
    if spec.name == "worker":
        command = list(spec.command)
        command[command.index("--concurrency") + 1] = str(workers)
        return replace(spec, command=command)
    return spec


def _group(around: Surroundings, tree: ProcessTree) -> dict[str, list[int]]:
    groups = {"PostgreSQL": [around.postgres._running().pid], "Redis": [around.redis._running().pid]}
    for name, running in tree._running.items():
        groups.setdefault(GROUPS.get(name, name), []).append(running.process.pid)
    return groups


def _count_open() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM gateway_recipient WHERE state <> ALL(%s)", [list(Recipient.TERMINAL)])
        return int(cursor.fetchone()[0])
