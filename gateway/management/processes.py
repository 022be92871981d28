"""Runs the processes of one installation as a tree: starts them, waits until they listen, restarts them, stops them cleanly."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import IO

from django.core.management import CommandError

from gateway.base.environment import Endpoint

START_WITHIN = 60.0  # seconds until everything listens
STOP_WITHIN = 45.0  # seconds that a process has to finish what it has in hand; a worker's slice and its drain's end take 40
RESTARTS = 5  # of one process within RESTART_WINDOW seconds; after that the tree stops
RESTART_WINDOW = 60.0
_PR_SET_PDEATHSIG = 1  # prctl(2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """A process to run, where it listens once it is ready, and whatever else tells that it is."""

    name: str
    command: Sequence[str]
    listens: tuple[Endpoint, ...] = ()
    is_ready: Callable[[], bool] | None = None


@dataclass(slots=True)
class _Running:
    spec: Spec
    process: subprocess.Popen[bytes]
    starts: list[float] = field(default_factory=list)


class ProcessTree:
    """A set of processes that start, live and stop together."""

    def __init__(self, specs: Iterable[Spec], *, output: IO[bytes] | None = None, env: Mapping[str, str] | None = None) -> None:
        self._specs = list(specs)
        self._output = output
        self._env = {**os.environ, **(env or {})}
        self._running: dict[str, _Running] = {}

    def start(self) -> None:
        """Start all processes and wait until they listen; raise CommandError when one of them cannot."""
        for spec in self._specs:
            self._running[spec.name] = _Running(spec, self._spawn(spec), [time.monotonic()])
        deadline = time.monotonic() + START_WITHIN
        for spec in self._specs:
            for endpoint in spec.listens:
                self._wait_for(spec, partial(_listens, endpoint), deadline)
            if spec.is_ready is not None:
                self._wait_for(spec, spec.is_ready, deadline)

    def tend(self) -> None:
        """Start again what died; raise CommandError when one dies again and again."""
        for running in self._running.values():
            if running.process.poll() is None:
                continue
            recent = [start for start in running.starts if start > time.monotonic() - RESTART_WINDOW]
            if len(recent) >= RESTARTS:
                raise CommandError(f"{running.spec.name} died {len(recent)} times in a minute; see its messages above.")
            sys.stderr.write(f"{running.spec.name} ended with code {running.process.returncode}; starting it again.\n")
            running.process = self._spawn(running.spec)
            running.starts = [*recent, time.monotonic()]

    def stop(self, *, within: float = STOP_WITHIN) -> None:
        """Ask the processes to end, and end those by force, with their children, that do not `within` so many seconds."""
        for running in self._running.values():
            if running.process.poll() is None:
                running.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + within
        for running in self._running.values():
            try:
                running.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(running.process.pid, signal.SIGKILL)
                running.process.wait()
        self._running.clear()

    def _spawn(self, spec: Spec) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - commands of our own
            spec.command,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            env=self._env,
            start_new_session=True,  # Ctrl-C is for the parent, which then stops its children in order, each with its own
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - no threads run yet
        )

    def _wait_for(self, spec: Spec, is_so: Callable[[], bool], deadline: float) -> None:
        while not is_so():
            code = self._running[spec.name].process.poll()
            if code is not None:
                raise CommandError(f"{spec.name} ended with code {code} before it was ready; see its messages.")
            if time.monotonic() > deadline:
                raise CommandError(f"{spec.name} is not ready after {START_WITHIN:.0f} s; see its messages.")
            time.sleep(0.05)


def _listens(endpoint: Endpoint) -> bool:
    try:
        socket.create_connection(endpoint, timeout=1).close()
    except OSError:
        return False
    return True


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
