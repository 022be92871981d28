"""Where a benchmark runs: a PostgreSQL server of its own with room to work, migrated, and Django set up on it."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import django
from django.core.management import call_command
from django.db import connections

from tests.support.postgres import start_postgres

# What a small production server has; the tests' own settings are those of many servers side by side.
ROOM = {"shared_buffers": "1GB", "work_mem": "32MB", "maintenance_work_mem": "512MB", "max_wal_size": "4GB"}


@contextmanager
def prepared() -> Iterator[None]:
    """Start the server, set Django up on it and migrate; stop and remove everything at the end."""
    server, address = start_postgres()
    data = tempfile.mkdtemp(prefix="gatepost-bench-")
    try:
        server.kill(signal.SIGINT)
        server.command += [f"--{name}={value}" for name, value in ROOM.items()]
        server.start()
        _set_up(address.make_database("gatepost").url, data)
        yield
        connections.close_all()
    finally:
        server.stop()
        shutil.rmtree(data, ignore_errors=True)


def say(text: str) -> None:
    """Tell on the terminal how far it is; what is measured goes to the standard output."""
    sys.stderr.write(f"{text}\n")


def _set_up(url: str, data: str) -> None:
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "gateway.settings",
        "DATABASE_URL": url,
        "GATEPOST_DATA": data,
        "REDIS_URL": "",
        "SECRET_KEY": "of the benchmark",
        "GATEPOST_SECRET_KEYS": "of the benchmark",
    }
    django.setup()
    call_command("migrate", verbosity=0, skip_checks=True)
