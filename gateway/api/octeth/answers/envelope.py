"""The envelope of /api.php (contracts.md 4.1): JSON or XML, HTTP 200 also for errors that a command has a number for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from django.http import HttpResponse

from gateway.api.base import json_answer, row_of
from gateway.api.fields import FieldsRefused
from gateway.api.octeth.answers.base import Part
from gateway.api.octeth.answers.xml import write_xml
from gateway.api.octeth.errors.commands import BAD_REQUESTS, COMMAND_ERRORS, COMMAND_WORDS
from gateway.base.errors import OverLimit, Refused

Refusals = Mapping[type[Refused] | str, int]  # a refusal's class, or the field of one, to a command's number


def say(answer: Part, *, in_xml: bool) -> HttpResponse:
    return _render(msgspec.to_builtins(answer), in_xml=in_xml)


def say_refused(
    refusal: Refused, *, words: Mapping[int, str], numbers: Refusals, lists_codes: bool, in_xml: bool
) -> HttpResponse:
    """Answer a refusal by a command's numbers (`numbers`) and sentences (`words`), where it has none by the common ones."""
    codes = list(dict.fromkeys(_codes_of(refusal, numbers)))
    status = _status_of(codes[0], words)
    message = words.get(codes[0]) or _fill(COMMAND_WORDS.get(codes[0], refusal.message), refusal)
    listed = lists_codes and codes[0] in words
    answer: dict[str, Any] = {"Success": False, "ErrorCode": codes if listed else codes[0]}
    answer |= {"ErrorText": message, "ErrorMessage": message}
    if refusal.message and refusal.message != message:
        answer["Detail"] = refusal.message
    if status != 200:
        answer["Errors"] = [{"Code": codes[0], "Message": message}]
    return _render(answer, in_xml=in_xml, status=status)


def _codes_of(refusal: Refused, numbers: Refusals) -> list[int]:
    if isinstance(refusal, FieldsRefused):
        return [fault.error or COMMAND_ERRORS[Refused] for fault in refusal.faults]
    if refusal.field in numbers:
        return [numbers[refusal.field]]
    own = {kind: number for kind, number in numbers.items() if not isinstance(kind, str)}
    return [row_of(COMMAND_ERRORS | own, refusal)]


def _fill(message: str, refusal: Refused) -> str:
    if not isinstance(refusal, OverLimit):
        return message
    return message.format(seconds=refusal.retry_after, attempts=refusal.limit)


def _status_of(code: int, words: Mapping[int, str]) -> int:
    """Return 200 for the numbers of a command and for who may not call; else our code, or the vendor's status for its own."""
    if code in words or 600 <= code < 100_000:
        return 200
    if code < 600:
        return code
    return 400 if code in BAD_REQUESTS else 500


def _render(answer: Any, *, in_xml: bool, status: int = 200) -> HttpResponse:
    if not in_xml:
        return json_answer(answer, status=status)
    return HttpResponse(write_xml("response", answer), status=status, content_type="text/xml; charset=utf-8")
