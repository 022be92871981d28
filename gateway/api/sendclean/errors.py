"""What SendClean answers to each refusal: HTTP status and error type (seed, "Error types").

Its clients tell an error by different signs (the HTTP status, `status`, `name`, `type`), so an answer has them all.
"""

from __future__ import annotations

from typing import NamedTuple

from gateway.api.base import Unexpected
from gateway.api.fields import FieldsRefused
from gateway.base.errors import (
    BadCredentials,
    BodyTooLarge,
    ContentRefused,
    IdempotencyConflict,
    MethodNotAllowed,
    NotAllowed,
    NotAuthenticated,
    OverLimit,
    RecipientRefused,
    Refused,
    RequestRefused,
    SenderRefused,
    TooLarge,
    Unavailable,
    UnknownCall,
)


class Row(NamedTuple):
    """`words` replace the refusal's own where the vendor has some."""

    status: int
    type: str
    words: str = ""


VALIDATION = "ValidationError"
GENERAL = "GeneralError"
AUTHENTICATION = "AuthenticationError"

ERRORS: dict[type[Refused], Row] = {
    Refused: Row(400, VALIDATION),
    FieldsRefused: Row(400, VALIDATION),
    NotAuthenticated: Row(401, AUTHENTICATION),
    BadCredentials: Row(401, AUTHENTICATION, "Token MissMatch"),
    NotAllowed: Row(403, AUTHENTICATION),
    SenderRefused: Row(400, VALIDATION),
    RecipientRefused: Row(400, VALIDATION),
    ContentRefused: Row(400, VALIDATION),
    TooLarge: Row(413, VALIDATION),
    BodyTooLarge: Row(413, VALIDATION),
    OverLimit: Row(429, GENERAL),
    RequestRefused: Row(400, VALIDATION),
    MethodNotAllowed: Row(405, VALIDATION),
    # The live service answers 200 here, of all places.
    UnknownCall: Row(200, GENERAL, "Page not found"),
    IdempotencyConflict: Row(409, VALIDATION),
    Unavailable: Row(503, GENERAL),
    Unexpected: Row(500, GENERAL),
}

# Documented answers that no input can reach, with the reason. There are none: each of the three types is reached.
NEVER: dict[str, str] = {}
