"""What the events of stored messages have in common, many in one statement and without the bodies."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from gateway.base import bulk
from gateway.base.statement import Statement, read_json
from tracking.events import Origin

_ORIGINS = """
    SELECT id, account_id, domain_id, smtp_user_id, public_id, subject, sender, tags, campaign, options FROM gateway_message
"""
_SELECT_ORIGINS = Statement(
    postgresql=f"{_ORIGINS} WHERE id = ANY(%(c0)b::bigint[])",
    sqlite=f"{_ORIGINS} WHERE id IN (SELECT value ->> 0 FROM json_each(:rows))",
)


def load_origins(cursor: bulk.Cursor, message_ids: Iterable[int]) -> dict[int, Origin]:
    """Return the origins of messages by their keys."""
    rows = _SELECT_ORIGINS.fetch(cursor, rows=[(key,) for key in sorted(message_ids)])
    return {row[0]: _origin(row) for row in rows}


def _origin(row: tuple[Any, ...]) -> Origin:
    message_id, account_id, domain_id, smtp_user_id, public_id, subject, sender, tags, campaign, options = row
    return Origin(
        account_id=account_id,
        domain_id=domain_id,
        smtp_user_id=smtp_user_id,
        message_id=message_id,
        public_id=str(UUID(str(public_id))),
        subject=subject,
        sender=sender,
        tags=read_json(tags),
        campaign=campaign,
        headers=read_json(options).get("event_headers", {}),
    )
