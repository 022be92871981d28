"""What Octeth answers to each refusal: a code and its sentence (seed, Send Email; contracts.md 4.1).

Here are the codes of `/api/v1/email`; those of the other public calls stand in `public.py`, of `/api.php` in `commands.py`.
Errors have HTTP status 200, but for 429, for what the vendor has no code for, where the code is the status, and for those above
100000.
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

# Documented answers that no input can reach, with the reason; by the call and the code, or the sentence where others share it.
NEVER: dict[tuple[str, int | str], str] = {
    ("/api/v1/email", 34): "Accounts have no verification of their own here; sender domains are verified, which is code 32.",
    ("/api/v1/email", "You have exceeded your send rate limits. Please wait before sending another email."): (
        "Limits of sent mail are quotas here, which is code 17; 429 is for requests, with the other sentence."
    ),
    ("GET /api/v1/webhooks", "Too many requests. Rate limit exceeded."): (
        "The example beside it has the sentence with seconds and attempts, which says more."
    ),
    ("/api.php", 100002): "The vendor does not tell its three codes of HTTP 500 apart; ours are 100004 and 100005.",
    ("User.Login", 101): "It asks for a second factor; logging in has none here.",
    ("EmailGateway.SMTPRelay", 10): "An envelope does not tell To, CC and BCC apart: too many of all are code 9.",
    ("EmailGateway.SMTPRelay", 11): "As code 10.",
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
