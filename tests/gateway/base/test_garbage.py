"""The garbage collector of processes that carry mail, looked at in a process of its own."""

from __future__ import annotations

import subprocess
import sys

_PROGRAM = """
import gc
from gateway.base.garbage import relax_collector
relax_collector()
print(gc.get_threshold()[0] > 700, gc.get_freeze_count() > 1000)
for _ in range(100_000):
    ring = []
    ring.append(ring)
print(sum(type(one) is list for one in gc.get_objects()) < 50_000)
"""


def test_rings_are_still_found() -> None:
    done = subprocess.run([sys.executable, "-c", _PROGRAM], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["True", "True", "True"]
