from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gateway.engine.letter import Letter
from gateway.engine.submission import Mailbox

ACCEPTED = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
LATER = ACCEPTED + timedelta(days=3)


@pytest.mark.parametrize(
    ("send_at", "due_at"), [(None, ACCEPTED), (LATER, LATER), (datetime(2015, 3, 31, tzinfo=UTC), ACCEPTED)]
)
def test_a_time_that_has_passed_takes_no_tries_away(send_at: datetime | None, due_at: datetime) -> None:
    letter = Letter(
        message_id=1,
        public_id="01890000-0000-7000-8000-000000000000",
        account_id=1,
        domain_id=None,
        smtp_user_id=None,
        door="mailup",
        accepted_at=ACCEPTED,
        send_at=send_at,
        subject="Hello",
        sender=Mailbox(email="news@acme.example"),
    )
    assert letter.due_at == due_at
