"""What the pipeline benchmark found, as tables for people or as one JSON object."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.bench.measure import Result

_NAMES = 52  # columns of a row's name


def write(ours: Sequence[Result], theirs: Sequence[Result], why_not: str, options: argparse.Namespace) -> None:
    """Print what was found to the standard output. `why_not` says why Postfix was not measured, empty if it was."""
    results = [*ours, *theirs]
    if options.json:
        found = {
            "holds": not any(result.problems for result in results),
            "machine": describe_machine(),
            "options": {name: value for name, value in vars(options).items() if name not in {"json", "profile"}},
            "results": [result.describe() for result in results],
            "ratios": compare(ours, theirs),
            "why_not": why_not,
        }
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        sys.stdout.write("\n".join([*_lines(results, options), *_compared(ours, theirs, why_not), *_verdict(results)]) + "\n")


def compare(ours: Sequence[Result], theirs: Sequence[Result]) -> dict[str, dict[str, float]]:
    """Return by load how many times as many messages a second we delivered, and how many times as much processor they took."""
    same = [(our, their) for our in ours for their in theirs if our.load == their.load]
    return {
        our.load: {
            "delivered": our.speed.delivered / max(their.speed.delivered, 1e-9),
            "cpu": their.cpu_sum / max(our.cpu_sum, 1e-9),
        }
        for our, their in same
    }


def describe_machine() -> str:
    """Return the processor, how many of it there are, the memory, the kernel and the version of Python."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    software = f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    return f"{len(os.sched_getaffinity(0))} x {model}, {memory:.0f} GiB, {software}"


def _lines(results: Sequence[Result], options: argparse.Namespace) -> Iterator[str]:
    yield describe_machine()
    yield _describe_way(options)
    for system in dict.fromkeys(result.system for result in results):
        ours = [result for result in results if result.system == system]
        yield ""
        yield from _rates(system, ours)
        yield from _shares("CPU s per 1,000 messages", [result.cpu for result in ours], ours, 2)
        yield from _beside(ours)
        yield from _shares("most memory, MiB (PSS)", [result.memory for result in ours], ours, 0)


def _compared(ours: Sequence[Result], theirs: Sequence[Result], why_not: str) -> Iterator[str]:
    yield from ["", why_not] if why_not else []
    for load, ratio in compare(ours, theirs).items():
        yield f"{load}: {ratio['delivered']:.2f} times as many delivered a second as {theirs[0].system}, which takes"
        yield f"  {ratio['cpu']:.2f} times as much processor time for a message."


def _verdict(results: Sequence[Result]) -> Iterator[str]:
    problems = [f"{result.system}, {result.load}: {problem}" for result in results for problem in result.problems]
    if problems:
        yield from ["", "FAILED", *problems]
    elif results:
        yield from ["", "Every message was delivered once, and is signed; each of ours has its events."]


def _describe_way(options: argparse.Namespace) -> str:
    ways = {True: "over TLS", False: "without TLS"}[options.tls], {True: "tracked", False: "not tracked"}[options.tracked]
    return f"{options.messages:,} messages of 10 KB a load, AUTH {ways[0]}, {ways[1]}; {options.workers} processes that send"


def _rates(system: str, results: Sequence[Result]) -> Iterator[str]:
    heads = ("messages", "accepted/s", "delivered/s", "CPU s/1,000", "p50 ms", "p99 ms")
    yield f"{system:{_NAMES}}" + "".join(f"{head:>13}" for head in heads)
    for result in results:
        numbers = (result.messages, result.speed.accepted, result.speed.delivered)
        waits = (result.speed.p50, result.speed.p99)
        yield (
            f"  {result.title:{_NAMES - 2}}"
            + "".join(f"{number:13,.0f}" for number in numbers)
            + f"{result.cpu_sum:13.2f}"
            + "".join(f"{wait:13,.1f}" for wait in waits)
        )


def _shares(title: str, shares: Sequence[Mapping[str, float]], results: Sequence[Result], digits: int) -> Iterator[str]:
    """Yield a table with a column a load, and a row a group."""
    yield f"  {title:{_NAMES - 2}}" + "".join(f"{result.load:>13}" for result in results)
    for group in shares[0]:
        yield f"    {group:{_NAMES - 4}}" + "".join(f"{share[group]:13,.{digits}f}" for share in shares)


def _beside(results: Sequence[Result]) -> Iterator[str]:
    """Yield what else the machine did meanwhile."""
    rows = {
        "(the load)": [f"{result.cpu_load:.2f}" for result in results],
        "(the receiving server)": [f"{result.cpu_sink:.2f}" for result in results],
        "(all else on the machine)": [f"{result.cpu_others:.2f}" for result in results],
        "(of the processors: idle)": [f"{result.idle:.0%}" for result in results],
        "(of the processors: taken by the host)": [f"{result.taken:.0%}" for result in results],
    }
    for name, cells in rows.items():
        yield f"    {name:{_NAMES - 4}}" + "".join(f"{cell:>13}" for cell in cells)
