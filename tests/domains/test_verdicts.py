"""What is hardly a message gets a verdict, too."""

from __future__ import annotations

import pytest

from domains.verdicts import FAIL, NONE, judge


@pytest.mark.parametrize(
    ("message", "verdict"),
    [
        (b"", NONE),
        (b" ", FAIL),
        (b"From: a@b.example\r\n\r\nHello.\r\n", NONE),
        (b"DKIM-Signature: v=1\r\nFrom: a@b.example\r\n\r\nHello.\r\n", FAIL),
    ],
)
def test_it_judges_anything(message: bytes, verdict: str) -> None:
    assert judge(message) == verdict
