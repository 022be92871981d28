"""Signed numbers: only ours are read, in one spelling each."""

from __future__ import annotations

import string

import pytest

from gateway.base.tokens import read_number, sign_number, sign_text


@pytest.mark.parametrize("number", [0, 1, 255, 256, 2**40 + 7, 2**63 - 1])
def test_it_works(number: int) -> None:
    token = sign_number("return", number)
    assert read_number("return", token) == read_number("return", token.upper()) == number
    assert read_number("open", token) is None


@pytest.mark.parametrize("number", [1, 300, 2**30])
def test_no_letter_may_be_changed(number: int) -> None:
    token = sign_number("return", number)
    for place, letter in enumerate(token):
        for other in set(string.ascii_lowercase + string.digits) - {letter}:
            assert read_number("return", token[:place] + other + token[place + 1 :]) is None


@pytest.mark.parametrize("text", ["", "a", "\u017f" * 16, "\u00df" * 16, "\ud800", "=" * 8, "a b"])
def test_what_is_no_token_is_none(text: str) -> None:
    assert read_number("return", text) is None


def test_a_text_has_one_signature_for_one_purpose() -> None:
    signed = sign_text("host", "1:links.example")
    assert len(signed) == 16
    assert set(signed) <= set(string.ascii_lowercase + string.digits)
    assert sign_text("host", "1:links.example") == signed
    assert signed not in {sign_text("host", "2:links.example"), sign_text("other", "1:links.example")}
