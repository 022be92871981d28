"""`python -m tests.faults`: kill every process of the product again and again, and count what was lost or came twice."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import asdict
from functools import partial
from itertools import chain
from queue import Empty, SimpleQueue
from typing import Final

from tests.faults.checker import Counts, Violation
from tests.faults.experiments import EXPERIMENTS, run
from tests.faults.sitting import Verdict
from tests.faults.world import made

COLUMNS: Final = ("acked", "ambiguous", "refused", "delivered", "lost", "phantom", "duplicates", "bound")
NOTHING: Final = Counts(**dict.fromkeys(COLUMNS, 0))
Task = tuple[str, int]


def main(arguments: list[str]) -> int:
    options = _parse(arguments)
    tasks: SimpleQueue[Task] = SimpleQueue()
    for seed in range(options.first, options.first + options.seeds):
        for name in options.only:
            tasks.put((name, seed))
    progress = _Progress(tasks.qsize())
    with ThreadPoolExecutor(options.jobs) as threads:
        workers = [threads.submit(_work, tasks, progress) for _ in range(options.jobs)]
        try:
            wait(workers)
        except KeyboardInterrupt:
            sys.stderr.write("Stopping after the sittings that are under way.\n")
            while _next(tasks) is not None:
                continue
        verdicts = [verdict for worker in workers for verdict in worker.result()]
    _report(verdicts, options.only, time.monotonic() - progress.begun, as_json=options.json)
    return 1 if any(verdict.violations for verdict in verdicts) else 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, help="of each experiment (%(default)s)")
    parser.add_argument("--first", type=int, default=1, metavar="SEED", help="the first seed (%(default)s)")
    parser.add_argument("--only", type=_names, default=list(EXPERIMENTS), metavar="NAMES", help="such as W5,D1")
    parser.add_argument("--jobs", type=int, default=2, help="installations beside each other (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args(arguments)


def _names(text: str) -> list[str]:
    names = [name.strip().upper() for name in text.split(",")]
    unknown = [name for name in names if name not in EXPERIMENTS]
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: there are {', '.join(EXPERIMENTS)}")
    return names


class _Progress:
    """Says on the terminal what has been done."""

    def __init__(self, number: int) -> None:
        self.begun = time.monotonic()
        self._number = number
        self._done = 0

    def tell(self, verdict: Verdict) -> None:
        self._done += 1
        what = f"{verdict.experiment:<3} seed {verdict.seed:<3}"
        counts = "  ".join(f"{name} {number}" for name, number in asdict(verdict.counts).items())
        sys.stderr.write(f"[{self._done}/{self._number}, {time.monotonic() - self.begun:.0f} s] {what} {counts}\n")
        for violation in verdict.violations:
            sys.stderr.write(f"    {violation}\n")
        if verdict.violations:
            sys.stderr.write(f"    again: --only {verdict.experiment} --first {verdict.seed} --seeds 1\n")


def _work(tasks: SimpleQueue[Task], progress: _Progress) -> list[Verdict]:
    verdicts: list[Verdict] = []
    while (task := _next(tasks)) is not None:
        verdicts += _work_in_one_world(task, tasks, progress)
    return verdicts


def _work_in_one_world(task: Task, tasks: SimpleQueue[Task], progress: _Progress) -> list[Verdict]:
    """Do a task and those after it, until there are no more, or one could not be done."""
    verdicts: list[Verdict] = []
    try:
        with made() as world:
            for current in chain([task], iter(partial(_next, tasks), None)):
                task = current
                verdicts.append(run(world, *current))
                progress.tell(verdicts[-1])
    except Exception as error:  # noqa: BLE001 - whatever it is, the others are to be done
        verdicts.append(_failed(*task, error))
        progress.tell(verdicts[-1])
    return verdicts


def _next(tasks: SimpleQueue[Task]) -> Task | None:
    try:
        return tasks.get_nowait()
    except Empty:
        return None


def _failed(name: str, seed: int, error: Exception) -> Verdict:
    violation = Violation(invariant="I11", what=f"{type(error).__name__}: {error}")
    return Verdict(experiment=name, seed=seed, counts=NOTHING, healed=0.0, violations=(violation,))


def _report(verdicts: Sequence[Verdict], names: Iterable[str], seconds: float, *, as_json: bool) -> None:
    rows = [_row(name, [verdict for verdict in verdicts if verdict.experiment == name]) for name in names]
    if as_json:
        violations = [
            {"experiment": verdict.experiment, "seed": verdict.seed, "what": str(violation)}
            for verdict in verdicts
            for violation in verdict.violations
        ]
        sys.stdout.write(json.dumps({"experiments": rows, "violations": violations, "seconds": round(seconds)}) + "\n")
        return
    headings = list(rows[0])
    widths = [max(len(heading), *(len(str(row[heading])) for row in rows)) for heading in headings]
    for cells in (headings, *([str(row[heading]) for heading in headings] for row in rows)):
        sys.stdout.write("  ".join(cell.rjust(width) for cell, width in zip(cells, widths, strict=True)) + "\n")
    sys.stdout.write(f"{len(verdicts)} sittings in {seconds / 60:.0f} minutes\n")


def _row(name: str, verdicts: Sequence[Verdict]) -> dict[str, object]:
    sums = {column: sum(getattr(verdict.counts, column) for verdict in verdicts) for column in COLUMNS}
    return {
        "experiment": name,
        "seeds": len(verdicts),
        **sums,
        "healed": round(max((verdict.healed for verdict in verdicts), default=0.0), 1),
        "violations": sum(len(verdict.violations) for verdict in verdicts),
    }


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that nothing is left running
    sys.exit(main(sys.argv[1:]))
