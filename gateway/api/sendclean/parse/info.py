"""messages/getMessageInfo: which mail is asked about. TES_APP_DOMAIN, which the seed lists too, is the host that was called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from domains.credentials import Credential
from gateway.api.bodies import Payload
from gateway.api.fields import Field, check, integer
from gateway.engine.reports import MOST_PAGES


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The copies on page `page`, from 0, of the account's mail with an X-Unique-Id."""

    account_id: int
    unique_id: str
    page: int


def page_number(value: Any) -> int:
    """Take the number of a page, empty for the first."""
    number = 0 if value == "" else integer(value)
    if not 0 <= number < MOST_PAGES:
        raise ValueError(f"must be the number of a page, from 0 to {MOST_PAGES - 1:,}")
    return number


GET_MESSAGE_INFO = (Field("x_unique_id", required=True), Field("skip_page", page_number, default=0))


def parse_info(payload: Payload, credential: Credential) -> Asked:
    """Return what a getMessageInfo call asks for; raise FieldsRefused."""
    given = check(GET_MESSAGE_INFO, payload.values)
    return Asked(account_id=credential.account_id, unique_id=given["x_unique_id"].strip(), page=given["skip_page"])
