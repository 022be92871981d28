"""MailUp's table of codes."""

from __future__ import annotations

import pytest

from gateway.api.mailup.errors import CODES, ERRORS, NEVER, find_row
from gateway.base.errors import Refused
from tests.gateway.api.leaves import make_leaves

OF_HTTP = {404, 405, 413, 429, 503}  # of HTTP itself, beside the documented statuses


@pytest.mark.parametrize("refusal", make_leaves(), ids=lambda refusal: refusal.code)
def test_every_refusal_has_a_row_of_its_own(refusal: Refused) -> None:
    status, code, words = find_row(refusal)
    assert type(refusal) in ERRORS
    assert words == CODES[code]
    assert status == 403 if code != "1" else status in {400, *OF_HTTP}


def test_every_code_is_said_by_some_call() -> None:
    assert {"0", *(code for _, code, _ in ERRORS.values())} == set(CODES)
    assert not set.intersection(*map(set, NEVER.values()))
