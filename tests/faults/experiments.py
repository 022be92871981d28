"""The experiments, by the names that the promise gives them: what dies, when, and how many copies may arrive twice.

Where `most_duplicates` is not set, as many may as tries were under way between the final dot and the commit of its outcome,
which the checker counts by what the database itself calls ambiguous.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier, Thread
from typing import Final

from gateway.engine.connection import Deadlines
from tests.faults import halts, points
from tests.faults.journals import Answer
from tests.faults.sitting import Sitting, Verdict
from tests.faults.world import PRODUCT, World, find_children
from tests.support.installation import wait_for

LARGE: Final = (200_000, 400_000)  # octets: the body is on the wire before the dot is decided
QUIET: Final = 30  # recipients of the one message of a quiet sitting

Experiment = Callable[[Sitting], None]


def run(world: World, name: str, seed: int) -> Verdict:
    """Do an experiment with a seed; raise AssertionError where it could not be done, or where nothing heals."""
    sitting = Sitting(world, name, seed)
    EXPERIMENTS[name](sitting)
    return sitting.judge()


# Doors ----------------------------------------------------------------------------------------------------------------
def crash_door(sitting: Sitting, process: str, point: str) -> None:
    """Kill a door's process at a point: under load, or with one request alone where the seed is odd.

    Nothing of the senders dies, so nothing arrives twice; and of one request it is known what must have come of it.
    """
    sitting.most_duplicates = 0
    if sitting.seed % 2:
        client = sitting.http() if process == "web" else sitting.smtp()
        request = client.make()
        sitting.order(process, point)
        client.asks.append(client.try_once(request))
        sitting.expected[request.token] = int(point != "rows inserted")
        sitting.wait_until_dead(process)
        assert [ask.answer for ask in client.asks] == [Answer.UNSEEN]
        sitting.keep(client)
    with sitting.load():
        if not sitting.seed % 2:
            sitting.order(process, point, sitting.dice.randint(1, 20))
            sitting.wait_until_dead(process)


def crash_between_two(sitting: Sitting) -> None:
    """Kill the SMTP server when the first of two pipelined messages is stored, and the second has come."""
    sitting.most_duplicates = 0
    client = sitting.smtp(most_messages=100)
    first, second = client.make(), client.make()
    sitting.order("submission", "group taken", times=2)
    session = client.connect()
    client.begin(session, first)
    sender, recipients = client.tenant.sender, "".join(f"RCPT TO:<{each}>\r\n" for each in second.recipients)
    session.send(f".\r\nMAIL FROM:<{sender}>\r\n{recipients}DATA\r\n".encode())
    code, text = session.getreply()
    client.asks.append(client.note(first, Answer.ACKED, code=code, message_id=text.decode().split("#")[1]))
    assert [session.getreply()[0] for _ in range(len(second.recipients) + 2)][-1] == 354
    session.send(client.write(second))
    client.asks.append(client.finish(session, second))
    sitting.expected |= {first.token: 1, second.token: 0}
    sitting.wait_until_dead("submission")
    sitting.keep(client)
    with sitting.load():
        pass


def kill_process(sitting: Sitting, process: str) -> None:
    """Kill a process and its children at a random moment."""
    if process != "worker":
        sitting.most_duplicates = 0
    with sitting.load():
        sitting.wait(0.05, 1.0)
        sitting.fault()
        sitting.world.kill(process)


def kill_in_data(sitting: Sitting) -> None:
    """Kill the SMTP server while clients are in the middle of their messages: none of these may be there."""
    sitting.most_duplicates = 0
    clients = [_HalfWay(sitting) for _ in range(sitting.dice.randint(1, 5))]
    threads = [Thread(target=client.begin) for client in clients]
    with sitting.load():
        for thread in threads:
            thread.start()
        for client in clients:
            client.is_half_way.wait(60)
        sitting.fault()
        sitting.world.kill("submission")
        for client in clients:
            client.may_go_on.wait(60)
        for thread in threads:
            thread.join(60)
    sitting.keep(*(client.client for client in clients))
    sitting.expected |= {ask.token: 0 for client in clients for ask in client.client.asks}


class _HalfWay:
    """A client that stops within its message until it is told to go on."""

    def __init__(self, sitting: Sitting) -> None:
        self.client = sitting.smtp(octets=(20_000, 100_000))
        self.is_half_way = Barrier(2)
        self.may_go_on = Barrier(2)

    def begin(self) -> None:
        client, request = self.client, self.client.make()
        session = client.connect()
        client.begin(session, request)
        self.is_half_way.wait(60)
        self.may_go_on.wait(60)
        client.asks.append(client.finish(session, request))


# Senders --------------------------------------------------------------------------------------------------------------
def crash_sender(sitting: Sitting, names: tuple[str, ...], octets: tuple[int, int] = (500, 5000)) -> None:
    """Kill a sender's process at a point: under load, or with one message alone in flight where the seed is odd.

    In the latter case none of its copies has come farther than the point.
    """
    point = sitting.dice.choice(names)
    if sitting.seed % 2:
        _crash_quietly(sitting, point, octets)
        return
    with sitting.load([sitting.http(octets=octets), sitting.smtp(octets=octets), sitting.http(octets=octets)]):
        sitting.order("worker", point, sitting.dice.randint(1, 4))
        sitting.wait_until_dead("worker")


def _crash_quietly(sitting: Sitting, point: str, octets: tuple[int, int]) -> None:
    if point in {"claimed", "connected", "dot held", "dot parked", "dot noted"}:
        sitting.most_duplicates = 0
    if point == "connected":
        time.sleep(Deadlines().idle + 1)  # no connection is left that could be used again
    client = sitting.http(octets=octets, most_recipients=QUIET)
    request = next(request for request in iter(client.make, None) if request.is_taken)
    sitting.order("worker", point)
    client.offer(request, lambda _: None)
    sitting.keep(client)
    sitting.wait_until_dead("worker")


def kill_behind_dot(sitting: Sitting) -> None:
    """Kill the workers when the receiver has taken a message, and before it says so."""
    with sitting.load():
        sitting.order_sink(sitting.dice.randint(1, 40))
        sitting.wait_until_dead("sink")


def kill_child(sitting: Sitting) -> None:
    """Kill one sender at a random moment: the worker's own parent starts another."""
    with sitting.load():
        sitting.wait(0.05, 1.0)
        sitting.fault()
        os.kill(sitting.dice.choice(find_children(sitting.world.pid("worker"))), signal.SIGKILL)


