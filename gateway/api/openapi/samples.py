"""One refusal of each kind, as its dialects are asked to put it into words for the document."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from gateway.api.base import Unexpected
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
    Unsupported,
)

# Of any call.
ANY: Final[tuple[Refused, ...]] = (
    NotAuthenticated(),
    BadCredentials(),
    AccountSuspended(),
    AccountDeleted(),
    AccountPurged(),
    RequestMalformed("The JSON cannot be read: Input data was truncated."),
    Unsupported("XML is not served; send JSON."),
    QuotaExceeded("The account may have 100 of these.", retry_after=3600, limit=100),
    BodyTooLarge("The body is larger than 67108864 bytes."),
    RateExceeded("Too many requests: at most 100 in 60 seconds.", retry_after=42, limit=100),
    Unavailable(),
    Unexpected(),
)


def of_field(name: str) -> tuple[Refused, ...]:
    """Return the refusals of a field that a call requires."""
    return FieldMissing(name, f"{name} is required."), FieldInvalid(name, f"{name} is not valid.")


# Of calls by an SMTP user.
OF_USERS: Final[tuple[Refused, ...]] = (
    CredentialRevoked(),
    CredentialDisabled(),
    CredentialBlocked(),
    CredentialBlockedUntil(datetime(2030, 1, 31, 12, tzinfo=UTC)),
    CredentialSendsOnly(),
)
# Of calls that send.
OF_MAIL: Final[tuple[Refused, ...]] = (
    SenderMissing(),
    SenderInvalid("The sender's address is not an address: there is no @.", field="from", value="me"),
    SenderNotAllowed("This credential may not send from me@example.net.", field="from", value="me@example.net"),
    DomainNotVerified("The sender domain example.com is not verified; publish its DNS records first.", field="from"),
    RecipientMissing(),
    RecipientInvalid("you is not an address: there is no @.", field="to", value="you"),
    RecipientSuppressed("you@example.net is in the suppression list.", field="to", value="you@example.net"),
    TooManyRecipients("There are 1001 recipients; at most 1000 are allowed."),
    SubjectInvalid(),
    ContentMissing(),
    HeaderInvalid("The header X-Tag has a line break."),
    HeaderReserved("The header Received may not be set."),
    AttachmentInvalid("An attachment has no name."),
    MessageMalformed("The message has a bare line feed."),
    TemplateMissing(),
    TemplateBroken("The template cannot be rendered."),
    MessageTooLarge("The message has more than 16000000 bytes."),
    AttachmentsTooLarge("The files have more than 10485760 bytes."),
    IdempotencyConflict(),
)
