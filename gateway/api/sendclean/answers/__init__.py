"""What SendClean says, one module for each of the vendor's pages; here, what every call may say."""

from __future__ import annotations

import msgspec
from django.http import HttpResponse

from gateway.api.base import json_answer, row_of
from gateway.api.sendclean.errors import ERRORS
from gateway.base.errors import Refused


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """That it went well, in the vendor's words for the call."""

    status: str = "success"
    message: str


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """An error; `name` and `type` both say which of the three types it is, as clients look for one or the other."""

    status: str = "error"
    code: int = -1
    name: str
    type: str
    message: str


def answer_refused(refusal: Refused) -> HttpResponse:
    row = row_of(ERRORS, refusal)
    return json_answer(Failure(name=row.type, type=row.type, message=row.words or refusal.message), status=row.status)
