"""What the tests of every door need."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.base import rates
from tests.support.cast import Tenant


@pytest.fixture(autouse=True)
def _no_requests_counted() -> Iterator[None]:
    rates.forget()
    yield
    rates.forget()


@pytest.fixture
def live_acme(transactional_db: None, acme: Tenant) -> Tenant:
    """Acme, committed: the thread that stores messages sees it."""
    return acme
