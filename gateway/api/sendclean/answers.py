"""What SendClean says."""

from __future__ import annotations

from django.http import HttpResponse

from gateway.api.base import json_answer, row_of
from gateway.api.sendclean.errors import ERRORS
from gateway.base.errors import Refused


def answer_sent() -> HttpResponse:
    """Return sendMail's words, with the vendor's spelling and the space at their end."""
    return json_answer({"status": "success", "message": "message have been Queued ... "})


def answer_refused(refusal: Refused) -> HttpResponse:
    row = row_of(ERRORS, refusal)
    words = row.words or refusal.message
    error = {"status": "error", "code": -1, "name": row.type, "type": row.type, "message": words}
    return json_answer(error, status=row.status)
