"""What one rendering may use: steps, characters written, characters kept, processor time.

Steps and characters are the same on every machine, so that a template that was saved can be sent; the time is the last guard.
"""

from __future__ import annotations

from time import thread_time
from typing import Any

from liquid.exceptions import LiquidError

MAX_STEPS = 50_000  # nodes rendered in loops, filters called
MAX_OUTPUT = 2_000_000  # characters, those of {% capture %} included
MAX_VALUE = 1_000_000  # characters that a filter makes, and that all variables of a template keep
MAX_RANGE = 10_000  # numbers in (1..n)
MAX_BITS = 512  # of a whole number
SECONDS = 0.5  # of processor time, for parsing and for rendering
ITEM = 60  # what an item of a list weighs beside its characters

LOOKS_PER_CHECK = 32  # values looked up: each may be compared or searched


class TooMuch(LiquidError):
    """A template asks for more than it may; str() of its first argument is a clause that says what."""


class Clock:
    """Raises when the thread has worked for SECONDS."""

    __slots__ = ("_deadline",)

    def __init__(self) -> None:
        self._deadline = thread_time() + SECONDS

    def check(self) -> None:
        if thread_time() > self._deadline:
            raise TooMuch(f"The template takes more than {SECONDS} s; make it simpler", token=None)


class Meter:
    """Counts what one rendering uses. `written` and `looks` are counted by those who write and look up, which is done most."""

    __slots__ = ("_sizes", "_steps", "clock", "kept", "looks", "written")

    def __init__(self) -> None:
        self.clock = Clock()
        self.written = self.looks = self.kept = self._steps = 0
        self._sizes: dict[str, int] = {}

    def work(self, steps: int) -> None:
        """Count steps."""
        self._steps += steps
        if self._steps > MAX_STEPS:
            raise TooMuch(f"The template takes more than {MAX_STEPS:,} steps; make its loops shorter", token=None)
        self.clock.check()

    def keep(self, name: str, value: object) -> None:
        """Count what a variable of the template holds now."""
        size = weigh(value)
        self.kept += size - self._sizes.get(name, 0)
        self._sizes[name] = size
        if self.kept > MAX_VALUE:
            raise too_big()


def weigh(value: Any) -> int:
    """Return about how many characters a value takes; raise TooMuch for one that is too big to be looked at."""
    if isinstance(value, str):
        size = len(value)
    elif isinstance(value, range):
        size = ITEM * check_range(value)
    elif isinstance(value, list | tuple):
        size = ITEM * len(value) + sum(map(weigh, value))
    elif isinstance(value, dict):
        size = ITEM * len(value) + sum(map(weigh, value)) + sum(map(weigh, value.values()))
    else:
        size = ITEM
    if size > MAX_VALUE:
        raise too_big()
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        raise TooMuch("A number grows too large", token=None)
    return size


def check_range(numbers: range) -> int:
    """Return how many numbers there are; raise TooMuch when they are too many to be counted out."""
    count = numbers.stop - numbers.start
    if count > MAX_RANGE:
        raise TooMuch(f"A range has more than {MAX_RANGE:,} numbers", token=None)
    return max(0, count)


def too_long() -> TooMuch:
    """Return what is raised where the output grows too long."""
    return TooMuch(f"The text grows to more than {MAX_OUTPUT:,} characters; make its loops shorter", token=None)


def too_big() -> TooMuch:
    """Return what is raised where values grow too big."""
    return TooMuch(f"The values of the template grow to more than {MAX_VALUE:,} characters", token=None)
