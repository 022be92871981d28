"""Tables of fields: kinds, aliases, faults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gateway.api.fields import (
    Field,
    FieldsRefused,
    base64_bytes,
    boolean,
    check,
    check_each,
    examine,
    fold,
    guess_type,
    header_pairs,
    integer,
    listing,
    mapping,
    objects,
    text,
)

FIELDS = (
    Field("name", required=True, missing=1),
    Field("size", integer, aliases=("Size", "length"), default=0, invalid=2),
    Field("loud", boolean, missing=3),
)


def test_it_works() -> None:
    assert check(FIELDS, {"name": "x", "Size": "7", "loud": "True"}) == {"name": "x", "size": 7, "loud": True}
    assert check(FIELDS, {"name": "x", "size": None, "length": 3}) == {"name": "x", "size": 3, "loud": None}


def test_the_first_fault_speaks() -> None:
    with pytest.raises(FieldsRefused) as refused:
        check(FIELDS, {"size": "x", "loud": "?"}, within="message.")
    assert refused.value.message == "message.name is required."
    assert [(fault.error, fault.message) for fault in refused.value.faults] == [
        (1, "message.name is required."),
        (2, "message.size must be a whole number."),
        (3, "message.loud must be true or false."),
    ]
    assert refused.value.faults[1].value == "x"


@pytest.mark.parametrize("value", [None, ""])
def test_required_text_is_not_empty(value: str | None) -> None:
    assert [fault.error for fault in examine(FIELDS, {"name": value})[1]] == [1]


def test_each_object_of_a_list_is_named_by_its_place() -> None:
    with pytest.raises(FieldsRefused, match=r"to\[1\]\.name is required"):
        check_each(FIELDS, [{"name": "x"}, {}], within="to")


@pytest.mark.parametrize(
    ("kind", "value", "taken"),
    [
        (text, "x", "x"),
        (text, 7, "7"),
        (text, 1.5, "1.5"),
        (integer, 7, 7),
        (integer, " -7 ", -7),
        (integer, 7.0, 7),
        (boolean, True, True),
        (boolean, "TRUE", True),
        (boolean, "1", True),
        (boolean, 1, True),
        (boolean, "yes", True),
        (boolean, "False", False),
        (boolean, "0", False),
        (boolean, 0, False),
        (boolean, "", False),
        (mapping, {"a": 1}, {"a": 1}),
        (listing, [1], [1]),
        (objects, [{"a": 1}], [{"a": 1}]),
        (objects, {"a": 1}, [{"a": 1}]),
        (header_pairs, {"X-A": 1, "X-B": None, "X-C": ["1", "2"]}, (("X-A", "1"), ("X-C", "1"), ("X-C", "2"))),
        (base64_bytes, "aGkg\r\nYQ==", b"hi a"),
        (base64_bytes, "", b""),
    ],
)
def test_what_a_kind_takes(kind: Callable[[Any], Any], value: Any, taken: Any) -> None:
    assert kind(value) == taken


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (text, True),
        (text, []),
        (text, {}),
        (integer, True),
        (integer, "7.5"),
        (integer, 7.5),
        (integer, "٣٤x"),
        (integer, "1" * 5000),
        (integer, float("inf")),
        (boolean, "maybe"),
        (boolean, 2),
        (boolean, 1.0),
        (boolean, []),
        (mapping, []),
        (listing, "x"),
        (objects, ["x"]),
        (objects, "x"),
        (header_pairs, []),
        (header_pairs, {"X-A": {}}),
        (header_pairs, {"X-A": True}),
        (base64_bytes, "aGk"),
        (base64_bytes, "a-_="),
        (base64_bytes, "aGk=*"),
        (base64_bytes, "é"),
        (base64_bytes, 7),
    ],
)
def test_what_a_kind_refuses(kind: Callable[[Any], Any], value: Any) -> None:
    with pytest.raises(ValueError, match=r"must|is not"):
        kind(value)


def test_fold() -> None:
    assert fold({"HTMLContent": 1, "subject": 2}) == {"htmlcontent": 1, "subject": 2}


def test_guess_type() -> None:
    assert guess_type("a.pdf") == "application/pdf"
    assert guess_type("a") == "application/octet-stream"
