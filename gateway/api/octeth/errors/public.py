"""The codes of the calls of `/api/v1` beside `/api/v1/email`."""

from __future__ import annotations

from gateway.api.octeth.errors import ERRORS, TOO_MANY, WORDS, Table
from gateway.base.errors import (
    AccountDeleted,
    AccountPurged,
    AccountSuspended,
    BadCredentials,
    CredentialRevoked,
    NotAllowed,
    NotAuthenticated,
    QuotaExceeded,
    Refused,
)

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
