"""MailUp's SendResponseDTO: `{"Status", "Code", "Message"}`, all text. `Detail` tells what the words leave open."""

from __future__ import annotations

import msgspec
from django.http import HttpRequest, HttpResponse

from gateway.api.mailup.answers.documents import write
from gateway.api.mailup.errors import CODES, VAGUE, find_row
from gateway.base.errors import Refused


class SendResponse(msgspec.Struct, frozen=True, kw_only=True, rename="pascal", omit_defaults=True):
    """What became of a call: `Status` is done or error, `Code` one of the vendor's table."""

    status: str
    code: str
    message: str
    detail: str = ""


def say_done(request: HttpRequest) -> HttpResponse:
    return write(SendResponse(status="done", code="0", message=CODES["0"]), request)


def say_refused(refusal: Refused, request: HttpRequest) -> HttpResponse:
    """Say no in the vendor's words."""
    status, code, message = find_row(refusal)
    detail = refusal.message if code == "1" or isinstance(refusal, VAGUE) else ""
    return write(SendResponse(status="error", code=code, message=message, detail=detail), request, status=status)
