"""What the experiments promise holds: a selection, each with one seed; `python -m tests.faults` does all of them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import asdict

import pytest

from tests.faults.experiments import run
from tests.faults.world import World, made

# One of each kind: a door and a sender killed at a point and at random, the window behind the dot, a zombie, what all lean on.
SELECTION = {"H3": 2, "S4": 1, "W4": 1, "W5": 2, "W6": 2, "W10": 1, "ALL": 1, "R1": 1, "D1": 3, "G1": 4}


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with made() as world:
        yield world


@pytest.mark.parametrize("name", SELECTION)
def test_the_promise_is_kept(world: World, name: str) -> None:
    verdict = run(world, name, int(os.environ.get("GATEPOST_TEST_SEED", SELECTION[name])))
    sys.stdout.write(f"{name}: {asdict(verdict.counts)}, healed in {verdict.healed:.1f} s\n")
    assert verdict.violations == ()
    assert verdict.counts.acked
