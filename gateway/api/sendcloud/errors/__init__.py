"""From refusals to SendCloud's status codes. The words are the vendor's own; see codes.py.

HTTP is 200 also for failures, as the vendor's clients turn any other status into an error without words. The exceptions are
what a client, or a proxy before it, must see without reading: a wrong path or method, a rate, and faults of ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from gateway.api.base import row_of
from gateway.api.fields import FieldsRefused, fault_in
from gateway.api.sendcloud.codes import CODES
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

Row = tuple[int, int, str]  # HTTP status, statusCode, message


def _row(code: int, status: int = 200) -> Row:
    return status, code, CODES[code]


ERRORS: dict[type[Refused], Row] = {
    BadCredentials: _row(40005),
    CredentialRevoked: _row(40005),
    AccountSuspended: _row(6001),
    AccountDeleted: _row(40301),
    AccountPurged: _row(40301),
    CredentialDisabled: _row(6001),
    CredentialBlocked: _row(6001),
    CredentialBlockedUntil: _row(6001),
    CredentialSendsOnly: _row(6001),
    SenderMissing: _row(40801),
    SenderInvalid: _row(40802),
    SenderNotAllowed: _row(40901),
    DomainNotVerified: _row(40901),
    RecipientMissing: _row(40805),
    RecipientInvalid: _row(40806),
    RecipientSuppressed: _row(40901),
    TooManyRecipients: _row(40807),
    FieldMissing: _row(40901),
    FieldInvalid: _row(40901),
    SubjectInvalid: _row(40809),
    ContentMissing: _row(40870),
    HeaderInvalid: _row(40869),
    HeaderReserved: _row(40869),
    AttachmentInvalid: _row(40867),
    MessageMalformed: _row(40901),
    TemplateMissing: _row(40823),
    TemplateBroken: _row(40901),
    MessageTooLarge: _row(40901),
    AttachmentsTooLarge: _row(40819),
    BodyTooLarge: _row(49906, 413),  # it need not be the files: 40819 would name the wrong limit
    RateExceeded: _row(50000, 429),
    QuotaExceeded: _row(40904),
    RequestMalformed: _row(49906),
    MethodNotAllowed: _row(49903, 405),
    UnknownCall: _row(49901, 404),
    IdempotencyConflict: _row(40000),
    Unsupported: _row(6001),
    Unavailable: _row(501, 503),
    Refused: _row(501, 500),  # what is left: a fault of ours
}

# Where the same refusal has another code by the field at fault, in its neutral name.
BY_FIELD: dict[tuple[type[Refused], str], int] = {
    (HeaderInvalid, "from"): 40804,
    (HeaderInvalid, "to"): 40806,
    (HeaderInvalid, "cc"): 40853,
    (HeaderInvalid, "bcc"): 40856,
    (HeaderInvalid, "reply_to"): 40811,
    (RecipientInvalid, "cc"): 40853,
    (RecipientInvalid, "bcc"): 40856,
    (RecipientInvalid, "xsmtpapi.to"): 40880,
    (RecipientMissing, "xsmtpapi.to"): 40816,
    (RecipientMissing, "cc"): 40852,
    (RecipientMissing, "bcc"): 40855,
    (TooManyRecipients, "cc"): 40854,
    (TooManyRecipients, "bcc"): 40857,
    (TooManyRecipients, "xsmtpapi.to"): 40827,
    (FieldMissing, "reply_to"): 40810,
    (FieldInvalid, "reply_to"): 40811,
    (FieldInvalid, "html"): 40871,
    (FieldInvalid, "text"): 40831,
    (FieldInvalid, "xsmtpapi"): 40813,
    (FieldMissing, "xsmtpapi"): 40814,
    (FieldMissing, "xsmtpapi.to"): 40815,
    (FieldInvalid, "xsmtpapi.to"): 40817,
    (FieldInvalid, "xsmtpapi.sub"): 40817,
    (FieldInvalid, "xsmtpapi.pubsub"): 40817,
    (FieldInvalid, "xsmtpapi.section"): 40817,
    (FieldInvalid, "xsmtpapi.filters"): 40817,
    (FieldInvalid, "xsmtpapi.settings"): 40817,
    (FieldInvalid, "unsubscribe_page_id"): 40817,
    (FieldInvalid, "url"): 40707,
    (FieldInvalid, "webhook"): 40708,
    (FieldInvalid, "webhook_id"): 40709,
}

# Codes whose words do not say what is wrong: there `info.reason` does.
VAGUE = frozenset(
    {
        501,
        6001,
        40008,
        40101,
        40218,
        40219,
        40508,
        40516,
        40707,
        40710,
        40712,
        40806,
        40813,
        40817,
        40853,
        40856,
        40869,
        40880,
        40901,
        41012,
        41015,
        41016,
        41112,
        41119,
        49901,
        49903,
        49906,
    }
)

# Codes whose words the vendor follows with the parameter at fault.
QUOTING = frozenset({40863})


@contextmanager
def coded(codes: Mapping[type[Refused], int]) -> Iterator[None]:
    """Give refusals of these kinds the code that a call has for them; their subclasses have it too."""
    try:
        yield
    except tuple(codes) as refusal:
        code = next(code for kind, code in codes.items() if isinstance(refusal, kind))
        raise fault_in(refusal.field, code, refusal.message, value=refusal.value) from None


def find_row(refusal: Refused) -> Row:
    """Return HTTP status, statusCode and message of a refusal."""
    code = _find_code(refusal)
    if code is None:
        return row_of(ERRORS, refusal)
    status, code, words = _row(code)
    return status, code, f"{words}. 参数{refusal.field}: {refusal.value}" if code in QUOTING else words


def _find_code(refusal: Refused) -> int | None:
    """Return the code of the field at fault, None where the kind of refusal says all."""
    if isinstance(refusal, FieldsRefused):
        return refusal.faults[0].error or ERRORS[FieldInvalid][1]
    return BY_FIELD.get((type(refusal), refusal.field))
