"""A production installation on servers of its own, in which things die and come back: what the experiments are done in."""

from __future__ import annotations

import json
import signal
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Event, RLock, Thread
from typing import Any, Final

import psycopg
from redis import Redis

from gateway.base.environment import Endpoint
from gateway.management.processes import Spec
from tests.faults.clients import Tenant
from tests.faults.journals import Arrival, Attempt, Books, Told, Unit
from tests.faults.points import ORDERS
from tests.support import postgres, redis
from tests.support.installation import MANAGE, Installation, install, is_open, production_settings, wait_for
from tests.support.services import Server

PRODUCT: Final = ("web", "submission", "worker", "tasks", "beat")
QUOTA: Final = 10**9  # so large that it only counts
TEND_EVERY: Final = 0.1  # seconds
_ROOT = Path(MANAGE[-1]).parent

_MAKE_TENANTS = f"""
import json
from accounts.models import Account
from gateway.management.starter import make_first_account
names = ("acme.example", "globex.example")
print(json.dumps([make_first_account(name, is_trusted=True, has_limits=False) for name in names]))
Account.objects.update(quota_total={QUOTA})
"""
_UNITS = """
    SELECT m.id, m.account_id, m.public_id, m.accepted_at, m.subject, r.id, r.email, r.state, r.sequence, r.next_attempt_at
    FROM gateway_message m JOIN gateway_recipient r ON r.message_id = m.id WHERE m.accepted_at >= %s ORDER BY r.id
"""
_ATTEMPTS = """
    SELECT recipient_id, number, result, code, reply, is_ambiguous FROM gateway_attempt WHERE recipient_id = ANY(%s)
    ORDER BY recipient_id, number
"""
_EVENTS = """
    SELECT recipient_id, sequence, type, account_id, category FROM tracking_event WHERE recipient_id = ANY(%s)
    ORDER BY recipient_id, sequence
"""
_DUE = "UPDATE gateway_recipient SET next_attempt_at = now() WHERE state = 'deferred' AND next_attempt_at > now()"
_USAGE = """SELECT account_id, sum(used) FROM accounts_usagecounter WHERE "window" = 'total' GROUP BY account_id"""
_OPEN = "SELECT count(*) FROM gateway_recipient WHERE done_at IS NULL"


@dataclass(slots=True)
class World:
    """Two tenants, the product's processes, PostgreSQL, Redis and a receiver. What dies is started again, as `up` does."""

    installation: Installation
    database: Server
    broker: Server
    orders: Path
    tenants: list[Tenant] = field(default_factory=list)
    _lock: RLock = field(default_factory=RLock)

    # Processes --------------------------------------------------------------------------------------------------------
    def tend(self) -> None:
        """Start again what has ended."""
        with self._lock:
            for name in PRODUCT:
                if self.installation.running[name].poll() is not None:
                    self.installation.start(name)

    def pid(self, name: str) -> int:
        """Return the process id of a process, which also names the group of it and its children."""
        return self.installation.running[name].pid

    def kill(self, *names: str) -> None:
        """Kill processes and their children at once, and start them again."""
        with self._lock:
            self.installation.kill(*names)
            self.installation.start(*names)

    def restart(self, name: str) -> None:
        """Ask a process to end, wait until it has, and start it again."""
        with self._lock:
            process = self.installation.running[name]
            process.send_signal(signal.SIGTERM)
            process.wait(60)
            self.installation.start(name)

    def kill_database(self) -> None:
        """Kill PostgreSQL; its children notice that, and may take a moment to be gone."""
        parent = int((self.database.folder / "data" / "postmaster.pid").read_text().split()[0])
        children = find_children(parent)
        self.database.kill()
        wait_for(lambda: not any(map(is_alive, children)), lambda: "PostgreSQL's children stay")

    def flush_broker(self) -> None:
        """Empty Redis."""
        with Redis.from_url(self.installation.env["REDIS_URL"]) as client:
            client.flushall()

    # What is in the database ------------------------------------------------------------------------------------------
    def fetch(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.installation.env["DATABASE_URL"], connect_timeout=5) as connection:
            return connection.execute(statement, values).fetchall()  # type: ignore[call-overload]  # constants of ours

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.installation.env["DATABASE_URL"], connect_timeout=5) as connection:
            connection.execute(statement)  # type: ignore[call-overload]  # constants of ours

    def now(self) -> datetime:
        return self.fetch("SELECT now()")[0][0]

    def is_at_rest(self) -> bool:
        """Tell whether nothing is on its way; what waits for its next try need not wait any longer."""
        self.execute(
            "UPDATE gateway_recipient SET next_attempt_at = now() WHERE state = 'deferred' AND next_attempt_at > now()"
        )
        return self.fetch(_OPEN)[0][0] == 0

    def units(self, since: datetime) -> tuple[Unit, ...]:
        """Return all that was accepted since."""
        rows = self.fetch(_UNITS, since)
        keys = [row[5] for row in rows]
        attempts, events = defaultdict(list), defaultdict(list)
        for key, number, result, code, reply, is_ambiguous in self.fetch(_ATTEMPTS, keys):
            found = Attempt(number=number, result=result, code=code, reply=reply, is_ambiguous=is_ambiguous)
            attempts[key].append(found)
        for key, sequence, kind, account_id, category in self.fetch(_EVENTS, keys):
            events[key].append(Told(sequence=sequence, type=kind, account_id=account_id, category=category))
        return tuple([_unit(row, attempts[row[5]], events[row[5]]) for row in rows])

    def books(self) -> Books:
        """Return all that was ever counted."""
        usage = self.fetch(_USAGE)
        counted = self.fetch("SELECT account_id, to_jsonb(s) FROM tracking_hourlystatistic s WHERE tag = ''")
        statistics: dict[tuple[int, str], int] = defaultdict(int)
        for account_id, row in counted:
            for column, number in row.items():
                if isinstance(number, int) and not column.endswith("_id"):
                    statistics[account_id, column] += number
        return Books(usage={account_id: int(used) for account_id, used in usage}, statistics=dict(statistics))

    # What the receiver saw --------------------------------------------------------------------------------------------
    @property
    def journal(self) -> Path:
        return self.installation.data / "sink.jsonl"

    def arrivals(self, offset: int) -> tuple[Arrival, ...]:
        """Return what the receiver wrote down beyond an offset of its journal."""
        with self.journal.open("rb") as lines:
            lines.seek(offset)
            return tuple([arrival for line in lines for arrival in _read_arrivals(json.loads(line))])


