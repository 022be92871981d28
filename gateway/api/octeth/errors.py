"""What Octeth's `/api/v1` and `/api.php` answer to each refusal: a code and its sentence (seed, Send Email; contracts.md 4.1).

At `/api.php` each command has numbers of its own too, which stand in its class. Errors have HTTP status 200, but for 429, for
what the vendor has no code for, where the code is the HTTP status, and for those of `/api.php` above 100000.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.api.base import Unexpected
from gateway.base.errors import (
    AccountDeleted,
    AccountPurged,
    AccountSuspended,
    BadCredentials,
    ContentMissing,
    ContentRefused,
    CredentialRevoked,
    DomainNotVerified,
    IdempotencyConflict,
    MethodNotAllowed,
    NotAllowed,
    NotAuthenticated,
    QuotaExceeded,
    RateExceeded,
    RecipientMissing,
    RecipientRefused,
    RecipientSuppressed,
    Refused,
    RequestMalformed,
    RequestRefused,
    SenderInvalid,
    SenderMissing,
    SenderNotAllowed,
    SenderRefused,
    TemplateMissing,
    TooLarge,
    TooManyRecipients,
    Unavailable,
    UnknownCall,
)


class NotPrivileged(NotAllowed):
    """The person's role in the account does not suffice for the command."""

    code = "not_privileged"
    message = "Your role in this account does not suffice for this."


# Codes of the vendor's list whose sentence has numbers to fill in: X seconds, Y attempts.
TOO_MANY = "Too many requests. Wait for {seconds} seconds for another {attempts} attempts."

WORDS: dict[int, str] = {
    1: "Missing SenderAPIKey",
    2: "Invalid DomainID",
    3: "From parameter is either missing or invalid. Make sure you pass both name and email address for the from field",
    8: "Missing Subject",
    9: "Missing ContentType",
    10: "Missing HTMLContent",
    11: "Missing PlainContent",
    12: "Invalid or deactivated user account",
    13: "Invalid SenderAPIKey",
    14: "Email address is in the suppression list. Email delivery is blocked.",
    15: "Invalid TemplateID",
    16: "Invalid TargetListID",
    17: "Email sending limit reached",
    18: "Recipient name or email address is missing",
    19: "Recipient email address is invalid.",
    20: "There is no recipient set for the email.",
    21: "CC name or email address is missing",
    22: "CC email address is invalid.",
    23: "Invalid from email address format",
    24: "BCC email addresses must be set as an array",
    25: "BCC name or email address is missing",
    26: "BCC email address is invalid.",
    27: "The number of BCC email addresses exceed the allowed email address count",
    28: "Reply-To email addresses must be set as an array",
    29: "Reply-To name or email address is missing",
    30: "Reply-To email address is invalid.",
    31: "The number of Reply-To email addresses exceed the allowed email address count",
    32: "Domain is not activated",
    34: "User account is not verified",
    35: "Invalid ListID",
    36: "Invalid SubscriberID",
    37: "Invalid JourneyID",
    38: "Invalid ActionID",
    39: "Failed to resolve list recipients",
    429: TOO_MANY,
}

ERRORS: dict[type[Refused], int] = {
    Refused: 400,
    NotAuthenticated: 1,
    BadCredentials: 13,
    CredentialRevoked: 13,
    NotAllowed: 13,  # only SMTP users are disabled or blocked; this door has keys
    AccountSuspended: 12,
    AccountDeleted: 12,
    AccountPurged: 12,
    SenderRefused: 3,  # not of the key's domain
    SenderMissing: 3,
    SenderInvalid: 23,
    DomainNotVerified: 32,
    RecipientRefused: 19,
    RecipientMissing: 20,
    TooManyRecipients: 400,
    RecipientSuppressed: 14,
    ContentRefused: 400,
    ContentMissing: 10,
    TemplateMissing: 15,
    TooLarge: 413,
    RateExceeded: 429,
    QuotaExceeded: 17,
    RequestRefused: 400,
    MethodNotAllowed: 405,
    UnknownCall: 404,
    IdempotencyConflict: 409,
    Unavailable: 503,
    Unexpected: 500,
}

