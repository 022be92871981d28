"""What one sees of a template before it is sent."""

from __future__ import annotations

import pytest

from gateway.base.errors import FieldInvalid
from templates_app.preview import preview, read_values, sample_values, write_values
from templates_app.texts import Texts

TEXTS = Texts(subject="Hi {{ NAME }}", html="<p>{{ CITY }}</p>", text="{{ NAME }}")


def test_it_works() -> None:
    seen = preview(TEXTS, "liquid", {"NAME": "Ann & Ben", "CITY": "<Ulm>"})
    assert seen.texts == Texts(subject="Hi Ann & Ben", html="<p>&lt;Ulm&gt;</p>", text="Ann & Ben")
    assert (seen.missing, seen.unused, seen.faults) == ((), (), ())


def test_each_name_has_a_sample() -> None:
    assert sample_values(TEXTS, "liquid") == {"NAME": "NAME", "CITY": "CITY"}
    assert sample_values(Texts(html="{{"), "liquid") == {}


def test_what_is_missing_or_not_used_is_named() -> None:
    seen = preview(TEXTS, "liquid", {"CITY": "Ulm", "STREET": "x"})
    assert (seen.missing, seen.unused) == (("NAME",), ("STREET",))
    seen = preview(Texts(text="[A] [B]"), "mailup", {"A": "1"})
    assert (seen.texts.text, seen.missing) == ("1 [B]", ("B",))


def test_a_part_that_cannot_be_filled_leaves_the_others() -> None:
    seen = preview(Texts(subject="{{ 1 | divided_by: 0 }}", text="Hi {{ A }}"), "liquid", {"A": "you"})
    assert seen.faults == ("The subject cannot be filled in. Line 1: divided_by: can't divide by 0.",)
    assert seen.texts == Texts(text="Hi you")


def test_values_are_read_as_calls_give_them() -> None:
    assert read_values('{"A": "x", "B": 1989.0, "C": true, "D": null}') == {"A": "x", "B": "1989.0", "C": "true", "D": ""}
    assert read_values("") == {}
    assert read_values(write_values({"Ä": "1\n2"})) == {"Ä": "1\n2"}


@pytest.mark.parametrize("text", ["{", "[]", "1", '{"a": {}}', '{"a": [1]}', "[" * 90_000, '{"a": "' + "x" * 100_000 + '"}'])
def test_what_is_no_object_of_values_is_refused(text: str) -> None:
    with pytest.raises(FieldInvalid) as refused:
        read_values(text)
    assert refused.value.field == "values"
