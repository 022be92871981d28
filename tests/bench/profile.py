"""Profiles of a load by py-spy: where the product's processes spend their time. Do not trust the load's figures then."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.bench.surroundings import say

GROUPS: Final = ("submission", "web", "worker")
_PROGRAM: Final = "py-spy"


def find_program() -> str | None:
    """Return where py-spy is: beside this Python, or on the path."""
    beside = Path(sys.executable).with_name(_PROGRAM)
    return str(beside) if beside.exists() else shutil.which(_PROGRAM)


@contextmanager
def recorded(folder: Path | None, name: str, groups: Mapping[str, Sequence[int]]) -> Iterator[None]:
    """Record until the end of the block: for each group a file <name>-<group>.txt in `folder`.

    It has stacks and how often each was seen, as flamegraph.pl and speedscope.app read them. Without a folder nothing is done.
    """
    program = find_program()
    if folder is None:
        yield
        return
    if program is None:
        say(f"Nothing is profiled: {_PROGRAM} is missing. Install it: {sys.executable} -m pip install {_PROGRAM}")
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    recorders = [
        _record(program, number, folder / f"{name}-{group}.txt") for group in GROUPS for number in groups.get(group, ())
    ]
    try:
        yield
    finally:
        for recorder in recorders:
            recorder.send_signal(signal.SIGINT)  # it writes what it has
        for recorder in recorders:
            recorder.wait()


def _record(program: str, number: int, path: Path) -> subprocess.Popen[bytes]:
    options = ["--subprocesses", "--nonblocking", "--rate", "200", "--format", "raw", "--output", str(path)]
    return subprocess.Popen(
        [program, "record", "--pid", str(number), *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
