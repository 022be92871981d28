"""From an SMTP transaction to a Submission, as every door makes one.

The header is looked into only where it has orders for us: X-SMTPAPI (of SendCloud or MailUp, decision 16), X-STes-* and
SC-Custom-*. The message itself stays as it came; whether it may be sent is for `accept` to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.conf import settings

from domains.credentials import Credential
from gateway.api.mailup import xsmtpapi as mailup
from gateway.api.overlay import Overlay, apply
from gateway.api.sendclean.parse.switches import obey_whole
from gateway.api.sendcloud import xsmtpapi as sendcloud
from gateway.base.errors import FieldInvalid
from gateway.engine.rawmail import RawHead, read_raw
from gateway.engine.submission import Addressee, Submission
from gateway.smtp.addresses import Address

_has_orders = re.compile(rb"^(?:x-smtpapi|x-stes-|sc-custom-)", re.IGNORECASE | re.MULTILINE).search


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Who is logged in on a connection, with the label of a SendCloud login `api_user#label`."""

    credential: Credential
    label: str = ""


def translate(login: Login, recipients: Iterable[Address], content: bytes, *, client: str, ehlo: str) -> Submission:
    """Return the submission that a transaction asks for.

    Raises what `read_raw` raises for a header that cannot be read, FieldInvalid("xsmtpapi") and FieldsRefused for orders that
    cannot be followed.
    """
    credential = login.credential
    submission = Submission(
        account_id=credential.account_id,
        smtp_user_id=credential.smtp_user_id,
        domain_id=credential.domain_id,
        door="smtp",
        sender=None,  # the From field says it
        recipients=tuple([Addressee(email=address.text) for address in recipients]),
        raw=content,
        tags=(login.label,) if login.label else (),
        campaign=credential.campaign_code,
        bulk=credential.priority >= mailup.BULK,
        client=client,
        ehlo=ehlo,
    )
    end = content.find(b"\r\n\r\n")
    if _has_orders(content, 0, end if end >= 0 else len(content)):
        return _obey(submission, read_raw(content, max_size=settings.GATEPOST_MAX_SIZE))
    return submission


def _obey(submission: Submission, head: RawHead) -> Submission:
    told = replace(obey_whole(submission, head.controls), event_headers=head.custom)
    return told if head.x_smtpapi is None else apply(told, _read_x_smtpapi(head.x_smtpapi.encode()))


def _read_x_smtpapi(value: bytes) -> Overlay:
    for read in (sendcloud.read_header, mailup.read_header):
        overlay = read(value)
        if overlay is not None:
            return overlay
    raise FieldInvalid("xsmtpapi", "X-SMTPAPI must be base64 of a JSON object, or a JSON object of XSmtpAPIDTO's names.")
