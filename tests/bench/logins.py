"""Whether the time of a refused login tells that there is a user of that name: unknown names beside wrong secrets (T20)."""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import accumulate
from typing import Final

from domains import credentials
from gateway.base.errors import BadCredentials
from gateway.listeners.submission import log_in_evenly
from tests.bench.surroundings import Surroundings, say
from tests.support.cast import make_tenant

SIDE_BY_SIDE: Final = 20  # logins at a time
LEAST: Final = 0.01  # p of the two-sided test; below it the two differ by more than chance
KINDS: Final = {"looked up": True, "from memory": False}  # whether what is remembered for four seconds is forgotten before each


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--samples", type=int, default=2_000, help="of each kind (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the order in which they come (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace, _: Surroundings) -> bool:
    """Time refused logins and compare the two distributions."""
    name = make_tenant("acme").smtp_user.name
    found = {}
    for kind, is_cold in KINDS.items():
        say(f"{options.samples} logins of an unknown name and as many with a wrong secret, {kind} ...")
        unknown, wrong = _sample(name, options.samples, random.Random(options.seed), is_cold=is_cold)
        found[kind] = {
            "unknown": statistics.median(unknown),
            "wrong": statistics.median(wrong),
            "p": mann_whitney(unknown, wrong),
        }
    holds = all(each["p"] > LEAST for each in found.values())
    if options.json:
        sys.stdout.write(json.dumps({"holds": holds, "found": found}) + "\n")
    else:
        for kind, each in found.items():
            medians = f"unknown name {each['unknown']:.3f} ms, wrong secret {each['wrong']:.3f} ms"
            sys.stdout.write(f"{kind:12} {medians} (medians), p {each['p']:.3f}\n")
    return holds


def _sample(name: str, count: int, chance: random.Random, *, is_cold: bool) -> tuple[list[float], list[float]]:
    """Return milliseconds of refused logins: of a name that there is not, and of one that there is."""
    stranger = name[::-1]
    taken: dict[str, list[float]] = {stranger: [], name: []}
    order = [stranger, name] * count
    chance.shuffle(order)
    asyncio.run(_refuse_all(iter(order), taken, is_cold=is_cold))
    return taken[stranger], taken[name]


async def _refuse_all(order: Iterator[str], taken: dict[str, list[float]], *, is_cold: bool) -> None:
    async def refuse_on() -> None:
        for each in order:
            if is_cold:
                credentials.forget()
            began = time.perf_counter()
            with suppress(BadCredentials):
                await log_in_evenly(threads, each, "g" + "x" * 32)
            taken[each].append((time.perf_counter() - began) * 1000)

    with ThreadPoolExecutor(4) as threads:
        await asyncio.gather(*(refuse_on() for _ in range(SIDE_BY_SIDE)))


def mann_whitney(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return p of the two-sided Mann-Whitney U test, by the normal approximation with ties corrected."""
    together = Counter(ours) + Counter(theirs)
    values = sorted(together)
    # The rank of a value is the middle of the places that it takes.
    ranks = {
        value: end - (together[value] - 1) / 2
        for value, end in zip(values, accumulate(together[value] for value in values), strict=True)
    }
    few, many = len(ours), len(theirs)
    total = few + many
    above = sum(ranks[value] for value in ours) - few * (few + 1) / 2
    ties = sum(count**3 - count for count in together.values()) / (total * (total - 1))
    spread = math.sqrt(few * many / 12 * (total + 1 - ties))
    if not spread:
        return 1.0
    return math.erfc(abs(above - few * many / 2) / spread / math.sqrt(2))
