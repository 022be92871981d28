"""From refusals to SMTP replies: one table. The words are the refusal's own, after an enhanced code (RFC 3463)."""

from __future__ import annotations

from gateway.api.fields import FieldsRefused
from gateway.base.errors import (
    BadCredentials,
    ContentRefused,
    CredentialRevoked,
    DomainNotVerified,
    IdempotencyConflict,
    NotAllowed,
    NotAuthenticated,
    OverLimit,
    QuotaExceeded,
    RateExceeded,
    RecipientInvalid,
    RecipientMissing,
    RecipientRefused,
    RecipientSuppressed,
    Refused,
    RequestRefused,
    SenderInvalid,
    SenderMissing,
    SenderRefused,
    TooLarge,
    TooManyRecipients,
    Unavailable,
    Unsupported,
)
from gateway.smtp.events import Reply

Row = tuple[int, str]

REPLIES: dict[type[Refused], Row] = {
    NotAuthenticated: (530, "5.7.0"),
    BadCredentials: (535, "5.7.8"),
    CredentialRevoked: (535, "5.7.8"),
    NotAllowed: (550, "5.7.1"),
    SenderRefused: (550, "5.7.1"),
    SenderMissing: (550, "5.1.7"),
    SenderInvalid: (550, "5.1.7"),
    DomainNotVerified: (550, "5.7.1"),
    RecipientRefused: (550, "5.1.0"),
    RecipientMissing: (554, "5.5.1"),
    RecipientInvalid: (550, "5.1.3"),
    RecipientSuppressed: (550, "5.7.1"),
    TooManyRecipients: (550, "5.5.3"),
    ContentRefused: (550, "5.6.0"),
    FieldsRefused: (550, "5.6.0"),
    TooLarge: (552, "5.3.4"),
    OverLimit: (450, "4.7.1"),
    QuotaExceeded: (452, "4.7.1"),
    RequestRefused: (554, "5.5.0"),
    IdempotencyConflict: (550, "5.5.0"),
    Unsupported: (550, "5.3.3"),
    Unavailable: (451, "4.3.0"),
    Refused: (554, "5.0.0"),
}

# Words that programs of SendCloud's customers look for (contracts.md 2.3). SendCloud's own code for the first is 536, which by
# RFC 5321 4.2.1 would make clients throw the mail away: what passes by itself stays a 4xx here.
LEADS: dict[type[Refused], str] = {
    RateExceeded: "frequency limited: ",
    QuotaExceeded: "Request quota exceeded: ",
}


def reply_to(refusal: Refused) -> Reply:
    """Return the reply to a message that was refused: the row of the refusal's class or of the nearest class above it."""
    code, enhanced = next(REPLIES[each] for each in type(refusal).__mro__ if each in REPLIES)
    # seeds/002 promises these words for an X-SMTPAPI that cannot be used; nothing else names a page here.
    lead = "xsmtpapi error: " if refusal.field.startswith(("xsmtpapi", "unsubscribe_page_id")) else LEADS.get(type(refusal), "")
    return Reply(code, lead + refusal.message, enhanced)


def reply_to_auth(refusal: Refused) -> Reply:
    """Return the reply to an AUTH that was refused: RFC 4954 6 has codes of its own."""
    reply = reply_to(refusal)
    return Reply(454 if reply.code < 500 else 535, reply.text, reply.enhanced)
