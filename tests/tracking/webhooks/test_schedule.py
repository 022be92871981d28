from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tracking.formats import FORMATS
from tracking.webhooks.schedule import HOUR, STANDARD, next_try, read_retry_after

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Least:
    def uniform(self, a: float, b: float) -> float:
        return a


class Most:
    def uniform(self, a: float, b: float) -> float:
        return b


class Middle:
    def uniform(self, a: float, b: float) -> float:
        return (a + b) / 2


def test_it_works() -> None:
    waits = [next_try(STANDARD, tries, NOW, dice=Middle()) for tries in range(1, 14)]
    assert [(when - NOW).total_seconds() for when in waits if when is not None] == pytest.approx(list(STANDARD))
    assert waits[-1] is None


def test_it_lasts_two_to_three_days() -> None:
    assert 2 * 24 * HOUR < sum(STANDARD) < 3 * 24 * HOUR


def test_it_jitters() -> None:
    least, most = (next_try(STANDARD, 6, NOW, dice=dice) for dice in (Least(), Most()))
    assert least is not None
    assert most is not None
    assert (most - least) == timedelta(seconds=0.2 * HOUR)


def test_sendcloud_has_its_own() -> None:
    waits = [next_try(FORMATS["sendcloud"].delays, tries, NOW, dice=Middle()) for tries in range(1, 7)]
    assert [(when - NOW).total_seconds() / 60 for when in waits if when is not None] == pytest.approx([1, 2, 4, 8, 16])
    assert waits[-1] is None


def test_never_sooner_than_the_endpoint_asked() -> None:
    assert next_try(STANDARD, 1, NOW, retry_after=600) == NOW + timedelta(seconds=600)
    assert next_try(STANDARD, 13, NOW, retry_after=600) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("99999999999999999999", 24 * HOUR),
        ("Sun, 22 Nov 2026 12:05:00 GMT", 300),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0),
        ("Fri, 22 Nov 2126 12:00:00 GMT", 24 * HOUR),
        ("Sun, 22 Nov 2026 14:05:00 +0200", 300),
        ("Sun, 22 Nov 2026 12:05:00 -0000", 300),
        ("-5", 0),
        ("1.5", 0),
        ("soon", 0),
        ("", 0),
        ("٣", 0),
        ("Sun, 99 Nov 2026 12:05:00 GMT", 0),
        ("Sun, 22 Nov 99999 12:05:00 GMT", 0),
        ("Sun, 22 Nov 99999999999999999999999 12:05:00 GMT", 0),
        ("Sun, 22 Nov 2026 12:05:00 +99999999999999999999", 0),
    ],
)
def test_retry_after_is_read(text: str, seconds: float) -> None:
    assert read_retry_after(text, NOW) == seconds
