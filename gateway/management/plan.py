"""The processes of an installation on one machine: what `up` and `demo` run."""

from __future__ import annotations

import sys

from django.conf import settings

from gateway.base import wake
from gateway.base.environment import Endpoint
from gateway.management.processes import Spec

PORTS = ("GATEPOST_HTTP", "GATEPOST_SMTP", "GATEPOST_SMTPS", "GATEPOST_RETURNS")
WEB_THREADS = 16
WORKERS = 1 if settings.EMBEDDED else 2  # children of the worker: SQLite has one writer at a time


def endpoints() -> dict[str, Endpoint]:
    """Return where the installation listens, by the name of the setting."""
    found = {name: getattr(settings, name) for name in (*PORTS, "GATEPOST_SMTP_PLAIN")}
    return {name: endpoint for name, endpoint in found.items() if endpoint is not None}


def installation() -> list[Spec]:
    """Return every process of the product."""
    manage = [sys.executable, str(settings.BASE_DIR / "manage.py")]
    # Who starts them has made the system checks, which load all that answers HTTP.
    celery = [sys.executable, "-m", "celery", "--quiet", "--skip-checks", "-A", "gateway"]
    quiet = ["--loglevel", "WARNING"]
    return [
        Spec(name="web", command=web_command(), listens=(settings.GATEPOST_HTTP,)),
        Spec(name="submission", command=[*manage, "submission"], listens=_submission()),
        Spec(name="returns", command=[*manage, "returns"], listens=(settings.GATEPOST_RETURNS,)),
        Spec(name="beat", command=[*celery, "beat", *quiet, "--pidfile="]),
        Spec(
            name="worker",
            command=[*celery, "worker", *quiet, *_serving("gatepost", WORKERS)],
            is_ready=wake.is_sender_there,
        ),
        Spec(name="tasks", command=[*celery, "worker", *quiet, *_serving("gatepost-tasks", WORKERS)]),
    ]


def _submission() -> tuple[Endpoint, ...]:
    found = (settings.GATEPOST_SMTP, settings.GATEPOST_SMTPS, settings.GATEPOST_SMTP_PLAIN)
    return tuple(endpoint for endpoint in found if endpoint is not None)


def _serving(queue: str, children: int) -> list[str]:
    """Return the arguments of a worker of one queue: sending takes turns of ten seconds, for which nothing else should wait."""
    name = ["--hostname", f"{queue}@%h"]
    return ["--queues", queue, "--concurrency", str(children), *name, "--without-mingle", "--without-gossip"]


def web_command() -> list[str]:
    """Return the command of the web process: one granian worker, many request threads behind one group commit."""
    http = settings.GATEPOST_HTTP
    return [
        sys.executable,
        *("-m", "granian", "--interface", "wsgi", "gateway.wsgi:application"),
        *("--host", http.host, "--port", str(http.port)),
        *("--workers", "1", "--blocking-threads", str(WEB_THREADS), "--respawn-failed-workers"),
        *("--log-level", "error", "--no-ws"),  # it warns of many threads, which are meant
    ]
