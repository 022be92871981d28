"""What Octeth's `/api/v1` says."""

from __future__ import annotations

from django.http import HttpResponse

from gateway.api.base import json_answer, row_of
from gateway.api.fields import FieldsRefused
from gateway.api.octeth.errors import ADDRESS_CODES, ERRORS, VAGUE, WORDS, Error
from gateway.base.errors import FieldInvalid, OverLimit, RecipientInvalid, Refused
from gateway.engine.submission import Accepted


def answer_sent(done: Accepted) -> HttpResponse:
    return json_answer({"MessageID": done.public_id})


def answer_refused(refusal: Refused) -> HttpResponse:
    errors = list(dict.fromkeys(_errors_of(refusal)))
    return json_answer({"Errors": [_entry(error) for error in errors]}, status=max(error.status for error in errors))


def _entry(error: Error) -> dict[str, int | str]:
    entry: dict[str, int | str] = {"Code": error.code, "Message": error.message}
    return entry | {"Detail": error.detail} if error.detail else entry


def _errors_of(refusal: Refused) -> list[Error]:
    if isinstance(refusal, FieldsRefused):
        return [_say(fault.error or ERRORS[Refused], fault.message) for fault in refusal.faults]
    if isinstance(refusal, OverLimit):
        words = WORDS[row_of(ERRORS, refusal)].format(seconds=refusal.retry_after, attempts=refusal.limit)
        return [Error(code=row_of(ERRORS, refusal), message=words)]
    if isinstance(refusal, RecipientInvalid | FieldInvalid) and refusal.field in ADDRESS_CODES:
        return [_say(ADDRESS_CODES[refusal.field], refusal.message)]
    detail = refusal.message if isinstance(refusal, VAGUE) else ""
    return [_say(row_of(ERRORS, refusal), refusal.message, detail)]


def _say(code: int, message: str, detail: str = "") -> Error:
    """Return the vendor's sentence for its codes, our own words for the rest."""
    return Error(code=code, message=WORDS.get(code, message), detail=detail)
