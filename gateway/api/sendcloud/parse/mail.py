"""SendCloud's parameters to a Submission. Field tables say what each is and which code a wrong one gets.

An empty parameter is an absent one. Parameters come from the query, a form, a multipart form or JSON alike; in JSON, lists of
addresses may be arrays, and headers and xsmtpapi objects.

Not served: gzipCompress (of v1 alone). Address lists are not sent to yet: no list is ever found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from domains.credentials import Credential
from gateway.api.bodies import FormFile, Payload, parse_object
from gateway.api.fields import Fault, Field, FieldsRefused, boolean, check, guess_type, header_pairs, integer, text
from gateway.api.mailboxes import parse_mailbox, split_mailboxes
from gateway.api.overlay import Overlay, apply, is_control
from gateway.api.sendcloud import xsmtpapi
from gateway.api.sendcloud.parse import drop_empty
from gateway.base.errors import (
    AttachmentsTooLarge,
    FieldMissing,
    RecipientMissing,
    RequestMalformed,
    TooManyRecipients,
)
from gateway.engine.submission import Addressee, FilePart, Kind, Mailbox, Submission
from gateway.smtp.addresses import AddressError, parse_address

MAX_COPIES = 100  # addresses each in to, cc and bcc
MAX_LISTS = 5
MAX_REPLY_TO = 3
MAX_FILES = 10_485_760  # octets of all files together
MAX_SUMMARY = 200  # octets
REQUEST_ID_SECONDS, KEY_SECONDS = 3600, 86_400  # how long a sendRequestId and an Idempotency-Key are remembered

_KINDS = {"to": Kind.TO, "cc": Kind.CC, "bcc": Kind.BCC}
_body_tag = re.compile(r"<body(?:\s[^<>]{0,2000})?>", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendCall:
    """A mail/send as asked for: the mail, and whether the answer lists the ids of its copies."""

    submission: Submission
    with_ids: bool


def joined(value: Any) -> str:
    """Take addresses separated by `;`, or an array of them."""
    return ";".join(text(item) for item in value) if isinstance(value, list) else text(value)


def summary(value: Any) -> str:
    """Take a content summary of at most 200 octets."""
    if len(text(value).encode()) > MAX_SUMMARY:
        raise ValueError(f"must have at most {MAX_SUMMARY} bytes")
    return text(value)


def label(value: Any) -> str:
    """Take the name of a label."""
    if len(text(value)) > 255:
        raise ValueError("must have at most 255 characters")
    return text(value)


def labels(value: Any) -> tuple[str, ...]:
    """Take at most five labels of at most 50 characters each, separated by `;`."""
    found = tuple(item.strip() for item in joined(value).split(";") if item.strip())
    if len(found) > 5 or any(len(item) > 50 for item in found):
        raise ValueError("must have at most 5 tags of at most 50 characters each")
    return found


def request_id(value: Any) -> str:
    """Take the customer's own id of a call."""
    if len(text(value)) > 128:
        raise ValueError("must have at most 128 characters")
    return text(value)


def headers(value: Any) -> tuple[tuple[str, str], ...]:
    """Take a JSON object of header names and values, in text or as it is."""
    try:
        return header_pairs(value if isinstance(value, dict) else parse_object(text(value)))
    except RequestMalformed as refusal:
        raise ValueError(f"must be a JSON object: {refusal.message}") from None


def text_or_object(value: Any) -> str | dict[str, Any]:
    """Take the text of a JSON object, or, in a JSON body, the object itself."""
    return value if isinstance(value, dict) else text(value)


def nothing(value: Any) -> None:
    """Take an empty array only: files come in multipart bodies."""
    if value != []:
        raise ValueError("must be files of a multipart body")


SEND = (
    Field("from", required=True, missing=40801, invalid=40802),
    Field("fromName", default="", invalid=40804),
    Field("to", joined, invalid=40806),
    Field("cc", joined, invalid=40853),
    Field("bcc", joined, invalid=40856),
    Field("subject", required=True, missing=40808, invalid=40809),
    Field("replyTo", joined, invalid=40811),
    Field("html", default="", invalid=40871),
    Field("plain", default="", invalid=40831),
    Field("contentSummary", summary, default="", invalid=40878),
    Field("headers", headers, default=(), invalid=40869),
    Field("xsmtpapi", text_or_object, invalid=40813),
    Field("attachments", nothing, invalid=40867),
    Field("embeddedCid", joined, default="", invalid=40875),
    Field("labelId", integer, invalid=40103),
    Field("labelName", label, invalid=40105),
    Field("tag", labels, default=(), invalid=40105),
    Field("sendRequestId", request_id, default=""),
    Field("respEmailId", boolean, default=True, invalid=40859),
    Field("useNotification", boolean, default=False, invalid=40829),
    Field("useAddressList", boolean, default=False, invalid=40874),
)


