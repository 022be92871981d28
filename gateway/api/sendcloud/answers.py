"""SendCloud's envelope: `{"result", "statusCode", "message", "info"}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from django.http import HttpResponse

from gateway.api.base import json_answer
from gateway.api.sendcloud.codes import CODES
from gateway.api.sendcloud.errors import VAGUE, find_row
from gateway.base.errors import Refused
from gateway.engine.submission import Accepted


class EmailIds(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The ids of the mails of one call, in the order of its recipients; left out where respEmailId is false."""

    email_id_list: list[str] | msgspec.UnsetType = msgspec.UNSET


class Sent(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """That mail was accepted."""

    result: bool = True
    status_code: int = 200
    message: str = CODES[200]
    info: EmailIds


def say_sent(accepted: Accepted, *, with_ids: bool) -> HttpResponse:
    """Say that mail was accepted; `with_ids` with the id of each recipient's mail."""
    return json_answer(Sent(info=EmailIds(email_id_list=email_ids(accepted)) if with_ids else EmailIds()))


def say_refused(refusal: Refused) -> HttpResponse:
    """Say no in the vendor's words; `info.reason` tells what they leave open."""
    status, code, message = find_row(refusal)
    return _envelope(code=code, message=message, info={"reason": refusal.message} if code in VAGUE else {}, status=status)


def say_refused_v1(refusal: Refused) -> HttpResponse:
    """Say no in the envelope of version 1, which has no codes."""
    status, _, _ = find_row(refusal)
    return json_answer({"message": "error", "errors": [refusal.message]}, status=status)


def email_ids(accepted: Accepted) -> list[str]:
    """Return messageId + position + `$` + address for each recipient (seeds/002)."""
    return [f"{accepted.inbound_id}{position}${email}" for position, email in enumerate(accepted.emails)]


def _envelope(*, code: int, message: str, info: Mapping[str, Any], status: int = 200) -> HttpResponse:
    return json_answer({"result": code == 200, "statusCode": code, "message": message, "info": info}, status=status)
