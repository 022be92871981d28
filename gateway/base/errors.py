"""Refusals: what Gatepost says no to, without a word of HTTP or SMTP.

A door maps each leaf to its own status, code and words, in one table (`api/<dialect>/errors.py`, `listeners/replies.py`).

    Refused
    +-- NotAuthenticated             who are you
    |   +-- BadCredentials
    |   +-- CredentialRevoked        the key or SMTP user was deleted
    +-- NotAllowed                   we know you, but not now or not this
    |   +-- AccountSuspended
    |   +-- AccountDeleted
    |   +-- AccountPurged
    |   +-- CredentialDisabled
    |   +-- CredentialBlocked        by the operator
    |   +-- CredentialBlockedUntil   a date (`until`)
    |   +-- CredentialSendsOnly      it may not read or change what the account has
    +-- SenderRefused
    |   +-- SenderMissing
    |   +-- SenderInvalid            not an address
    |   +-- SenderNotAllowed         outside of the credential's sender patterns, or another account's domain
    |   +-- DomainNotVerified
    +-- RecipientRefused
    |   +-- RecipientMissing
    |   +-- RecipientInvalid
    |   +-- RecipientSuppressed
    |   +-- TooManyRecipients
    +-- ContentRefused
    |   +-- FieldMissing             a field that the call requires (`field`)
    |   +-- FieldInvalid             a field of a wrong type or form (`field`)
    |   +-- SubjectInvalid
    |   +-- ContentMissing           neither HTML nor text
    |   +-- HeaderInvalid            RFC 5322 forbids it
    |   +-- HeaderReserved           only we may set it
    |   +-- AttachmentInvalid
    |   +-- MessageMalformed         raw mail with bare CR or LF, NUL, control characters in its header
    |   +-- TemplateMissing
    |   +-- TemplateBroken
    +-- TooLarge
    |   +-- MessageTooLarge
    |   +-- AttachmentsTooLarge
    |   +-- BodyTooLarge             an HTTP body
    +-- OverLimit
    |   +-- RateExceeded             requests in a time (`retry_after`)
    |   +-- QuotaExceeded            messages in a time or in total
    +-- RequestRefused               the call itself, before any meaning
    |   +-- RequestMalformed         not JSON, not a form
    |   +-- MethodNotAllowed
    |   +-- UnknownCall              no such path or command
    |   +-- IdempotencyConflict      the key was used for another message
    |   +-- Unsupported              documented by the vendor, not served by us
    +-- Unavailable                  the database is: nothing was accepted, try again
"""

from __future__ import annotations

from datetime import datetime


class Refused(Exception):
    """A request that Gatepost does not fulfil; nothing was stored.

    `message` says what happened, to what, and what to do. `field` is the neutral name of the field at fault (`subject`,
    `to`, `from`, `headers.X-Tag`), `value` the offending value, shortened, for those dialects that quote it.
    """

    code = "refused"
    message = "The request was refused."

    def __init__(self, message: str = "", *, field: str = "", value: str = "") -> None:
        self.message = message or type(self).message
        self.field = field
        self.value = value[:200]
        super().__init__(self.message)


class NotAuthenticated(Refused):
    code = "not_authenticated"
    message = "Name and secret, or key, are required."


class BadCredentials(NotAuthenticated):
    code = "bad_credentials"
    message = "The name and secret, or the key, are not right."


class CredentialRevoked(NotAuthenticated):
    code = "credential_revoked"
    message = "This credential was deleted."


class NotAllowed(Refused):
    code = "not_allowed"
    message = "This is not allowed."


class AccountSuspended(NotAllowed):
    code = "account_suspended"
    message = "The account is suspended."


class AccountDeleted(NotAllowed):
    code = "account_deleted"
    message = "The account was deleted."


class AccountPurged(NotAllowed):
    code = "account_purged"
    message = "The account is not there any more."


class CredentialDisabled(NotAllowed):
    code = "credential_disabled"
    message = "This credential is disabled."


