"""How the octets of one case are read: choices up to the first LF, and behind it what goes over the wire.

Each octet of the choices picks from a table, by its value modulo the table's length. As the lengths divide 48, the digit `0`
picks the first entry, `1` the second and so on, so that a case can be written by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import TypeVar

T = TypeVar("T")

Cut = Callable[[bytes], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Case:
    """The first choice, a seed for random cuts, the choices that are left, and what goes over the wire."""

    kind: int
    seed: int
    choices: bytes
    wire: bytes

    def choose(self, place: int, table: Sequence[T]) -> T:
        """Return what the choice at `place` picks; they begin anew when they are used up, and without any it is the first."""
        return pick(self.choices[place % len(self.choices)] if self.choices else 0, table)

    def cuts(self) -> dict[str, Cut]:
        """Return the ways to cut the wire that must make no difference."""
        random = Random(self.seed)
        return {"in one piece": whole, "octet by octet": by_octet, "cut at random": lambda octets: _at_random(octets, random)}


def read_case(octets: bytes) -> Case:
    head, _, wire = octets.partition(b"\n")
    return Case(kind=(head[:1] or b"0")[0], seed=(head[1:2] or b"0")[0], choices=head[2:], wire=wire)


def pick(choice: int, table: Sequence[T]) -> T:
    return table[choice % len(table)]


def whole(octets: bytes) -> list[bytes]:
    return [octets]


def by_octet(octets: bytes) -> list[bytes]:
    return [octets[place : place + 1] for place in range(len(octets))]


def _at_random(octets: bytes, random: Random) -> list[bytes]:
    count = random.randint(0, min(len(octets), 12))
    places = sorted(random.randint(0, len(octets)) for _ in range(count))
    return [octets[begin:end] for begin, end in pairwise([0, *places, len(octets)])]
