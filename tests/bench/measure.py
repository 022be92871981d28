"""One load through one system: warm up, send, wait until all has arrived and settled, and count."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from tests.bench import ledger, loads, profile
from tests.bench.arrivals import Arrivals
from tests.bench.load.order import Order
from tests.bench.loads import Load, Sent
from tests.bench.meter import Meter
from tests.bench.surroundings import say

SINK = "receiving server"


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How much is sent: `messages` of each load, after a `warm_up` and a `pause` in seconds; where `profiles` go, if wanted."""

    messages: int
    warm_up: int
    pause: float
    profiles: Path | None = None


class Target(Protocol):
    """What is measured. `groups` are its processes as Meter takes them; it puts so many `signatures` on a message."""

    name: str
    groups: Mapping[str, Sequence[int]]
    signatures: int

    def door(self, load: Load) -> Mapping[str, object]:
        """Return the fields of an Order that say where and as whom to submit."""

    def settle(self) -> None:
        """Wait until nothing is under way any more."""

    def count(self) -> ledger.Counts:
        """Return how many of each thing there are that each delivered message should have one of."""

    def records(self) -> Mapping[str, str]:
        """Return the TXT records of DKIM, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """Messages a second as the client and the receiving server saw them, and how long they took, in milliseconds.

    `delivered` is from the first to the last arrival. Waits are from the client's 250 (or 200) to the final dot at the
    receiving server; those `from_sent`, from when the client had the message on its way.
    """

    accepted: float
    delivered: float
    p50: float
    p99: float
    p50_from_sent: float
    p99_from_sent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a load came to. Seconds of processor time are per 1,000 messages, by group; memory is in MiB.

    `cpu_others` is what all else on the machine used; `idle` and `taken` are the shares of its processors, from 0 to 1, that
    nobody used and that its host took away. They show where others disturbed a run. `problems` are sentences: with any, the
    load failed.
    """

    system: str
    load: str
    title: str
    messages: int
    speed: Speed
    cpu: Mapping[str, float]
    cpu_load: float
    cpu_sink: float
    cpu_others: float
    idle: float
    taken: float
    memory: Mapping[str, float]
    problems: Sequence[str]

    @property
    def cpu_sum(self) -> float:
        return sum(self.cpu.values())

    def describe(self) -> dict[str, object]:
        """Return everything as one JSON object has it."""
        return asdict(self) | {"cpu_sum": self.cpu_sum, "memory_sum": sum(self.memory.values())}


def measure(target: Target, name: str, arrivals: Arrivals, extent: Extent) -> Result:
    """Send messages that do not count, and then the load."""
    load = loads.LOADS[name]
    say(f"{target.name}: {load.title} ...")
    _pass(target, load.order(target.door(load), extent.warm_up), arrivals)
    arrivals.forget()
    before = target.count()
    order = load.order(target.door(load), extent.messages)
    time.sleep(extent.pause)
    with (
        profile.recorded(extent.profiles, f"{target.name}-{name}", target.groups),
        Meter({**target.groups, SINK: [arrivals.process]}).measured() as usage,
    ):
        sent = _pass(target, order, arrivals)
    problems = [
        *sorted({f"The client: {failure}" for failure in sent.failures})[:5],
        *ledger.check_letters([*sent.accepted], arrivals.of(order.run)),
        *ledger.compare(before, target.count(), order.count),
        *ledger.check_signatures(arrivals.messages(order.run), target.records(), target.signatures),
    ]
    per = 1000 / order.count
    result = Result(
        system=target.name,
        load=name,
        title=load.title,
        messages=order.count,
        speed=_time(sent, arrivals.of(order.run)),
        cpu={group: usage.cpu[group] * per for group in target.groups},
        cpu_load=sent.cpu * per,
        cpu_sink=usage.cpu[SINK] * per,
        cpu_others=max(0.0, usage.machine.used - sum(usage.cpu.values()) - sent.cpu) * per,
        idle=usage.machine.idle / usage.machine.whole,
        taken=usage.machine.taken / usage.machine.whole,
        memory={group: usage.memory[group] for group in target.groups},
        problems=problems,
    )
    speed = result.speed
    say(f"  {speed.accepted:,.0f}/s accepted, {speed.delivered:,.0f}/s delivered, {result.cpu_sum:.2f} CPU s per 1,000")
    for problem in problems:
        say(f"  FAILED: {problem}")
    return result


def _pass(target: Target, order: Order, arrivals: Arrivals) -> Sent:
    sent = loads.send(order)
    arrivals.wait(order.run, len(sent.accepted))
    target.settle()
    return sent


def _time(sent: Sent, arrived: Mapping[str, Sequence[float]]) -> Speed:
    firsts = [times[0] for times in arrived.values()]
    known = [(*sent.accepted[token], times[0]) for token, times in arrived.items() if token in sent.accepted]
    waits = sorted(max(0.0, end - at) * 1000 for _, at, end in known)
    from_sent = sorted((end - at) * 1000 for at, _, end in known)
    return Speed(
        accepted=_rate([begun for begun, _ in sent.accepted.values()], [at for _, at in sent.accepted.values()]),
        delivered=_rate(firsts, firsts),
        p50=_percentile(waits, 0.5),
        p99=_percentile(waits, 0.99),
        p50_from_sent=_percentile(from_sent, 0.5),
        p99_from_sent=_percentile(from_sent, 0.99),
    )


def _rate(begins: Sequence[float], ends: Sequence[float]) -> float:
    """Return how many there were a second, from the first beginning to the last end; 0 of none."""
    return len(ends) / max(max(ends) - min(begins), 1e-9) if ends else 0.0


def _percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest of the sorted values that so great a share is not above; 0 of none."""
    return values[min(len(values) - 1, int(len(values) * share))] if values else 0.0
