"""SendCloud's tables of codes."""

from __future__ import annotations

import pytest

from gateway.api.sendcloud.codes import CODES
from gateway.api.sendcloud.errors import BY_FIELD, ERRORS, VAGUE, find_row
from gateway.api.sendcloud.errors.never import NEVER
from gateway.base.errors import Refused
from tests.gateway.api.leaves import make_leaves

PLAIN = 200
OWN_STATUS = {404, 405, 413, 429, 500, 503}


@pytest.mark.parametrize("refusal", make_leaves(), ids=lambda refusal: refusal.code)
def test_every_refusal_has_a_row_of_its_own(refusal: Refused) -> None:
    status, code, words = find_row(refusal)
    assert type(refusal) in ERRORS
    assert status == PLAIN or status in OWN_STATUS
    assert words == CODES[code]


def test_every_field_has_a_known_code() -> None:
    assert set(BY_FIELD.values()) <= set(CODES)


def test_what_is_never_said_is_not_in_the_tables() -> None:
    said = {code for _, code, _ in ERRORS.values()} | set(BY_FIELD.values()) | VAGUE
    assert not said & set(NEVER)
    assert set(NEVER) <= set(CODES)
