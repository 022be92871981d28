"""The receiving server of a benchmark as a process, and what it noted: which letter came when, how often, and some in full."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from gateway.base.environment import Endpoint
from tests.bench.surroundings import ROOT
from tests.support.installation import is_open, wait_for

LOOK = 0.1  # seconds between two looks at the journal
PATIENCE = 60.0  # seconds without an arrival after which no more is awaited


@dataclass(slots=True)
class Arrivals:
    """What has arrived: by token the seconds of the monotonic clock, once for each time that the letter came.

    A token that ends in a question mark came with another letter's content.
    """

    process: int
    kept: Path
    _journal: Path
    _times: dict[str, list[float]] = field(default_factory=dict)
    _place: int = 0  # bytes of the journal that were read

    def of(self, run: str) -> Mapping[str, Sequence[float]]:
        """Return what has come of a load so far."""
        self._read()
        return {token: times for token, times in self._times.items() if token.startswith(f"{run}-")}

    def wait(self, run: str, count: int) -> bool:
        """Wait until so many letters of a load have come; return whether they have, once nothing comes any more."""
        seen, patient_until = 0, time.monotonic() + PATIENCE
        while (now := len(self.of(run))) < count:
            if now > seen:
                seen, patient_until = now, time.monotonic() + PATIENCE
            if time.monotonic() > patient_until:
                return False
            time.sleep(LOOK)
        return True

    def messages(self, run: str) -> list[bytes]:
        """Return the letters of a load that were kept in full."""
        return [path.read_bytes() for path in sorted(self.kept.glob(f"{run}-*.eml"))]

    def forget(self) -> None:
        """Forget what has come so far."""
        self._read()
        self._times.clear()

    def _read(self) -> None:
        with self._journal.open("rb") as lines:
            lines.seek(self._place)
            found = lines.read()
        whole = found[: found.rfind(b"\n") + 1]
        self._place += len(whole)
        for line in whole.decode().splitlines():
            token, _, at = line.partition(" ")
            self._times.setdefault(token, []).append(float(at))


@contextmanager
def receiving(endpoint: Endpoint, data: Path, *, keep: int) -> Iterator[Arrivals]:
    """Run the server of load/sink.py in folder `data`; every `keep`-th message is kept in full."""
    journal, kept = data / "arrivals", data / "kept"
    journal.touch()
    kept.mkdir()
    command = [sys.executable, "-m", "tests.bench.load.sink", str(endpoint.port), str(journal), str(kept), str(keep)]
    with subprocess.Popen(command, cwd=ROOT) as process:
        try:
            wait_for(partial(is_open, endpoint), lambda: "The receiving server does not listen.")
            yield Arrivals(process=process.pid, kept=kept, _journal=journal)
        finally:
            process.terminate()
