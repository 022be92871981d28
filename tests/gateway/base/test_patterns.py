"""Pieces of regular expressions, with what Python before 3.11.5 reads wrongly."""

from __future__ import annotations

import re

import pytest

from gateway.base.patterns import possessive


@pytest.mark.parametrize(
    ("pattern", "text", "end"),
    [
        (possessive("ab?c"), "aca", 2),
        (possessive("ab?c", "+"), "acacab", 4),
        (possessive("ab?c", "?"), "ab", 0),
        (possessive("[ab]++c|x"), "abcxab", 4),
        (possessive(f"a{possessive('b?c')}d"), "abcdacccab", 4),
        (possessive("(a)b?c"), "aca", 2),
    ],
)
def test_a_try_that_fails_reads_nothing(pattern: str, text: str, end: int) -> None:
    found = re.match(pattern, text)
    assert found is not None
    assert found.end() == end
    assert re.match(rf"{pattern}\Z", text) is None


def test_nothing_is_given_back() -> None:
    assert re.match(possessive("a|ab"), "ab")
    assert re.match(possessive("a") + "a", "aaa") is None
    assert re.match(possessive("a", "+"), "b") is None


def test_groups_of_a_try_that_fails_are_empty() -> None:
    found = re.match("x" + possessive(" ?=(y+)z", "?"), "x =yyy")
    assert found is not None
    assert found.span() == (0, 1)
    assert found[1] is None
