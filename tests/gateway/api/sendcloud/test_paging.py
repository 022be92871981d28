"""Which part of a list, and which days: the parameters that many calls share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.api.fields import FieldsRefused
from gateway.api.sendcloud.parse import check_given
from gateway.api.sendcloud.parse.paging import LIMIT, PERIOD, START, Period, read_period

NOW = datetime(2026, 3, 31, 17, tzinfo=UTC)  # already the first of April in UTC+8


def read(**given: Any) -> Period | None:
    return read_period(check_given(PERIOD, given), NOW, most_days=30)


def at(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 16, tzinfo=UTC)


def test_it_works() -> None:
    assert check_given((START, LIMIT), {}) == {"start": 0, "limit": 100}
    assert check_given((START, LIMIT), {"start": "7", "limit": 0}) == {"start": 7, "limit": 0}
    assert read() is None


@pytest.mark.parametrize(
    ("code", "given"),
    [
        (40001, {"start": ""}),
        (40002, {"start": "-1"}),
        (40002, {"start": "1.5"}),
        (40002, {"start": 10**19}),
        (40003, {"limit": ""}),
        (40004, {"limit": "-1"}),
        (40004, {"limit": 101}),
        (40004, {"limit": True}),
    ],
)
def test_a_part_that_there_cannot_be_has_its_code(code: int, given: dict[str, Any]) -> None:
    with pytest.raises(FieldsRefused) as caught:
        check_given((START, LIMIT), given)
    assert caught.value.faults[0].error == code


def test_days_are_those_of_china_and_end_today() -> None:
    assert read(days=1) == Period(since=at(3, 31), until=at(4, 1))
    assert read(days="30", startDate="2020-01-01") == Period(since=at(3, 2), until=at(4, 1))


def test_dates_are_both_within() -> None:
    assert read(startDate="2026-02-01", endDate="2026-02-01") == Period(since=at(1, 31), until=at(2, 1))


@pytest.mark.parametrize(
    ("code", "given"),
    [
        (40006, {"days": "0"}),
        (40006, {"days": "x"}),
        (40006, {"days": 31}),
        (40006, {"days": 10**18}),
        (40007, {"startDate": "2013/03/19", "endDate": "2013-03-20"}),
        (40007, {"startDate": "0001-01-01", "endDate": "2013-03-20"}),
        (40007, {"endDate": "2013-03-20"}),
        (40008, {"startDate": "2013-03-19", "endDate": "2013-02-30"}),
        (40008, {"startDate": "2013-03-19", "endDate": "9999-12-31"}),
        (40008, {"startDate": "2013-03-19"}),
        (40008, {"startDate": "2013-03-19", "endDate": "2013-03-18"}),
        (40008, {"startDate": "2013-03-01", "endDate": "2013-03-31"}),
    ],
)
def test_days_that_there_cannot_be_have_their_code(code: int, given: dict[str, Any]) -> None:
    with pytest.raises(FieldsRefused) as caught:
        read(**given)
    assert caught.value.faults[0].error == code
