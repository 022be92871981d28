"""What version 1 of the API says: `{"message": "success", ...}`, or `{"message": "error", "errors": [...]}`."""

from __future__ import annotations

from django.http import HttpResponse

from gateway.api.base import json_answer
from gateway.api.sendcloud.errors import find_row
from gateway.base.errors import Refused


def say_refused_v1(refusal: Refused) -> HttpResponse:
    """Say no in the envelope of version 1, which has no codes."""
    status, _, _ = find_row(refusal)
    return json_answer({"message": "error", "errors": [refusal.message]}, status=status)
