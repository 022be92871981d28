"""The process tree: started together, restarted one by one, stopped together."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator

import pytest
from django.core.management import CommandError

from gateway.base.environment import Endpoint
from gateway.management.processes import RESTARTS, ProcessTree, Spec
from tests.support.installation import is_open, wait_for
from tests.support.services import free_port

LISTEN = "import socket, sys; s = socket.create_server(('127.0.0.1', int(sys.argv[1])))\nwhile True: s.accept()"

STUBBORN = """
import os, signal, socket, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
os.fork()
time.sleep(60)
"""


@pytest.fixture
def spec() -> Spec:
    port = free_port()
    return Spec(name="listener", command=[sys.executable, "-c", LISTEN, str(port)], listens=(Endpoint("127.0.0.1", port),))


@pytest.fixture
def tree(spec: Spec) -> Iterator[ProcessTree]:
    made = ProcessTree([spec])
    yield made
    made.stop()


def pid_of(tree: ProcessTree) -> int:
    return tree._running["listener"].process.pid


def test_it_works(tree: ProcessTree, spec: Spec) -> None:
    tree.start()
    assert is_open(spec.listens[0])
    tree.stop()
    assert not is_open(spec.listens[0])


def test_who_does_not_stop_in_time_is_ended_with_its_children() -> None:
    port = free_port()
    where = Endpoint("127.0.0.1", port)
    tree = ProcessTree([Spec(name="stubborn", command=[sys.executable, "-c", STUBBORN, str(port)], listens=(where,))])
    tree.start()
    tree.stop(within=0.2)
    wait_for(lambda: not is_open(where), lambda: "the child still listens")


def test_what_died_is_started_again(tree: ProcessTree) -> None:
    tree.start()
    first = pid_of(tree)
    end(tree)
    tree.tend()
    assert pid_of(tree) != first


def test_what_dies_again_and_again_ends_it(tree: ProcessTree) -> None:
    tree.start()
    for _ in range(RESTARTS - 1):
        end(tree)
        tree.tend()
    end(tree)
    with pytest.raises(CommandError, match="died 5 times"):
        tree.tend()


def test_a_process_that_cannot_start_is_named() -> None:
    broken = Spec(
        name="web", command=[sys.executable, "-c", "raise SystemExit(3)"], listens=(Endpoint("127.0.0.1", free_port()),)
    )
    tree = ProcessTree([broken])
    with pytest.raises(CommandError, match="web ended with code 3"):
        tree.start()
    tree.stop()


def end(tree: ProcessTree) -> None:
    process = tree._running["listener"].process
    os.kill(process.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
