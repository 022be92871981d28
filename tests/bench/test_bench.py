"""The benchmarks run, and say what they found; how fast they find it depends on the machine."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def test_events() -> None:
    command = [sys.executable, "-m", "tests.bench", "events", "--events", "2000", "--runs", "1", "--no-indexes", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    found = json.loads(done.stdout)
    assert done.returncode == (0 if found["holds"] else 1), done.stderr
    names = {query["name"] for query in found["queries"]}
    assert {"first page: rare type", "aggregate by tag", "search: absent word"} <= names
    assert all(query["p95"] >= query["p50"] > 0 for query in found["queries"])


def test_another_benchmark_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench", "nothing"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert "events" in done.stderr