def kill_sender(sitting: Sitting) -> None:
    sitting.dice.choice((kill_child, partial(kill_process, process="worker")))(sitting)


def kill_all(sitting: Sitting) -> None:
    """Kill every process of the product at once."""
    with sitting.load():
        sitting.wait(0.05, 1.0)
        sitting.fault()
        sitting.world.kill(*PRODUCT)


def pause_sender(sitting: Sitting) -> None:
    """Let a sender stand still for two leases at a point, and then go on: others have sent its mail meanwhile."""
    point = sitting.dice.choice(("claimed", "dot held", "replies read"))
    with sitting.load():
        sitting.order("worker", point, sitting.dice.randint(1, 3), signal.SIGSTOP)
        pid = sitting.wait_until_dead("worker")
        sitting.pause(pid, 2 * points.HASTE["gateway.engine.queue:LEASE"])


# What all lean on -----------------------------------------------------------------------------------------------------
def flush_redis(sitting: Sitting) -> None:
    sitting.most_duplicates = 0
    with sitting.load():
        for _ in range(sitting.dice.randint(1, 3)):
            sitting.wait(0.05, 0.5)
            sitting.fault()
            sitting.world.flush_broker()


def kill_redis(sitting: Sitting) -> None:
    """Kill Redis, which keeps nothing, and start it again, empty, some seconds later."""
    sitting.most_duplicates = 0
    with sitting.load():
        sitting.wait(0.05, 0.5)
        sitting.fault()
        sitting.world.broker.kill()
        sitting.wait(0.5, 5.0)
        sitting.world.broker.start()


def kill_database(sitting: Sitting) -> None:
    """Kill PostgreSQL, and start it again a moment later: under load, or where the seed is odd in the middle of one accept."""
    if sitting.seed % 2:
        _kill_database_in_accept(sitting, is_on_disk=sitting.seed % 4 == 3)
    with sitting.load():
        if not sitting.seed % 2:
            sitting.wait(0.05, 0.5)
            _kill_database(sitting)
    assert any(ask.answer is not Answer.ACKED for ask in sitting.asks) or sitting.seed % 2, "nobody noticed: nothing is proven"


def _kill_database(sitting: Sitting) -> None:
    sitting.fault()
    sitting.world.kill_database()
    sitting.wait(0.5, 3.0)
    sitting.world.database.start()


def _kill_database_in_accept(sitting: Sitting, *, is_on_disk: bool) -> None:
    """Kill it while the rows of one request wait to be written, or while their commit is on disk and not yet answered.

    The door survives, so that the client gets an answer; it must be the right one.
    """
    halt = halts.before_the_answer if is_on_disk else halts.before_the_rows
    client = sitting.dice.choice((sitting.http, sitting.smtp))()
    client.asks.append(client.try_once(client.make()))
    wait_for(sitting.world.is_at_rest, lambda: "the first message does not come to an end")
    request = client.make()
    with ThreadPoolExecutor(1) as threads, halt(sitting.world.installation.env["DATABASE_URL"]) as is_halted:
        trying = threads.submit(client.try_once, request)
        wait_for(is_halted, lambda: "no door writes")
        _kill_database(sitting)
    client.asks.append(trying.result())
    assert client.asks[-1].answer is (Answer.ACKED if is_on_disk else Answer.REFUSED)
    sitting.expected[request.token] = int(is_on_disk)
    sitting.keep(client)


def roll(sitting: Sitting) -> None:
    """Ask processes to end, one after the other, and start each again."""
    sitting.most_duplicates = 0
    names = sitting.dice.sample(PRODUCT, sitting.dice.randint(1, len(PRODUCT)))
    with sitting.load():
        sitting.wait(0.05, 0.5)
        sitting.fault()
        for name in names:
            sitting.world.restart(name)


EXPERIMENTS: Final[Mapping[str, Experiment]] = {
    "H": partial(kill_process, process="web"),
    "H1": partial(crash_door, process="web", point="rows inserted"),
    "H2": partial(crash_door, process="web", point="committed"),
    "H3": partial(crash_door, process="web", point="hint sent"),
    "S": partial(kill_process, process="submission"),
    "S1": kill_in_data,
    "S2": partial(crash_door, process="submission", point="rows inserted"),
    "S3": partial(crash_door, process="submission", point="committed"),
    "S4": crash_between_two,
    "W": kill_sender,
    "W1": partial(crash_sender, names=("claimed",)),
    "W2": partial(crash_sender, names=("connected",)),
    "W3": partial(crash_sender, names=("dot held", "dot noted")),
    "W4": partial(crash_sender, names=("dot parked",), octets=LARGE),
    "W5": kill_behind_dot,
    "W6": partial(crash_sender, names=("replies read", "outcomes inserted")),
    "W7": partial(crash_sender, names=("settled",)),
    "W10": pause_sender,
    "ALL": kill_all,
    "R1": flush_redis,
    "R2": kill_redis,
    "D1": kill_database,
    "G1": roll,
}
