"""What groups of processes use of the machine: processor time and memory, as Linux's /proc has them.

A group is everything that descends from some processes. Children that came and went count, as their parents waited for them.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")  # of the clock that processor time is counted by, per second
LOOK = 5.0  # seconds between two looks at the memory: a look costs some hundredths of a second


@dataclass(frozen=True, slots=True, kw_only=True)
class _Process:
    parent: int
    seconds: float  # user and system, with those of the children that it has waited for


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Seconds of all processors together: used by any process, idle, and taken by the host of a virtual machine."""

    used: float = 0.0
    idle: float = 0.0
    taken: float = 0.0

    @property
    def whole(self) -> float:
        return max(self.used + self.idle + self.taken, 1 / TICKS)

    def since(self, before: Machine) -> Machine:
        return Machine(used=self.used - before.used, idle=self.idle - before.idle, taken=self.taken - before.taken)


@dataclass(slots=True)
class Usage:
    """By group: seconds of processor time, filled in at the end; and the most memory at any look, in MiB.

    Memory is the sum of the processes' proportional shares (PSS): what they share is counted once. `machine` is what became of
    the seconds of all processors meanwhile.
    """

    cpu: dict[str, float] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)
    machine: Machine = field(default_factory=Machine)


class Meter:
    """Measures groups: `roots` are by name the processes that each descends from."""

    def __init__(self, roots: Mapping[str, Sequence[int]]) -> None:
        self._roots = roots

    @contextmanager
    def measured(self) -> Iterator[Usage]:
        """Yield what will be filled with the usage until the end of the block."""
        usage = Usage()
        done = Event()
        watcher = Thread(target=self._watch, args=(usage, done), name="meter")
        machine, before = _read_machine(), self.cpu()
        watcher.start()
        try:
            yield usage
        finally:
            after = self.cpu()
            usage.machine = _read_machine().since(machine)
            done.set()
            watcher.join()
            usage.cpu |= {name: after[name] - before[name] for name in self._roots}

    def cpu(self) -> dict[str, float]:
        """Return the seconds of processor time that each group has used since it began."""
        processes = _read_processes()
        members = _descend(processes, self._roots)
        return {name: sum(processes[number].seconds for number in numbers) for name, numbers in members.items()}

    def memory(self) -> dict[str, float]:
        """Return the MiB that each group holds now."""
        members = _descend(_read_processes(), self._roots)
        return {name: sum(map(_read_share, numbers)) / 1024 for name, numbers in members.items()}

    def _watch(self, usage: Usage, done: Event) -> None:
        is_done = False
        while not is_done:
            is_done = done.wait(LOOK)
            for name, now in self.memory().items():
                usage.memory[name] = max(now, usage.memory.get(name, 0.0))


def _read_machine() -> Machine:
    """See proc_stat(5): user, nice, system, idle, iowait, irq, softirq, steal."""
    line = (PROC / "stat").read_text().partition("\n")[0]
    user, nice, system, idle, iowait, irq, softirq, steal = (int(field) / TICKS for field in line.split()[1:9])
    return Machine(used=user + nice + system + irq + softirq, idle=idle + iowait, taken=steal)


def _read_processes() -> dict[int, _Process]:
    return {int(folder.name): found for folder in PROC.iterdir() if folder.name.isdecimal() and (found := _read(folder))}


def _read(folder: Path) -> _Process | None:
    """Return a process; None if it ended meanwhile. See proc_pid_stat(5), whose fields are counted from 1, for the places."""
    try:
        fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return _Process(parent=int(fields[1]), seconds=sum(map(int, fields[11:15])) / TICKS)


def _descend(processes: Mapping[int, _Process], roots: Mapping[str, Sequence[int]]) -> dict[str, list[int]]:
    """Return by group the processes that there are now."""
    children = defaultdict(list)
    for number, process in processes.items():
        children[process.parent].append(number)
    members = {}
    for name, numbers in roots.items():
        found = [number for number in numbers if number in processes]
        for number in found:  # grows meanwhile
            found += children[number]
        members[name] = found
    return members


def _read_share(number: int) -> int:
    """Return the KiB that a process holds, a page that is shared by n processes as a page / n; 0 if it ended meanwhile."""
    try:
        lines = (PROC / str(number) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
