"""The benchmarks run, and say what they found; how fast they find it depends on the machine."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.bench.logins import mann_whitney

ROOT = Path(__file__).resolve().parent.parent.parent


def test_events() -> None:
    command = [sys.executable, "-m", "tests.bench", "events", "--events", "2000", "--runs", "1", "--no-indexes", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    found = json.loads(done.stdout)
    assert done.returncode == (0 if found["holds"] else 1), done.stderr
    names = {query["name"] for query in found["queries"]}
    assert {"first page: rare type", "aggregate by tag", "search: absent word"} <= names
    assert all(query["p95"] >= query["p50"] > 0 for query in found["queries"])


def test_logins() -> None:
    command = [sys.executable, "-m", "tests.bench", "logins", "--samples", "20", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    found = json.loads(done.stdout)
    assert done.returncode == (0 if found["holds"] else 1), done.stderr
    assert all(0 <= kind["p"] <= 1 < kind["unknown"] for kind in found["found"].values())


@pytest.mark.parametrize(
    ("ours", "theirs", "p"),
    [
        (range(100), range(100), 1.0),
        ([1.0] * 50, [1.0] * 50, 1.0),
        (range(1, 6), range(6, 11), 0.00902),
        ([1, 2, 2, 3, 5], [2, 4, 4, 6, 7], 0.1116),
    ],
)
def test_the_test_of_two_distributions(ours: Sequence[float], theirs: Sequence[float], p: float) -> None:
    """As worked out by hand: U is 0 of 25 in the third row; 5 in the fourth, with one value three times and one twice."""
    assert mann_whitney(ours, theirs) == pytest.approx(p, abs=1e-4)


def test_another_benchmark_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", "nothing"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert "events" in done.stderr
