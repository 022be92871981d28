"""messages/sendRaw: a whole mail, which goes the way of one by SMTP (decision 11): judged by its bytes, sent as it is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from django.conf import settings

from domains.credentials import Credential
from gateway.api.bodies import Payload
from gateway.api.fields import Field, check, mail_octets
from gateway.api.sendclean.parse import SMTP_USER
from gateway.api.sendclean.parse.switches import obey_whole
from gateway.base.errors import RecipientInvalid, Unsupported
from gateway.engine.mailboxes import MailboxError, parse_mailboxes
from gateway.engine.rawmail import Field as MailField
from gateway.engine.rawmail import read_raw
from gateway.engine.submission import Addressee, Kind, Submission

RAW = (Field("raw_message", required=True),)
SEND_RAW = (*SMTP_USER, *RAW)

_KINDS: Final = {b"to": Kind.TO, b"cc": Kind.CC, b"bcc": Kind.BCC}
# `undisclosed-recipients:;`, a group of nobody (RFC 5322 3.4).
_NOBODY: Final = re.compile(r"[^:;<>@,\"]*:[ \t]*;")


def parse_raw(payload: Payload, credential: Credential) -> Submission:
    """Return the Submission of a sendRaw call: to whom its To, Cc and Bcc say.

    Raises FieldsRefused, RecipientInvalid, Unsupported for an X-SMTPAPI (another vendor's), and what `read_raw` raises.
    """
    raw = mail_octets(check(RAW, payload.values)["raw_message"])
    head = read_raw(raw, max_size=settings.GATEPOST_MAX_SIZE)
    if head.x_smtpapi is not None:
        raise Unsupported("X-SMTPAPI is not taken by this call; give orders in X-STes-* headers.")
    submission = Submission(
        account_id=credential.account_id,
        smtp_user_id=credential.smtp_user_id,
        domain_id=credential.domain_id,
        door="sendclean",
        sender=None,  # the From field says it
        recipients=_read_recipients(head.fields),
        raw=raw,
        event_headers=head.custom,
        idempotency_key=payload.idempotency_key,
        client=payload.client,
    )
    return obey_whole(submission, head.controls)


def _read_recipients(fields: Iterable[MailField]) -> tuple[Addressee, ...]:
    return tuple(
        addressee
        for name, value in fields
        if (kind := _KINDS.get(name.lower())) is not None
        for addressee in _read_field(kind, value.replace(b"\r\n", b"").decode().strip(" \t"))
    )


def _read_field(kind: Kind, value: str) -> list[Addressee]:
    if not value or _NOBODY.fullmatch(value):
        return []
    try:
        return [Addressee(email=mailbox.email, kind=kind) for mailbox in parse_mailboxes(value)]
    except MailboxError as error:
        raise RecipientInvalid(
            f"The {kind.value.title()} field is not a list of addresses: {error}", field=kind.value, value=value
        ) from None
