"""What the engine's tests hand in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gateway.engine.submission import Addressee, Mailbox, Submission
from tests.support.cast import Tenant

Make = Callable[..., Submission]


@pytest.fixture
def make(acme: Tenant) -> Make:
    """Make a submission of acme's that is right as it stands; keywords change it."""

    def make_submission(**changes: Any) -> Submission:
        values: dict[str, Any] = {
            "account_id": acme.account.pk,
            "smtp_user_id": acme.smtp_user.pk,
            "door": "smtp",
            "sender": Mailbox(email="ann@acme.example", name="Ann"),
            "recipients": (Addressee(email="bob@inbox.example", name="Bob"),),
            "subject": "Hello",
            "text": "Hello, Bob.",
        }
        return Submission(**(values | changes))

    return make_submission
