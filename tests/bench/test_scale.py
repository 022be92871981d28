"""The benchmark of a full queue runs, and says what it found; how fast that is depends on the machine."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HUGE_PAGES = Path("/proc/sys/vm/nr_hugepages")  # that the machine keeps
SMALL = ["--recipients", "3000", "--claims", "3", "--runs", "1", "--settled", "300", "--queues", "put off", "of one"]


def test_scale() -> None:
    command = [sys.executable, "-m", "tests.bench", "scale", *SMALL, "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    found = json.loads(done.stdout)
    queues = found["queues"]
    assert list(queues) == ["empty", "full", "put off", "of one"]
    assert found["holds"] == (queues["full"]["claim_ratio"] >= 0.9)
    assert done.returncode == (0 if found["holds"] else 1), done.stderr
    assert queues["empty"]["waiting"] == 0
    assert all(queue["waiting"] > 1000 for name, queue in queues.items() if name != "empty")
    assert all(queue["claim_p99_ms"] >= queue["claim_p50_ms"] > 0 for queue in queues.values())
    assert found["huge_pages"] in ({True, False} if int(HUGE_PAGES.read_text()) else {False})
    assert [one["settled"] for one in found["aged"]] == [0, 300, 300]
