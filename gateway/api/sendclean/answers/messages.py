"""What SendClean says to messages/*."""

from __future__ import annotations

from django.http import HttpResponse

from gateway.api.base import json_answer
from gateway.api.sendclean.answers import Said


def answer_sent() -> HttpResponse:
    """Return sendMail's words, with the vendor's spelling and the space at their end."""
    return json_answer(Said(message="message have been Queued ... "))
