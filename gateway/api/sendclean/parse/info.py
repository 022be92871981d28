"""messages/getMessageInfo: which mail is asked about. TES_APP_DOMAIN, which the seed lists too, is the host that was called."""

from __future__ import annotations

from dataclasses import dataclass

from domains.credentials import Credential
from gateway.api.bodies import Payload
from gateway.api.fields import Field, check
from gateway.api.sendclean.parse.settings import PAGES


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The copies on page `page`, from 0, of the account's mail with an X-Unique-Id."""

    account_id: int
    unique_id: str
    page: int


GET_MESSAGE_INFO = (Field("x_unique_id", required=True), *PAGES)


def parse_info(payload: Payload, credential: Credential) -> Asked:
    """Return what a getMessageInfo call asks for; raise FieldsRefused."""
    given = check(GET_MESSAGE_INFO, payload.values)
    return Asked(account_id=credential.account_id, unique_id=given["x_unique_id"].strip(), page=given["skip_page"])