def parse_send(payload: Payload, credential: Credential) -> SendCall:
    """Return what a mail/send asks for."""
    found = check(SEND, drop_empty(payload.values))
    if found["useAddressList"]:
        _refuse_lists(found["to"] or "")
    overlay = _read_xsmtpapi(found["xsmtpapi"])
    sender = _read_sender(found)
    own_headers = tuple((name, value) for name, value in found["headers"] if not is_control(name))
    submission = Submission(
        account_id=credential.account_id,
        door="sendcloud",
        smtp_user_id=credential.smtp_user_id,
        domain_id=credential.domain_id,
        sender=sender,
        recipients=overlay.recipients or tuple(_read_recipients(found)),
        subject=found["subject"],
        text=found["plain"],
        html=_add_summary(found["html"], found["contentSummary"]),
        reply_to=_read_reply_to(found["replyTo"]),
        headers=(*own_headers, *_ask_notification(sender, is_wanted=found["useNotification"])),
        event_headers={name: value for name, value in own_headers if name.lower().startswith("sc-custom-")},
        files=_read_files(payload.files, found["embeddedCid"]),
        tags=_read_tags(found),
        idempotency_key=found["sendRequestId"] or payload.idempotency_key,
        idempotency_seconds=REQUEST_ID_SECONDS if found["sendRequestId"] else KEY_SECONDS,
        notes=tuple(f"The header {name[:80]!r} was left out." for name, _ in found["headers"] if is_control(name)),
        client=payload.client,
    )
    return SendCall(submission=apply(submission, overlay), with_ids=found["respEmailId"])


def _read_xsmtpapi(value: str | dict[str, Any] | None) -> Overlay:
    if value is None:
        return Overlay()
    return xsmtpapi.read_object(value) if isinstance(value, dict) else xsmtpapi.read_text(value)


def _read_sender(found: Mapping[str, Any]) -> Mailbox:
    """Return From; a name of its own parameter beats the one beside the address."""
    mailbox = parse_mailbox(found["from"])
    return Mailbox(email=mailbox.email, name=found["fromName"] or mailbox.name)


def _read_recipients(found: Mapping[str, Any]) -> Iterator[Addressee]:
    for name, kind in _KINDS.items():
        mailboxes = split_mailboxes(found[name] or "")
        if not mailboxes and (name == "to" or found[name] is not None):
            raise RecipientMissing(f"{name} names nobody.", field=name)
        if len(mailboxes) > MAX_COPIES:
            raise TooManyRecipients(f"{name} has {len(mailboxes)} addresses; at most {MAX_COPIES} are allowed.", field=name)
        yield from (Addressee(email=mailbox.email, name=mailbox.name, kind=kind) for mailbox in mailboxes)


def _read_reply_to(value: str | None) -> tuple[Mailbox, ...]:
    mailboxes = split_mailboxes(value or "")
    if value is not None and not mailboxes:
        raise FieldMissing("reply_to")
    if len(mailboxes) > MAX_REPLY_TO:
        raise FieldsRefused(Fault(field="replyTo", error=40879, message=f"replyTo has more than {MAX_REPLY_TO} addresses."))
    return mailboxes


def _refuse_lists(to: str) -> None:
    """Refuse a send to address lists, with what is wrong first; whatever is right names a list that is not there."""
    names = [name.strip() for name in to.split(";") if name.strip()]
    if not names:
        raise FieldsRefused(Fault(field="to", error=40872, message="to names no address list."))
    if len(names) > MAX_LISTS:
        raise FieldsRefused(Fault(field="to", error=40864, message=f"to has more than {MAX_LISTS} address lists."))
    try:
        for name in names:
            parse_address(name)
    except AddressError as error:
        raise FieldsRefused(Fault(field="to", error=40862, message=str(error))) from None
    raise FieldsRefused(Fault(field="to", error=40863, message="There is no such address list.", value=to))


def _add_summary(html: str, words: str) -> str:
    """Put the summary that inboxes show beside the subject first into the HTML, where readers do not see it."""
    if not html or not words:
        return html
    opened = _body_tag.search(html)
    place = opened.end() if opened else 0
    hidden = f'<div style="display:none;max-height:0;overflow:hidden">{escape(words)}</div>'
    return html[:place] + hidden + html[place:]


def _ask_notification(sender: Mailbox, *, is_wanted: bool) -> tuple[tuple[str, str], ...]:
    """Return the header that asks readers for a receipt (RFC 8098 2.1)."""
    return (("Disposition-Notification-To", sender.email),) if is_wanted else ()


def _read_tags(found: Mapping[str, Any]) -> tuple[str, ...]:
    named = found["labelName"] or ("" if found["labelId"] is None else str(found["labelId"]))
    return tuple(dict.fromkeys(tag for tag in (named, *found["tag"]) if tag))


def _read_files(files: tuple[FormFile, ...], ids: str) -> tuple[FilePart, ...]:
    """Return attachments and, with an id each from `embeddedCid`, inline images."""
    if sum(len(file.content) for file in files) > MAX_FILES:
        raise AttachmentsTooLarge(f"The files have more than {MAX_FILES} bytes.")
    images = [file for file in files if file.name == "embeddedImage"]
    content_ids = [item.strip() for item in ids.split(";") if item.strip()]
    if len(images) != len(content_ids):
        raise FieldsRefused(Fault(field="embeddedCid", error=40875, message="embeddedCid and embeddedImage differ in number."))
    attachments = [_read_file(file) for file in files if file.name != "embeddedImage"]
    return (*attachments, *(_read_file(file, content_id) for file, content_id in zip(images, content_ids, strict=True)))


def _read_file(file: FormFile, content_id: str = "") -> FilePart:
    content_type = file.content_type or guess_type(file.filename)
    return FilePart(filename=file.filename, content_type=content_type, content=file.content, content_id=content_id)
