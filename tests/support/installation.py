"""A whole installation in processes of its own, with an Internet of its own: what an operator would run."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from gateway.base.environment import Endpoint
from gateway.base.nameserver import NameServer
from gateway.listeners.tls import keep_self_signed
from gateway.management.processes import Spec
from tests.support.services import free_port

MANAGE = (sys.executable, str(Path(__file__).parents[2] / "manage.py"))
CELERY = (sys.executable, "-m", "celery", "--skip-checks", "-A", "gateway")  # as `up` has it, and
ALONE = ("--without-mingle", "--without-gossip")  # so have its workers
DEADLINE = 60.0


@dataclass(slots=True)
class Installation:
    """Processes by name over one database; `env` is the settings that they run with, `specs` those of a test's own."""

    env: Mapping[str, str]
    data: Path
    specs: dict[str, Spec] = field(default_factory=dict)
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def log(self) -> str:
        return (self.data / "processes.log").read_text(errors="replace")

    @property
    def inbox(self) -> Path:
        return self.data / "inbox"

    def endpoint(self, setting: str) -> Endpoint:
        host, _, port = self.env[setting].rpartition(":")
        return Endpoint(host, int(port))

    def manage(self, *arguments: str) -> str:
        """Run a management command and return what it printed."""
        return subprocess.run([*MANAGE, *arguments], env=self.env, check=True, capture_output=True, text=True).stdout

    def bootstrap(self, *options: str) -> dict[str, Any]:
        return json.loads(self.manage("bootstrap", "--json", "--trust-domain", *options))

    def start(self, *names: str) -> None:
        """Start processes beside each other and wait until they listen."""
        specs = {name: self._spec(name) for name in names}
        for name, spec in specs.items():
            with (self.data / "processes.log").open("ab") as log:
                self.running[name] = subprocess.Popen(
                    spec.command, env=self.env, stdout=log, stderr=log, start_new_session=True
                )
        for name, spec in specs.items():
            for endpoint in spec.listens:
                wait_for(partial(is_open, endpoint), partial(self._explain, name))

    def kill(self, *names: str) -> None:
        """End processes and all their children at once, without a word; one may have ended before."""
        for name in names:
            with suppress(ProcessLookupError):
                os.killpg(self.running[name].pid, signal.SIGKILL)
        for name in names:
            self.running.pop(name).wait(DEADLINE)

    def caught(self) -> list[dict[str, Any]]:
        """Return the transactions that the receiving server took to their end."""
        path = self.inbox / "journal.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        return [entry for entry in map(json.loads, lines) if entry["stage"] == "dot" and entry["reply"].startswith("2")]

    def _explain(self, name: str) -> str:
        return f"{name} does not listen: {self.log[-2000:]}"

    def _spec(self, name: str) -> Spec:
        http, smtp, smtps = (self.endpoint(f"GATEPOST_{one}") for one in ("HTTP", "SMTP", "SMTPS"))
        sink = Endpoint("127.0.0.1", int(self.env["GATEPOST_MX_PORT"]))
        specs = {
            "web": Spec(name=name, command=[*MANAGE, "web"], listens=(http,)),
            "submission": Spec(name=name, command=[*MANAGE, "submission"], listens=(smtp, smtps)),
            "beat": Spec(name=name, command=[*CELERY, "beat", "--loglevel", "WARNING", "--pidfile="]),
            "receiver": Spec(
                name=name,
                command=[*MANAGE, "sink", "--port", str(sink.port), "--tls", "--save", str(self.inbox)],
                listens=(sink,),
            ),
        }
        worker = [*CELERY, "worker", "--loglevel", "WARNING", "--concurrency", "1", "--hostname", f"{name}@test", *ALONE]
        return self.specs.get(name) or specs.get(name) or Spec(name=name, command=worker)


def wait_for(is_so: Callable[[], bool], explain: Callable[[], str], *, seconds: float = DEADLINE) -> None:
    """Wait until something holds; fail with an explanation when it does not."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise AssertionError(explain())
        time.sleep(0.05)


def is_open(endpoint: Endpoint) -> bool:
    try:
        socket.create_connection(endpoint, timeout=1).close()
    except OSError:
        return False
    return True


@contextmanager
def install(data: Path, **settings: str) -> Iterator[Installation]:
    """Prepare an installation in folder `data` and stop its processes at the end. `settings` say where its database is."""
    data.mkdir(parents=True, exist_ok=True)
    with NameServer(_look_up) as names:
        listeners = {f"GATEPOST_{name}": f"127.0.0.1:{free_port()}" for name in ("HTTP", "SMTP", "SMTPS", "RETURNS")}
        env = os.environ | {
            "DATABASE_URL": "",
            "REDIS_URL": "",
            "GATEPOST_DATA": str(data),
            "GATEPOST_DNS": str(names.endpoint),
            "GATEPOST_MX_PORT": str(free_port()),
            "GATEPOST_MX_ALLOW": "127.0.0.0/8",
        }
        made = Installation(env=env | listeners | settings, data=data)
        made.manage("migrate", "--verbosity", "0")
        try:
            yield made
        finally:
            made.kill(*made.running)  # what they still have in hand is nobody's any more


def production_settings(data: Path, database_url: str, redis_url: str) -> dict[str, str]:
    """Return what production requires beyond the listeners: PostgreSQL, Redis, secrets, a certificate."""
    data.mkdir(parents=True, exist_ok=True)
    certificate = str(keep_self_signed(data / "tls.pem", "localhost"))
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": "of the tests",
        "GATEPOST_SECRET_KEYS": "of the tests",
        "GATEPOST_TLS_CERT": certificate,
        "GATEPOST_TLS_KEY": certificate,
    }


def _look_up(name: str, kind: str) -> list[str] | None:
    if name == "mx.inbox.example":
        return ["127.0.0.1"] if kind == "A" else []
    return ["10 mx.inbox.example."] if kind == "MX" else []
