"""What the demo sets up around the product: free ports, a data folder, a name server, a receiving server.

The product itself runs unchanged: it finds the receiving server through MX records, as it would anywhere.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.management import CommandError
from django.db import connection

from domains.models import SenderDomain, TrackingDomain
from domains.records import records_of
from domains.trackinghosts import records_of_host
from gateway.base.environment import Endpoint
from gateway.base.nameserver import NameServer
from gateway.management.plan import endpoints
from gateway.management.processes import Spec
from gateway.management.startup import check_port, free_port, is_free

INSIDE = "GATEPOST_DEMO_INSIDE"  # set in the process that runs with the demo's settings
RECEIVER = "mx.inbox.example"
NOBODY = "rcpt:550:nobody-*@*::5.1.1 No such user here"  # what the receiving server refuses


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The demo's own servers, and where its mail is kept."""

    dns: Endpoint
    receiver: Endpoint
    inbox: Path


def lay_out_afresh() -> None:
    """Empty the demo's folder, and hold it for as long as this process lives; raise CommandError when another demo has it."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder.with_name(f"{folder.name}.lock"), os.O_CREAT | os.O_RDWR)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CommandError(f"A demo runs in {folder} already; stop it first, or set GATEPOST_DATA to another folder.") from None
    os.set_inheritable(lock, True)
    shutil.rmtree(folder)


def _folder() -> Path:
    return settings.GATEPOST_DATA / "demo"


def make_environment() -> dict[str, str]:
    """Return the environment that the demo runs with: what was asked for, else ports that are free."""
    data = _folder()
    made = {
        INSIDE: "1",
        "GATEPOST_DATA": str(data),
        "GATEPOST_INBOX": str(data / "inbox"),
        "GATEPOST_DNS": f"127.0.0.1:{free_port()}",
        "GATEPOST_MX_PORT": str(free_port()),
        "GATEPOST_MX_ALLOW": "127.0.0.0/8",
        "GATEPOST_WEBHOOK_ALLOW": "127.0.0.0/8",
    }
    for name, endpoint in endpoints().items():
        if name in os.environ:
            check_port(name, endpoint)  # asked for by name: taken is an error
        elif not is_free(endpoint):
            made[name] = f"{endpoint.host}:{free_port(endpoint.host)}"
    return {**os.environ, **made}


def find_surroundings() -> Surroundings:
    """Return where the demo's own servers are to be, from the settings of this process."""
    return Surroundings(
        dns=settings.GATEPOST_DNS[0],
        receiver=Endpoint("127.0.0.1", settings.GATEPOST_MX_PORT),
        inbox=Path(settings.GATEPOST_INBOX),
    )


def make_name_server(around: Surroundings) -> NameServer:
    """Return the demo's name server: all mail goes to its receiver, and whatever domain is added has its records published."""
    return NameServer(answer, around.dns.host, around.dns.port)


def answer(name: str, kind: str) -> list[str] | None:
    """Answer a question in a thread of the name server, which ends with it."""
    try:
        return look_up(name, kind)
    finally:
        connection.close()


def look_up(name: str, kind: str) -> list[str] | None:
    """Answer a DNS question as the demo's Internet has it; None: there is no such name."""
    if "." not in name or name.endswith(".localhost"):
        return None
    if kind in {"TXT", "CNAME"}:
        return _published(name, kind)
    records: Mapping[str, list[str]] = {"A": ["127.0.0.1"]} if name == RECEIVER else {"MX": [f"10 {RECEIVER}."]}
    return records.get(kind, [])


def receiver(around: Surroundings) -> Spec:
    """Return the process that catches all mail."""
    manage = [sys.executable, str(settings.BASE_DIR / "manage.py")]
    where = ["--host", around.receiver.host, "--port", str(around.receiver.port)]
    command = [*manage, "sink", *where, "--tls", "--save", str(around.inbox), "--reply", NOBODY]
    return Spec(name="receiver", command=command, listens=(around.receiver,))


def _published(name: str, kind: str) -> list[str]:
    """Return what the owners of the domains in the database are told to publish at `name`."""
    labels = name.split(".")
    above = [".".join(labels[begin:]) for begin in range(len(labels))]
    records = [
        *(record for domain in SenderDomain.objects.filter(name__in=above) for record in records_of(domain)),
        *(record for host in TrackingDomain.objects.filter(name__in=above) for record in records_of_host(host)),
    ]
    found = {record.value for record in records if (record.name, record.type) == (name, kind)}
    return sorted(f"{value}." if kind == "CNAME" else value for value in found)