# Refusals that share the vendor's sentence with others: there `Detail` says what is wrong.
VAGUE = (SenderNotAllowed,)

# What is known by its field: a RecipientInvalid says which header it stands in.
FIELD_CODES: Mapping[str, int] = {
    "to": 19,
    "cc": 22,
    "bcc": 26,
    "reply_to": 30,
    "list": 16,
    "member_list": 35,
    "member": 36,
    "list_members": 39,
}

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

# Documented answers that no input can reach, with the reason.
NEVER: dict[str, str] = {
    WORDS[34]: "Accounts have no verification of their own here; sender domains are verified, which is code 32.",
    "100002": "The vendor does not tell its three codes of HTTP 500 apart; ours are 100004 and 100005.",
    "EmailGateway.SMTPRelay 10, 11": "An envelope does not tell To, CC and BCC apart: too many of all are code 9.",
    "You have exceeded your send rate limits. Please wait before sending another email.": (
        "Limits of sent mail are quotas here, which is code 17; 429 is for requests, with the other sentence."
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Error:
    """One entry of `Errors`."""

    code: int
    message: str
    detail: str = ""

    @property
    def status(self) -> int:
        """Return the HTTP status that goes with it: 200 for the vendor's own codes, but for one; ours are the status."""
        return 502 if self.code == 39 else 200 if self.code < 400 else self.code


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What a public call answers: its codes by a refusal's field, else by its class, and their sentences."""

    words: Mapping[int, str]
    kinds: Mapping[type[Refused], int]
    fields: Mapping[str, int]
    no_key: int = 1
    no_domain: int = 2  # the key is one of the whole account


EMAIL = Table(words=WORDS, kinds=ERRORS, fields=FIELD_CODES)

# /api/v1/webhooks knows nothing of a key but that it is not right, and has no number for who may not call: 2 or 13.
_LIMITED = {QuotaExceeded: 403}
_NOT_RIGHT: dict[type[Refused], int] = {NotAuthenticated: 13, BadCredentials: 13, CredentialRevoked: 13, NotAllowed: 13}
_ADDING = ERRORS | _NOT_RIGHT | _LIMITED | {AccountSuspended: 13, AccountDeleted: 13, AccountPurged: 13}
_OTHERS = ERRORS | _NOT_RIGHT | {AccountSuspended: 2, AccountDeleted: 2, AccountPurged: 2}

ADD_WEBHOOK = Table(
    words={
        2: "Event is missing",
        3: "Invalid Event value",
        5: "WebhookURL is missing",
        6: "WebhookURL must be a valid HTTP or HTTPS URL",
        7: "WebhookURL cannot point to localhost, loopback, or .local addresses",
        13: WORDS[13],
        429: TOO_MANY,
    },
    kinds=_ADDING,
    fields={"url": 7},
    no_key=13,
    no_domain=13,
)
LIST_WEBHOOKS = Table(
    words={2: "Invalid user account", 13: WORDS[13], 429: TOO_MANY}, kinds=_OTHERS, fields={}, no_key=13, no_domain=13
)
DELETE_WEBHOOK = Table(
    words={1: "WebhookID is missing", 2: "Invalid user account", 4: "Invalid WebhookID", 13: WORDS[13], 429: TOO_MANY},
    kinds=_OTHERS,
    fields={"webhook": 4},
    no_key=13,
    no_domain=13,
)
EVENTS = Table(
    words={
        1: WORDS[1],
        2: "Invalid user account",
        4: "Missing StartFrom",
        5: "Missing RetrieveCount",
        13: WORDS[13],
        429: "Too many requests. Please wait for {seconds} seconds before trying again.",
    },
    kinds=_OTHERS | {NotAuthenticated: 1},
    fields={},
)
RELAY_CHECK = Table(
    words={1: "Authentication failed. Invalid admin API key."},
    kinds=ERRORS | dict.fromkeys(_NOT_RIGHT, 1) | {AccountSuspended: 1, AccountDeleted: 1, AccountPurged: 1},
    fields={},
)

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
