"""Every point at which a process can be made to die is there, and a process that is told to die at one does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults import points
from tests.faults.experiments import EXPERIMENTS

# Rings ten times, says so each time, and may be told to die: of a call of the standard library, as that is there at once.
RING = """
import textwrap
from tests.faults import points
points.POINTS = {
    "rung": points.Point(where="textwrap:indent", moment=points.BEFORE),
    "heard": points.Point(where="textwrap:dedent", moment=points.AFTER, of_something=True),
}
points.install("ringer")
for number in range(10):
    textwrap.indent("", "")
    textwrap.dedent("")
    print(number, flush=True)
textwrap.dedent("something")
print("over", flush=True)
"""


@pytest.mark.parametrize("name", points.POINTS)
def test_a_point_is_a_call_of_the_product(name: str) -> None:
    owner, attribute = points.find(points.POINTS[name].where)
    assert callable(getattr(owner, attribute))


@pytest.mark.parametrize("where", points.HASTE)
def test_what_is_shortened_is_a_time(where: str) -> None:
    owner, attribute = points.find(where)
    assert getattr(owner, attribute) > points.HASTE[where]


def test_a_name_that_is_gone_is_noticed() -> None:
    with pytest.raises(AttributeError):
        points.find("gateway.engine.queue:claim_nothing")


@pytest.mark.parametrize(
    ("order", "said"), [("rung:3:9", 2), ("heard:1:9", 10), ("heard:2:9", 11), ("other:1:9", 11), ("", 11)]
)
def test_an_order_is_carried_out_at_its_time(tmp_path: Path, order: str, said: int) -> None:
    if order:
        (tmp_path / "ringer").write_text(order)
    env = os.environ | {points.ORDERS: str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", RING], env=env, stdout=subprocess.PIPE, text=True) as process:
        lines = process.communicate(timeout=60)[0].split()
    assert len(lines) == said
    assert process.returncode == (0 if said == 11 else -signal.SIGKILL)
    left = [path.name for path in tmp_path.iterdir()]
    assert left == ([f"ringer.{process.pid}"] if said < 11 else ["ringer"] if order else [])


def test_an_order_is_carried_out_once(tmp_path: Path) -> None:
    order = tmp_path / "worker"
    order.write_text("claimed:1:0")
    assert points.carry_out(order, os.getpid(), 0)
    assert not points.carry_out(order, os.getpid(), 0)
    assert [path.name for path in tmp_path.iterdir()] == [f"worker.{os.getpid()}"]


def test_the_promise_is_tried() -> None:
    promised = {f"{kind}{number}" for kind, most in (("H", 3), ("S", 4), ("W", 6), ("R", 2)) for number in range(1, most + 1)}
    assert promised | {"W10", "D1", "G1"} <= set(EXPERIMENTS)
