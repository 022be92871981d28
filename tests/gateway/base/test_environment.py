"""What settings are read from the environment as."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from gateway.base.environment import read_rates


@pytest.mark.parametrize(
    ("text", "rates"),
    [
        (None, ((60, 60), (3600, 3600))),
        ("", ((60, 60), (3600, 3600))),
        ("50000/day, 5/second", ((5, 1), (50_000, 86_400))),
        ("0", ()),
    ],
)
def test_rates(monkeypatch: pytest.MonkeyPatch, text: str | None, rates: tuple[tuple[int, int], ...]) -> None:
    if text is not None:
        monkeypatch.setenv("RATES_OF_A_TEST", text)
    assert read_rates("RATES_OF_A_TEST", "60/minute,3600/hour") == rates


@pytest.mark.parametrize("text", ["60", "60/week", "0/minute", "-1/minute", "60/minute,", "1e3/hour"])
def test_a_rate_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("RATES_OF_A_TEST", text)
    with pytest.raises(ImproperlyConfigured, match=r"RATES_OF_A_TEST is .*; give rates such as 60/minute"):
        read_rates("RATES_OF_A_TEST", "60/minute")
