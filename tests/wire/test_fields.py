"""Whatever stands in a text field: the mail on the wire is what it is without, but for that text, or the call is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.doors import Doors
from tests.wire.hostile import VALUES, hostile, within
from tests.wire.places import CALLS, find_places, text_at
from tests.wire.trials import Trial, is_long, searching, try_all

FIELDS = 3  # of a door in which each text of the list is put, unless there is much time
LEAST = 8  # a field has at most one in so many texts of the list


@pytest.mark.parametrize("door", CALLS)
def test_the_list_in_every_field(doors: Doors, door: str) -> None:
    tally = try_all(doors, door, _list_trials(door, doors.harmless(door)))
    assert tally.counts["sent"]
    assert tally.counts["refused"]
    assert not tally.faults, tally.say()


def _list_trials(door: str, call: Any) -> Iterator[Trial]:
    places = find_places(door)
    share = max(LEAST, len(places) // FIELDS)
    for number, place in enumerate(places):
        for value in VALUES if is_long() else VALUES[number % share :: share]:
            ways = within(text_at(call, place), value)
            for text in ways if is_long() else ways[-1:]:
                yield Trial(place=place, text=text)


@pytest.mark.parametrize("door", CALLS)
def test_any_text_in_any_field(doors: Doors, door: str) -> None:
    places, call = find_places(door), doors.harmless(door)
    trials = st.builds(
        lambda place, value, way: Trial(place=place, text=within(text_at(call, place), value)[-way:][0]),
        st.sampled_from(places),
        hostile(),
        st.integers(1, 4),
    )

    @searching
    @given(st.lists(trials, min_size=1, max_size=20))
    def check(some: list[Trial]) -> None:
        tally = try_all(doors, door, some)
        assert not tally.faults, tally.say()

    check()
