"""Where a process can be made to die, by name. The product has no hooks for this: its functions are wrapped from here.

An order is a file in the folder that CRASH_ORDERS names, called like the process, with `point:n:signal` in it: the n-th time
that the point is reached, that signal goes to the process itself. An order is carried out once, by whichever child is there
first, which leaves it behind under a name with its own process id: the proof that it was there.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, Final

ORDERS: Final = "CRASH_ORDERS"
BEFORE, AFTER = "before", "after"

# What an installation of the tests does sooner than a real one, so that a sitting takes seconds. In seconds each.
HASTE: Final[Mapping[str, float]] = {
    "gateway.engine.queue:LEASE": 3,
    "gateway.engine.drain:RECLAIM_EVERY": 1.0,
    "gateway.base.wake:ALIVE": 4,
    "gateway.base.wake:PENDING": 5,
}
SWEEP: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The beginning or the end of a call. With `of_something` only calls count that return something, or are given it."""

    where: str  # module:name, or module:class.name
    moment: str
    of_something: bool = False


POINTS: Final[Mapping[str, Point]] = {
    # A door's process
    "rows inserted": Point(where="gateway.engine.accept:_accept_all", moment=AFTER),  # the commit comes next
    "committed": Point(where="gateway.base.wake:wake_sender", moment=BEFORE),
    "group taken": Point(where="gateway.engine.intake:accept", moment=BEFORE),
    "hint sent": Point(where="gateway.engine.intake:accept", moment=AFTER),  # the reply comes next
    # A sender's process
    "claimed": Point(where="gateway.engine.queue:claim", moment=AFTER, of_something=True),
    "connected": Point(where="gateway.engine.connection:Connection.connection_made", moment=AFTER),
    "dot held": Point(where="gateway.engine.connection:Connection._hold_dot", moment=BEFORE),
    "dot parked": Point(where="gateway.engine.queue:note_data_sent", moment=BEFORE),  # a large body is on the wire
    "dot noted": Point(where="gateway.engine.connection:Connection.send_dot", moment=BEFORE),
    "replies read": Point(where="gateway.engine.queue:settle", moment=BEFORE),
    "outcomes inserted": Point(where="tracking.events:record", moment=AFTER),  # the commit comes next
    "settled": Point(where="gateway.engine.queue:settle", moment=AFTER),
}

Call = Callable[..., Any]


def install(process: str) -> None:
    """Wrap every point, to look for orders to this process; needs Django to be set up."""
    order = Path(os.environ[ORDERS]) / process
    seen: Counter[tuple[str, int]] = Counter()
    for name, point in POINTS.items():
        owner, attribute = find(point.where)
        setattr(owner, attribute, _wrap(getattr(owner, attribute), name, point, order, seen))


def hasten() -> None:
    """Shorten what a sitting would wait for."""
    for where, seconds in HASTE.items():
        owner, attribute = find(where)
        setattr(owner, attribute, seconds)


def find(where: str) -> tuple[Any, str]:
    """Return what owns a name, and the name there; raise AttributeError where it is not."""
    module, _, path = where.partition(":")
    *outer, attribute = path.split(".")
    owner = resolve_name(":".join([module, ".".join(outer)]).rstrip(":"))
    getattr(owner, attribute)
    return owner, attribute


def _wrap(call: Call, name: str, point: Point, order: Path, seen: Counter[tuple[str, int]]) -> Call:
    @wraps(call)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if point.moment == BEFORE:
            _reach(name, order, seen)
            return call(*args, **kwargs)
        result = call(*args, **kwargs)
        if result or not point.of_something:
            _reach(name, order, seen)
        return result

    return wrapped


def _reach(name: str, order: Path, seen: Counter[tuple[str, int]]) -> None:
    try:
        given = order.stat().st_mtime_ns
        point, times, number = order.read_text().split(":")
    except FileNotFoundError:
        return
    if point != name:
        return
    seen[point, given] += 1
    if seen[point, given] == int(times):
        carry_out(order, os.getpid(), int(number))


def carry_out(order: Path, pid: int, number: int) -> bool:
    """Send the signal of an order, unless somebody else was faster."""
    try:
        order.rename(order.with_name(f"{order.name}.{pid}"))
    except FileNotFoundError:
        return False
    os.kill(pid, number)
    return True
