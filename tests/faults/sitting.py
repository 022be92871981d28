"""One experiment with one seed: a load, a fault in it, the time until all is well again, and what the journals say then."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from threading import Event
from typing import Final

from tests.faults.checker import Counts, Violation, check, count
from tests.faults.clients import Client, HTTPClient, SMTPClient
from tests.faults.journals import Answer, Ask, Books, Journals
from tests.faults.world import World, is_alive, state_of
from tests.support.installation import wait_for

HEALING: Final = 60.0  # seconds that it may take until all is well again


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of a sitting."""

    experiment: str
    seed: int
    counts: Counts
    healed: float  # seconds from the fault until nothing was on its way any more
    violations: tuple[Violation, ...]


@dataclass(slots=True)
class Sitting:
    """What an experiment works with. It sets `most_duplicates` where it knows how many there can be.

    `expected` holds how many messages a token must have made, where that follows from the point of the crash.
    """

    world: World
    experiment: str
    seed: int
    most_duplicates: int | None = None
    expected: dict[str, int] = field(default_factory=dict)
    dice: Random = field(init=False)
    asks: list[Ask] = field(default_factory=list)
    _fault_at: float = field(default_factory=time.monotonic)
    _since: datetime = field(init=False)
    _offset: int = field(init=False)
    _before: Books = field(init=False)
    _clients: int = 0

    def __post_init__(self) -> None:
        self.dice = Random(f"{self.experiment} {self.seed}")
        for order in self.world.orders.iterdir():
            order.unlink()
        self._since, self._before = self.world.now(), self.world.books()
        self._offset = self.world.journal.stat().st_size

    # Load -------------------------------------------------------------------------------------------------------------
    def http(self, *, octets: tuple[int, int] = (500, 5000), most_recipients: int = 3) -> HTTPClient:
        tenant = self.dice.choice(self.world.tenants)
        return HTTPClient(tenant, self._name("h"), Random(self.dice.random()), octets, most_recipients)

    def smtp(self, *, octets: tuple[int, int] = (500, 5000), most_messages: int | None = None) -> SMTPClient:
        tenant = self.dice.choice(self.world.tenants)
        most = most_messages or self.dice.choice((1, 5, 100))
        return SMTPClient(tenant, self._name("s"), Random(self.dice.random()), octets, most_messages=most)

    def _name(self, kind: str) -> str:
        self._clients += 1
        return f"{self.experiment.lower()}-{self.seed}-{kind}{self._clients}"

    def mixed(self) -> list[Client]:
        """Return two to four clients, at both doors."""
        more = [self.dice.choice((self.http, self.smtp)) for _ in range(self.dice.randint(0, 2))]
        return [make() for make in (self.http, self.smtp, *more)]

    @contextmanager
    def load(self, clients: list[Client] | None = None) -> Iterator[None]:
        """Let clients hand mail in, from a moment before until a moment after what is done inside."""
        chosen = self.mixed() if clients is None else clients
        is_over = Event()
        with ThreadPoolExecutor(len(chosen)) as threads:
            offers = [threads.submit(client.offer_until, is_over) for client in chosen]
            try:
                wait_for(lambda: all(_has_acked(client) for client in chosen), lambda: f"no door opens: {self._log}")
                yield
                after = [len(client.asks) for client in chosen]
                wait_for(
                    lambda: all(_has_acked(client, number) for client, number in zip(chosen, after, strict=True)),
                    lambda: f"a door does not find back: {self._log}",
                )
            finally:
                is_over.set()
            for offer in offers:
                offer.result()
        self.keep(*chosen)

    def keep(self, *clients: Client) -> None:
        """Part clients from their servers, and take their journals in."""
        for client in clients:
            client.close()
            self.asks += client.asks

    def wait(self, least: float, most: float) -> None:
        """Wait for a time that the seed chooses."""
        time.sleep(self.dice.uniform(least, most))

    # Faults -----------------------------------------------------------------------------------------------------------
    def fault(self) -> None:
        """Say that the fault happens now."""
        self._fault_at = time.monotonic()

    def order(self, process: str, point: str, times: int = 1, number: int = signal.SIGKILL) -> None:
        """Have a process (or one of its children) send itself a signal when it reaches a point for the n-th time."""
        order = self.world.orders / process
        written = order.with_name(f"{process}-written")
        written.write_text(f"{point}:{times}:{int(number)}")
        written.rename(order)

    def order_sink(self, times: int) -> None:
        """Have the receiver kill the workers at the n-th final dot, before it answers."""
        self.order("sink", "dot", times, self.world.pid("worker"))

    def wait_until_dead(self, process: str) -> int:
        """Wait until an order was carried out; return the id of the process, which is proven to be dead, or to stand still."""
        orders = self.world.orders
        wait_for(lambda: any(orders.glob(f"{process}.*")), lambda: f"{process} does not come to the point: {self._log}")
        self.fault()
        (done,) = orders.glob(f"{process}.*")
        pid = int(done.suffix[1:])
        wait_for(lambda: not is_alive(pid) or state_of(pid) == "T", lambda: f"{process} {pid} lives: {state_of(pid)}")
        return pid

    def pause(self, pid: int, seconds: float) -> None:
        """Let a process that stands still do so for a while, and then go on."""
        assert state_of(pid) == "T"
        time.sleep(seconds)
        os.kill(pid, signal.SIGCONT)

    # The end ----------------------------------------------------------------------------------------------------------
    def judge(self) -> Verdict:
        """Wait until all is well again, and compare the journals."""
        wait_for(self.world.is_at_rest, self._explain, seconds=HEALING)
        healed = time.monotonic() - self._fault_at
        journals = self._read()
        return Verdict(
            experiment=self.experiment,
            seed=self.seed,
            counts=count(journals),
            healed=healed,
            violations=(*check(journals, most_duplicates=self.most_duplicates), *self._find_unexpected(journals)),
        )

    def _find_unexpected(self, journals: Journals) -> Iterator[Violation]:
        for token, number in self.expected.items():
            made = len({unit.names for unit in journals.units if unit.token == token})
            if made != number:
                yield Violation(invariant="I1" if made < number else "I2", what=f"{token} made {made} messages, not {number}")

    def _read(self) -> Journals:
        world, before, after = self.world, self._before, self.world.books()
        return Journals(
            asks=tuple(self.asks),
            arrivals=world.arrivals(self._offset),
            units=world.units(self._since),
            books=Books(
                usage={key: used - before.usage.get(key, 0) for key, used in after.usage.items()},
                statistics={key: number - before.statistics.get(key, 0) for key, number in after.statistics.items()},
            ),
            read_at=world.now(),
        )

    def _explain(self) -> str:
        open_units = [unit for unit in self.world.units(self._since) if unit.state not in {"delivered", "bounced"}]
        return f"{len(open_units)} are on their way after {HEALING:.0f} s: {open_units[:3]} {self._log}"

    @property
    def _log(self) -> str:
        return self.world.installation.log[-3000:]


def _has_acked(client: Client, after: int = 0) -> bool:
    return any(ask.answer is Answer.ACKED for ask in client.asks[after:])