def _unit(row: tuple[Any, ...], attempts: list[Attempt], events: list[Told]) -> Unit:
    message_id, account_id, public_id, accepted_at, subject, _, email, state, sequence, next_attempt_at = row
    milliseconds = int(accepted_at.timestamp() * 1000)
    numbers = f"{message_id >> 32}_{message_id >> 16 & 0xFFFF}_{message_id & 0xFFFF}"
    return Unit(
        token=subject.removeprefix("Hello "),
        account_id=account_id,
        names=frozenset({str(public_id), f"{milliseconds}_{numbers}.localhost-inbound"}),
        recipient=email,
        state=state,
        sequence=sequence,
        next_attempt_at=next_attempt_at,
        attempts=tuple(attempts),
        events=tuple(events),
    )


def _read_arrivals(entry: dict[str, Any]) -> Iterator[Arrival]:
    is_whole = entry["stage"] == "dot"
    for recipient, reply in entry["rcpt_to"]:
        is_wanted = reply.startswith("2")
        said = entry["reply"] if is_whole and is_wanted else reply if not is_wanted else ""
        is_taken = is_whole and is_wanted and said.startswith("2")
        yield Arrival(token=entry["token"], recipient=recipient, reply=said, is_taken=is_taken)


def find_children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def state_of(pid: int) -> str:
    """Return the letter of a process's state, as proc(5) has it; empty when there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def is_alive(pid: int) -> bool:
    return state_of(pid) not in {"", "Z", "X"}


@contextmanager
def made() -> Iterator[World]:
    """Make a world, and take it down at the end."""
    database, address = postgres.start_postgres()
    try:
        broker, redis_at = redis.start_redis()
        try:
            with tempfile.TemporaryDirectory(prefix="gatepost-faults-") as folder:
                data = Path(folder)
                orders = data / "orders"
                orders.mkdir()
                own = {ORDERS: str(orders), "PYTHONPATH": str(_ROOT)}
                settings = production_settings(data, address.make_database("faults").url, f"{redis_at.url}/0")
                with install(data / "data", **settings, **own) as installation:
                    world = World(installation, database, broker, orders)
                    with _populated(world):
                        yield world
        finally:
            broker.stop()
    finally:
        database.stop()


@contextmanager
def _populated(world: World) -> Iterator[None]:
    """Make the tenants, and start everything at once."""
    installation = world.installation
    sink = Endpoint("127.0.0.1", int(installation.env["GATEPOST_MX_PORT"]))
    command = [sys.executable, "-m", "tests.faults.sink", str(sink.port), str(world.journal)]
    installation.specs["receiver"] = Spec(name="receiver", command=command, listens=(sink,))
    for name in PRODUCT:
        installation.specs[name] = Spec(name=name, command=[sys.executable, "-m", "tests.faults.process", name])
    made = installation.manage("shell", "--verbosity", "0", "--command", _MAKE_TENANTS)
    world.tenants = [_tenant(installation, given) for given in json.loads(made)]
    installation.start("receiver", *PRODUCT)
    doors = [installation.endpoint(setting) for setting in ("GATEPOST_HTTP", "GATEPOST_SMTP")]
    wait_for(lambda: all(map(is_open, doors)), lambda: f"a door does not open: {installation.log[-3000:]}")
    with _tended(world):
        yield


@contextmanager
def _tended(world: World) -> Iterator[None]:
    is_over = Event()

    def tend() -> None:
        while not is_over.wait(TEND_EVERY):
            world.tend()

    thread = Thread(target=tend, name="tend", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join(60)


def _tenant(installation: Installation, given: dict[str, Any]) -> Tenant:
    return Tenant(
        account_id=given["account"]["id"],
        sender=f"ann@{given['domain']['name']}",
        api_key=given["domain"]["api_key"],
        user=given["smtp_user"]["name"],
        password=given["smtp_user"]["password"],
        http=installation.endpoint("GATEPOST_HTTP"),
        smtp=installation.endpoint("GATEPOST_SMTP"),
    )