class CredentialBlocked(NotAllowed):
    code = "credential_blocked"
    message = "This credential was blocked by the operator."


class CredentialBlockedUntil(NotAllowed):
    code = "credential_blocked_until"

    def __init__(self, until: datetime) -> None:
        super().__init__(f"This credential is blocked until {until:%Y-%m-%d %H:%M:%S} UTC.")
        self.until = until


class CredentialSendsOnly(NotAllowed):
    code = "credential_sends_only"
    message = (
        "This credential may send, and no more; the account's console can allow it to read and change what the account has."
    )


class SenderRefused(Refused):
    code = "sender_refused"


class SenderMissing(SenderRefused):
    code = "sender_missing"
    message = "The sender's address is missing."


class SenderInvalid(SenderRefused):
    code = "sender_invalid"


class SenderNotAllowed(SenderRefused):
    code = "sender_not_allowed"


class DomainNotVerified(SenderRefused):
    code = "domain_not_verified"


class RecipientRefused(Refused):
    code = "recipient_refused"


class RecipientMissing(RecipientRefused):
    code = "recipient_missing"
    message = "At least one recipient is required."


class RecipientInvalid(RecipientRefused):
    code = "recipient_invalid"


class RecipientSuppressed(RecipientRefused):
    code = "recipient_suppressed"


class TooManyRecipients(RecipientRefused):
    code = "too_many_recipients"


class ContentRefused(Refused):
    code = "content_refused"


class FieldMissing(ContentRefused):
    code = "field_missing"

    def __init__(self, field: str, message: str = "") -> None:
        super().__init__(message or f"The field {field} is missing.", field=field)


class FieldInvalid(ContentRefused):
    code = "field_invalid"

    def __init__(self, field: str, message: str = "", *, value: str = "") -> None:
        super().__init__(message or f"The field {field} is not valid.", field=field, value=value)


class SubjectInvalid(ContentRefused):
    code = "subject_invalid"
    message = "The subject has control characters or line breaks; remove them."


class ContentMissing(ContentRefused):
    code = "content_missing"
    message = "The message has neither HTML nor text."


class HeaderInvalid(ContentRefused):
    code = "header_invalid"


class HeaderReserved(ContentRefused):
    code = "header_reserved"


class AttachmentInvalid(ContentRefused):
    code = "attachment_invalid"


class MessageMalformed(ContentRefused):
    code = "message_malformed"


class TemplateMissing(ContentRefused):
    code = "template_missing"
    message = "This account has no such template; give the id of one that it has."


class TemplateBroken(ContentRefused):
    code = "template_broken"


class TooLarge(Refused):
    code = "too_large"


class MessageTooLarge(TooLarge):
    code = "message_too_large"


class AttachmentsTooLarge(TooLarge):
    code = "attachments_too_large"


class BodyTooLarge(TooLarge):
    code = "body_too_large"


class OverLimit(Refused):
    """`retry_after` is in whole seconds from now; `limit` what is allowed in that time."""

    code = "over_limit"

    def __init__(self, message: str, *, retry_after: int = 60, limit: int = 0) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.limit = limit


class RateExceeded(OverLimit):
    code = "rate_exceeded"


class QuotaExceeded(OverLimit):
    code = "quota_exceeded"


class RequestRefused(Refused):
    code = "request_refused"


class RequestMalformed(RequestRefused):
    code = "request_malformed"
    message = "The body of the request cannot be read."


class MethodNotAllowed(RequestRefused):
    code = "method_not_allowed"
    message = "This call does not take that HTTP method."


class UnknownCall(RequestRefused):
    code = "unknown_call"
    message = "There is no such call."


class IdempotencyConflict(RequestRefused):
    code = "idempotency_conflict"
    message = "This idempotency key was used for another message."


class Unsupported(RequestRefused):
    code = "unsupported"


class Unavailable(Refused):
    code = "unavailable"
    message = "The message could not be stored; nothing was accepted. Try again in a moment."
