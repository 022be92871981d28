"""Servers that the tests start for themselves, on free ports, in folders that go with them.

Nothing here ever talks to a server that was there before. Every server has a keeper (keeper.py), so that none is left behind.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

KEEPER = Path(__file__).with_name("keeper.py")
Started = TypeVar("Started")
START = 60.0  # seconds that a server has to answer
WHICH = "GATEPOST_TEST_SERVERS"  # installed: only this machine's own; packaged: only those from PyPI; empty: the first there is


class CannotStart(Exception):
    """A server that the tests need does not start; says which, why, and what to do."""


class PortTaken(CannotStart):
    """Somebody was faster to take the port that was free a moment ago."""


def choose(name: str, installed: Callable[[], Path | None], packaged: Callable[[], Path | None]) -> Path:
    """Return where the programs of a server are, or raise CannotStart."""
    ways = {"installed": (installed,), "packaged": (packaged,), "": (installed, packaged)}
    wanted = os.environ.get(WHICH, "")
    if wanted not in ways:
        raise CannotStart(f"{WHICH} is {wanted!r}; it must be 'installed', 'packaged' or empty.")
    for find in ways[wanted]:
        if found := find():
            return found
    raise CannotStart(f"The tests need {name} ({wanted or 'installed or packaged'}): install it, or run `make setup`.")


def package_folder(name: str) -> Path | None:
    """Return the folder of an installed Python package, without importing it."""
    spec = find_spec(name)
    return Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else None


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_folder(name: str) -> Path:
    """Make a temporary folder that other users may pass through."""
    folder = Path(tempfile.mkdtemp(prefix=f"gatepost-test-{name}-"))
    folder.chmod(0o755)
    return folder


def start_on_free_port(name: str, start: Callable[[Path, int], Started]) -> Started:
    """Return what `start` makes of a new folder and a free port; another port is tried where that one was taken."""
    for _ in range(5):
        folder = make_folder(name)
        try:
            return start(folder, free_port())
        except PortTaken:
            continue
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    raise CannotStart(f"{name} finds no free port.")


@dataclass(slots=True, kw_only=True)
class Server:
    """A server in a folder of its own. `identity` holds what subprocess.Popen is told of the user to run as."""

    name: str
    folder: Path
    command: list[str]
    is_ready: Callable[[], bool]
    identity: dict[str, Any] = field(default_factory=dict)
    stop_signal: int = signal.SIGTERM
    _keeper: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start, or start again after `kill`, and wait until it answers; raise CannotStart."""
        order = {
            "command": self.command,
            "folder": str(self.folder),
            "identity": self.identity,
            "stop_signal": int(self.stop_signal),
        }
        command = [sys.executable, "-I", "-S", str(KEEPER), json.dumps(order)]
        self._keeper = subprocess.Popen(command, stdin=subprocess.PIPE, text=True, start_new_session=True, cwd="/")
        deadline = time.monotonic() + START
        while not self.is_ready():
            if self._keeper.poll() is not None or time.monotonic() > deadline:
                said = self.read_log()[-2000:]
                self.stop()
                why = PortTaken if "Address already in use" in said else CannotStart
                raise why(f"{self.name} does not start ({self.command[0]}). It said:\n{said}")
            time.sleep(0.02)

    def kill(self, number: int = signal.SIGKILL) -> None:
        """End the server by a signal and keep its folder, for a later `start`."""
        keeper = self._running()
        assert keeper.stdin is not None
        keeper.stdin.write(f"{number}\n")
        keeper.stdin.flush()
        keeper.wait(START)
        keeper.stdin.close()

    def stop(self) -> None:
        """Stop the server and remove its folder."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None and keeper.stdin is not None:
            keeper.stdin.close()
            keeper.wait(START)
        shutil.rmtree(self.folder, ignore_errors=True)

    def read_log(self) -> str:
        """Return what the server has written so far."""
        log = self.folder / "log"
        return log.read_text(errors="replace") if log.exists() else ""

    def _running(self) -> subprocess.Popen[str]:
        assert self._keeper is not None, f"{self.name} was not started"
        return self._keeper
