"""From refusals to MailUp's result codes. The words are the vendor's own (seeds/003, "Error codes").

Documented are HTTP 200, 400 for code 1 and 403 for the others. Beside them stand the statuses that HTTP itself has for a wrong
path or method, a large body and a rate, and 503 where a retry helps.
"""

from __future__ import annotations

from gateway.api.base import row_of
from gateway.api.fields import FieldsRefused
from gateway.base.errors import (
    AccountDeleted,
    AccountPurged,
    AccountSuspended,
    AttachmentInvalid,
    AttachmentsTooLarge,
    BadCredentials,
    BodyTooLarge,
    ContentMissing,
    CredentialBlocked,
    CredentialBlockedUntil,
    CredentialDisabled,
    CredentialRevoked,
    CredentialSendsOnly,
    DomainNotVerified,
    FieldInvalid,
    FieldMissing,
    HeaderInvalid,
    HeaderReserved,
    IdempotencyConflict,
    MessageMalformed,
    MessageTooLarge,
    MethodNotAllowed,
    NotAuthenticated,
    QuotaExceeded,
    RateExceeded,
    RecipientInvalid,
    RecipientMissing,
    RecipientSuppressed,
    Refused,
    RequestMalformed,
    SenderInvalid,
    SenderMissing,
    SenderNotAllowed,
    SubjectInvalid,
    TemplateBroken,
    TemplateMissing,
    TooManyRecipients,
    Unavailable,
    UnknownCall,
    Unsupported,
)

CODES = {
    "0": "Ok",
    "1": "The operation is failed.",
    "101": "The input is null.",
    "102": "The operation is not authorized.",
    "103": "The user is not enabled.",
    "104": "The user is blocked.",
    "105": "The user is blocked until this date.",
    "106": "The console account is not found.",
    "107": "The console account is suspended.",
    "108": "The console account is deleted.",
    "109": "At least one recipient is required.",
    "110": "The sender is mandatory.",
    "111": "The template is not found.",
    "112": "User is deleted.",
}


class InputNull(FieldMissing):
    """The request has no document: its body is empty or null."""

    def __init__(self) -> None:
        super().__init__("body", "The request has no body; send the document that the call takes.")


Row = tuple[int, str, str]  # HTTP status, Code, Message


def _row(code: str, status: int = 403) -> Row:
    return status, code, CODES[code]


_FAILED = _row("1", 400)

ERRORS: dict[type[Refused], Row] = {
    InputNull: _row("101"),
    NotAuthenticated: _row("102"),  # no User at all
    BadCredentials: _row("102"),
    CredentialRevoked: _row("112"),
    AccountSuspended: _row("107"),
    AccountDeleted: _row("108"),
    AccountPurged: _row("106"),
    CredentialDisabled: _row("103"),
    CredentialBlocked: _row("104"),
    CredentialBlockedUntil: _row("105"),
    CredentialSendsOnly: _row("102"),
    SenderMissing: _row("110"),
    SenderInvalid: _FAILED,
    SenderNotAllowed: _row("102"),
    DomainNotVerified: _row("102"),
    RecipientMissing: _row("109"),
    RecipientInvalid: _FAILED,
    RecipientSuppressed: _FAILED,
    TooManyRecipients: _FAILED,
    FieldMissing: _FAILED,
    FieldInvalid: _FAILED,
    FieldsRefused: _FAILED,
    SubjectInvalid: _FAILED,
    ContentMissing: _FAILED,
    HeaderInvalid: _FAILED,
    HeaderReserved: _FAILED,
    AttachmentInvalid: _FAILED,
    MessageMalformed: _FAILED,
    TemplateMissing: _row("111"),
    TemplateBroken: _FAILED,
    MessageTooLarge: _FAILED,
    AttachmentsTooLarge: _FAILED,
    BodyTooLarge: _row("1", 413),
    RateExceeded: _row("1", 429),
    QuotaExceeded: _FAILED,
    RequestMalformed: _FAILED,
    MethodNotAllowed: _row("1", 405),
    UnknownCall: _row("1", 404),
    IdempotencyConflict: _FAILED,
    Unsupported: _FAILED,
    Unavailable: _row("1", 503),
    Refused: _row("1", 500),  # what is left: a fault of ours
}

# Codes that a call never answers, by decision 13, with the reason; no code is without a call that does.
NEVER: dict[str, dict[str, str]] = {
    "SendMessage": {"111": "It names no template."},
    "SendTemplate": {},
    "ListUserInfo": {
        "104": "It answers a caller who is blocked, too (decision 21).",
        "105": "As 104.",
        "109": "It has no recipients.",
        "110": "It has no sender.",
        "111": "It names no template.",
    },
}

# Refusals beside code 1 whose words leave open what is wrong: there `Detail` says it.
VAGUE = (SenderNotAllowed, DomainNotVerified, CredentialBlockedUntil, CredentialSendsOnly)


def find_row(refusal: Refused) -> Row:
    """Return HTTP status, Code and Message of a refusal."""
    return row_of(ERRORS, refusal)
