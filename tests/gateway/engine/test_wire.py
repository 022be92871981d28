"""The form of the wire, against the regular expression that defines it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.engine.wire import find_fault, find_long_line

WIRE = re.compile(rb"(?:[^\r\n\0]{0,998}\r\n)+")

FAULTS = {
    b"a\0b\r\n": "a NUL character",
    b"a\rb\r\n": "a CR that no LF follows",
    b"a\r\r\n": "a CR that no LF follows",
    b"a\nb\r\n": "a LF that no CR precedes",
    b"a\r\n\n": "a LF that no CR precedes",
    b"a": "a last line without CRLF",
    b"": "a last line without CRLF",
    b"a" * 999 + b"\r\n": "a line of more than 998 octets",
    b"x\r\n" * 500 + b"a" * 999 + b"\r\n": "a line of more than 998 octets",
}


@pytest.mark.parametrize("octets", FAULTS, ids=FAULTS.values())
def test_each_fault_is_named(octets: bytes) -> None:
    assert find_fault(octets) == FAULTS[octets]


def test_lines_of_998_octets_are_right() -> None:
    assert find_fault((b"a" * 998 + b"\r\n") * 30 + b"\r\n.\r\n") == ""


@given(st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"\0", b".", b"ab", b"x" * 500, b"y" * 998, b"z" * 999]), max_size=12))
def test_what_is_found_right_is_what_the_definition_says(pieces: list[bytes]) -> None:
    octets = b"".join(pieces)
    assert (find_fault(octets) == "") == (WIRE.fullmatch(octets) is not None)


def test_a_long_line_is_found_where_it_begins() -> None:
    assert find_long_line(b"ab\r\n" + b"a" * 999 + b"\r\n") == 4
    assert find_long_line(b"a" * 999 + b"\r\nab\r\n", 1001) == -1
