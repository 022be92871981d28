"""What mail/* says."""

from __future__ import annotations

import msgspec
from django.http import HttpResponse

from gateway.api.base import json_answer
from gateway.api.sendcloud.answers import Told
from gateway.engine.submission import Accepted


class EmailIds(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The ids of the mails of one call, in the order of its recipients; left out where respEmailId is false."""

    email_id_list: list[str] | msgspec.UnsetType = msgspec.UNSET


class Sent(Told, frozen=True, kw_only=True):
    """That mail was accepted."""

    info: EmailIds


def say_sent(accepted: Accepted, *, with_ids: bool) -> HttpResponse:
    """Say that mail was accepted; `with_ids` with the id of each recipient's mail."""
    return json_answer(Sent(info=EmailIds(email_id_list=email_ids(accepted)) if with_ids else EmailIds()))


def email_ids(accepted: Accepted) -> list[str]:
    """Return messageId + position + `$` + address for each recipient (seeds/002)."""
    return [f"{accepted.inbound_id}{position}${email}" for position, email in enumerate(accepted.emails)]
