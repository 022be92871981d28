"""What `/api.php` answers beside the numbers of each command, which stand in its class (contracts.md 4.1)."""

from __future__ import annotations

from gateway.api.base import Unexpected
from gateway.api.octeth.errors import TOO_MANY
from gateway.base.errors import (
    AccountDeleted,
    AccountPurged,
    AccountSuspended,
    DomainNotVerified,
    MethodNotAllowed,
    NotAllowed,
    NotAuthenticated,
    QuotaExceeded,
    RateExceeded,
    RecipientRefused,
    RecipientSuppressed,
    Refused,
    RequestMalformed,
    SenderRefused,
    TooLarge,
    TooManyRecipients,
    Unavailable,
    UnknownCall,
)


class NotPrivileged(NotAllowed):
    """The person's role in the account does not suffice for the command."""

    code = "not_privileged"
    message = "Your role in this account does not suffice for this."


# What /api.php answers beside the numbers of each command. Codes below 600 are ours, and the HTTP status.
NOT_AUTHENTICATED, NOT_PRIVILEGED = 99998, 99999
COMMAND_WORDS: dict[int, str] = {
    NOT_AUTHENTICATED: "Authentication failure or session expired",
    NOT_PRIVILEGED: "Not enough privileges",
    100000: "The JSON of the request is not valid",
    100001: "The HTTP method of the request is not valid",
    100003: "There is no such command",
    100004: "The request could not be stored",
    100005: "An unexpected error occurred",
    429: TOO_MANY,
}
COMMAND_ERRORS: dict[type[Refused], int] = {
    Refused: 400,
    NotAuthenticated: NOT_AUTHENTICATED,
    NotAllowed: NOT_AUTHENTICATED,  # a suspended or deleted account
    NotPrivileged: NOT_PRIVILEGED,
    TooLarge: 413,
    QuotaExceeded: 403,
    RateExceeded: 429,
    RequestMalformed: 100000,
    MethodNotAllowed: 100001,
    UnknownCall: 100003,
    Unavailable: 100004,
    Unexpected: 100005,
}
BAD_REQUESTS = frozenset((100000, 100001, 100003))  # HTTP status 400; those above 100000 that are not here have 500

# What EmailGateway.SMTPRelay answers: the vendor's number, and the reply that the relay gives its client.
SMTP_RELAY: dict[type[Refused], tuple[int, str]] = {
    Refused: (400, "554 5.6.0 {words}"),
    NotAuthenticated: (3, "500 5.0.0 AUTH ERROR"),
    NotAllowed: (3, "500 5.0.0 AUTH ERROR"),  # the SMTP user is disabled or blocked
    SenderRefused: (4, "550 5.7.1 {words}"),
    DomainNotVerified: (5, "550 5.7.1 {words}"),
    AccountDeleted: (6, "500 5.0.0 AUTH ERROR"),
    AccountPurged: (6, "500 5.0.0 AUTH ERROR"),
    AccountSuspended: (7, "500 5.0.0 AUTH ERROR"),
    RecipientRefused: (400, "550 5.1.3 {words}"),
    RecipientSuppressed: (8, "550 5.7.1 {words}"),
    TooManyRecipients: (9, "550 5.5.3 {words}"),
    TooLarge: (413, "552 5.3.4 {words}"),
    RateExceeded: (12, "450 4.7.1 {words}"),
    QuotaExceeded: (13, "452 4.7.1 {words}"),
}
