"""Where a benchmark runs: PostgreSQL and Redis of its own, an Internet of its own, and Django set up as in production."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import django
from django.core.management import call_command
from django.db import connection, connections

from gateway.base.environment import Endpoint
from gateway.base.nameserver import NameServer
from tests.support.installation import production_settings
from tests.support.postgres import start_postgres
from tests.support.redis import start_redis
from tests.support.services import Server, free_port

ROOT = Path(__file__).resolve().parents[2]
MX = "mx.inbox.example"  # receives the mail of all domains, at `Surroundings.sink`

# What a small production server has, buffers in a quarter of the memory as PostgreSQL's manual advises; the tests' own settings
# are those of many servers side by side, and keep nothing safe.
_MEMORY = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
ROOM = {
    "shared_buffers": f"{_MEMORY // 4 // 2**20}MB",
    "work_mem": "32MB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "4GB",
    "fsync": "on",
    "full_page_writes": "on",
}
LISTENERS = ("GATEPOST_HTTP", "GATEPOST_SMTP", "GATEPOST_SMTPS", "GATEPOST_RETURNS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What was started. `sink` is where the MX of every domain is: nobody listens there yet. `data` is a folder of our own.

    The settings of Django, and those of processes that are started with this environment, name all of this.
    """

    postgres: Server
    redis: Server
    sink: Endpoint
    data: Path


@contextmanager
def prepared() -> Iterator[Surroundings]:
    """Start the servers, set Django up on them and migrate; stop and remove everything at the end."""
    with ExitStack() as stack:
        data = Path(tempfile.mkdtemp(prefix="gatepost-bench-"))
        stack.callback(shutil.rmtree, data, ignore_errors=True)
        postgres, database = start_postgres()
        stack.callback(postgres.stop)
        postgres.kill(signal.SIGINT)
        postgres.command += [f"--{name}={value}" for name, value in ROOM.items()]
        postgres.start()
        redis, broker = start_redis()
        stack.callback(redis.stop)
        names = stack.enter_context(NameServer(_look_up))
        sink = Endpoint("127.0.0.1", free_port())
        os.environ |= production_settings(data, database.make_database("gatepost").url, broker.url)
        _set_up({"GATEPOST_DNS": str(names.endpoint), "GATEPOST_MX_PORT": str(sink.port), "GATEPOST_DATA": str(data)})
        stack.callback(connections.close_all)
        yield Surroundings(postgres=postgres, redis=redis, sink=sink, data=data)


def are_buffers_in_huge_pages() -> bool:
    """Tell whether PostgreSQL got huge pages: it asks for them, and goes without where the machine keeps none for it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return "anon_hugepage" in Path(f"/proc/{cursor.fetchone()[0]}/maps").read_text()


def say(text: str) -> None:
    """Tell on the terminal how far it is; what is measured goes to the standard output."""
    sys.stderr.write(f"{text}\n")


def _set_up(settings: dict[str, str]) -> None:
    os.environ |= {name: f"127.0.0.1:{free_port()}" for name in LISTENERS}
    os.environ |= settings | {"GATEPOST_MX_ALLOW": "127.0.0.0/8", "DJANGO_SETTINGS_MODULE": "gateway.settings"}
    django.setup()
    call_command("migrate", verbosity=0, skip_checks=True)


def _look_up(name: str, kind: str) -> list[str] | None:
    if name == MX:
        return ["127.0.0.1"] if kind == "A" else []
    return [f"10 {MX}."] if kind == "MX" else []
