"""MessageDTO and TemplateDTO to a Submission: from a plain mapping of DTO names, so that the format is no matter.

Names that a DTO does not have are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from domains.credentials import Credential
from gateway.api.bodies import Payload
from gateway.api.fields import Field, base64_bytes, check, guess_type, integer, listing, mapping, text
from gateway.api.mailboxes import parse_mailbox
from gateway.api.mailup.xsmtpapi import BULK, read_object, read_pairs
from gateway.api.overlay import Overlay, apply, is_control
from gateway.base.errors import FieldInvalid, RecipientMissing, SenderMissing, TemplateMissing
from gateway.engine.charsets import find_charset
from gateway.engine.submission import Addressee, FilePart, Kind, Mailbox, Submission

# "only SMTP headers that are approved by MailUp will be added"; the list is decision 21.
_approved = re.compile(
    r"X-.+|List-.+|Auto-Submitted|Precedence|Importance|Priority|In-Reply-To|References|Feedback-ID", re.IGNORECASE | re.DOTALL
)
_body_tag = re.compile(r"\s*<\s*(body(?:\s[^<>]*)?)>\s*", re.IGNORECASE)
_is_document = re.compile(r"\s*<(?:!doctype|html)[\s>]", re.IGNORECASE).match
_BODY_TAG = "<body>"
_LAST_KEY = (1 << 63) - 1  # of any row
_NOTED = 10  # names of headers that a note lists at most


def mailbox(value: Any) -> Mailbox:
    """Take an EmailAddressDTO, or an address as plain text, which clients send as well."""
    if isinstance(value, str):
        return parse_mailbox(value)
    found = check(EMAIL_ADDRESS, mapping(value))
    return Mailbox(email=found["Email"].strip(), name=found["Name"])


def mailboxes(value: Any) -> tuple[Mailbox, ...]:
    """Take a list of EmailAddressDTO, or a single one."""
    items = value if isinstance(value, list) else [value]
    return tuple(mailbox(item) for item in items if item is not None)


def octets(value: Any) -> bytes:
    """Take an array of bytes: base64, as .NET writes it, or numbers."""
    if not isinstance(value, list):
        return base64_bytes(value)
    try:
        return bytes(value)
    except (TypeError, ValueError):
        raise ValueError("must be base64 or an array of numbers from 0 to 255") from None


def parts(value: Any) -> tuple[Mapping[str, Any], ...]:
    """Take a list of MessagePartDTO."""
    return tuple(check(MESSAGE_PART, mapping(item)) for item in listing(value) if item is not None)


def body_tag(value: Any) -> str:
    """Take the start tag of the body; empty is the usual one."""
    found = _body_tag.fullmatch(text(value) or _BODY_TAG)
    if found is None:
        raise ValueError("must be a start tag such as <body>")
    return f"<{found[1]}>"


def html_text(value: Any) -> str:
    """Take an HtmlDTO and return the whole document; a Body that is one already stays as it is."""
    found = check(HTML, mapping(value), within="Html.")
    body = found["Body"]
    if not body or _is_document(body):
        return str(body)
    head = f"<head>{found['Head']}</head>" if found["Head"] else ""
    return f"{found['DocType']}<html>{head}{found['BodyTag']}{body}</body></html>"


def charset(value: Any) -> str:
    """Take the name of a charset; empty is none in particular."""
    name = text(value).strip()
    found = find_charset(name) if name else ""
    if found is None:
        raise ValueError("must be a charset that mail can be in, such as utf-8, iso-8859-1, windows-1252 or gb2312")
    return found


def xsmtpapi(value: Any) -> Overlay:
    """Take an XSmtpAPIDTO."""
    return read_object(mapping(value))


EMAIL_ADDRESS = (Field("Name", default=""), Field("Email", default=""))
MESSAGE_PART = (
    Field("Filename", default=""),
    Field("ContentId", default=""),
    Field("Body", octets, required=True),
)
HTML = (
    Field("DocType", default=""),
    Field("Head", default=""),
    Field("Body", default=""),
    Field("BodyTag", body_tag, default=_BODY_TAG),
)
_ENVELOPE = (
    Field("From", mailbox),
    Field("To", mailboxes, default=()),
    Field("Cc", mailboxes, default=()),
    Field("Bcc", mailboxes, default=()),
    Field("ReplyTo", default=""),
    Field("CharSet", charset, default=""),
    Field("ExtendedHeaders", read_pairs, default=()),
    Field("Attachments", parts, default=()),
    Field("EmbeddedImages", parts, default=()),
    Field("XSmtpAPI", xsmtpapi, default=read_object({})),
)
MESSAGE = (
    Field("Subject", default=""),
    Field("Html", html_text, default=""),
    Field("Text", default=""),
    *_ENVELOPE,
)
TEMPLATE = (
    Field("Subject", default=""),
    Field("TemplateId", integer),
    *_ENVELOPE,
)


def parse_message(payload: Payload, credential: Credential) -> Submission:
    """Return the Submission in a MessageDTO."""
    found = check(MESSAGE, payload.values)
    mail = replace(_read_mail(found, payload, credential), html=found["Html"], text=found["Text"])
    return apply(mail, found["XSmtpAPI"])


def parse_template(payload: Payload, credential: Credential) -> Submission:
    """Return the Submission in a TemplateDTO; raise TemplateMissing where it names none, as for one that is not there."""
    found = check(TEMPLATE, payload.values)
    mail = _read_mail(found, payload, credential)
    key = found["TemplateId"]
    if key is None or not 0 < key <= _LAST_KEY:
        raise TemplateMissing(field="TemplateId")
    return apply(replace(mail, template_id=key), found["XSmtpAPI"])


def _read_mail(found: Mapping[str, Any], payload: Payload, credential: Credential) -> Submission:
    """Return what the two DTOs have in common."""
    recipients = tuple(_read_recipients(found))
    if not recipients:
        raise RecipientMissing
    if found["From"] is None or not found["From"].email:
        raise SenderMissing
    headers, notes = _read_headers(found["ExtendedHeaders"])
    return Submission(
        account_id=credential.account_id,
        door="mailup",
        smtp_user_id=credential.smtp_user_id,
        domain_id=credential.domain_id,
        sender=found["From"],
        recipients=recipients,
        subject=found["Subject"],
        reply_to=(parse_mailbox(found["ReplyTo"]),) if found["ReplyTo"].strip() else (),
        headers=headers,
        charset=found["CharSet"],
        files=(*map(_read_attachment, found["Attachments"]), *map(_read_image, found["EmbeddedImages"])),
        campaign=credential.campaign_code,
        bulk=credential.priority >= BULK,
        idempotency_key=payload.idempotency_key,
        notes=notes,
        client=payload.client,
    )


def _read_recipients(found: Mapping[str, Any]) -> Iterable[Addressee]:
    for name, kind in (("To", Kind.TO), ("Cc", Kind.CC), ("Bcc", Kind.BCC)):
        for found_mailbox in found[name]:
            yield Addressee(email=found_mailbox.email, name=found_mailbox.name, kind=kind)


def _read_headers(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """Return the headers that are approved, and a note that names the others."""
    headers = tuple((name, value) for name, value in pairs if _is_approved(name))
    others = [repr(name[:80]) for name, _ in pairs if not _is_approved(name)]
    return headers, (f"ExtendedHeaders not added: {', '.join(others[:_NOTED])}.",) if others else ()


def _is_approved(name: str) -> bool:
    return _approved.fullmatch(name) is not None and not is_control(name)


def _read_attachment(part: Mapping[str, Any]) -> FilePart:
    return _read_part(part, content_id="")


def _read_image(part: Mapping[str, Any]) -> FilePart:
    """Return an image that the HTML names by its ContentId or, without one, by its file name."""
    content_id = part["ContentId"].strip().removeprefix("<").removesuffix(">") or part["Filename"]
    if not content_id:
        raise FieldInvalid("EmbeddedImages", "EmbeddedImages must have a ContentId.")
    return _read_part(part, content_id=content_id)


def _read_part(part: Mapping[str, Any], *, content_id: str) -> FilePart:
    name = part["Filename"]
    return FilePart(filename=name, content_type=guess_type(name), content=part["Body"], content_id=content_id)
