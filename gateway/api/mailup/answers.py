"""MailUp's SendResponseDTO: `{"Status", "Code", "Message"}`, all text. `Detail` tells what the words leave open."""

from __future__ import annotations

from django.http import HttpResponse

from gateway.api.base import json_answer
from gateway.api.mailup.errors import CODES, VAGUE, find_row
from gateway.base.errors import Refused


def say_done() -> HttpResponse:
    return json_answer({"Status": "done", "Code": "0", "Message": CODES["0"]})


def say_refused(refusal: Refused) -> HttpResponse:
    """Say no in the vendor's words."""
    status, code, message = find_row(refusal)
    answer = {"Status": "error", "Code": code, "Message": message}
    if code == "1" or isinstance(refusal, VAGUE):
        answer["Detail"] = refusal.message
    return json_answer(answer, status=status)
