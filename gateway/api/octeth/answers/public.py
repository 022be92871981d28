"""What Octeth's `/api/v1` says."""

from __future__ import annotations

from django.http import HttpResponse

from gateway.api.base import json_answer, row_of
from gateway.api.fields import FieldsRefused
from gateway.api.octeth.errors import EMAIL, VAGUE, Error, Table
from gateway.base.errors import FieldInvalid, OverLimit, RecipientInvalid, Refused


def answer_refused(refusal: Refused, table: Table = EMAIL) -> HttpResponse:
    errors = list(dict.fromkeys(_errors_of(refusal, table)))
    return json_answer({"Errors": [_entry(error) for error in errors]}, status=max(error.status for error in errors))


def _entry(error: Error) -> dict[str, int | str]:
    entry: dict[str, int | str] = {"Code": error.code, "Message": error.message}
    return entry | {"Detail": error.detail} if error.detail else entry


def _errors_of(refusal: Refused, table: Table) -> list[Error]:
    if isinstance(refusal, FieldsRefused):
        return [_say(fault.error or table.kinds[Refused], fault.message, table) for fault in refusal.faults]
    code, words = _code_of(refusal, table), refusal.message
    if isinstance(refusal, OverLimit) and code in table.words:
        return [Error(code=code, message=table.words[code].format(seconds=refusal.retry_after, attempts=refusal.limit))]
    return [_say(code, words, table, detail=words if isinstance(refusal, VAGUE) else "")]


def _code_of(refusal: Refused, table: Table) -> int:
    if isinstance(refusal, RecipientInvalid | FieldInvalid) and refusal.field in table.fields:
        return table.fields[refusal.field]
    return row_of(table.kinds, refusal)


def _say(code: int, message: str, table: Table, *, detail: str = "") -> Error:
    """Return the vendor's sentence for its codes, our own words for the rest."""
    return Error(code=code, message=table.words.get(code, message), detail=detail)
