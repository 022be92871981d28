"""SendCloud's parameters to a Submission. What each is, and which code a wrong one gets, stands in mail_fields.py.

Names of address lists, labels and templates are looked up later (views/sending.py): nothing here asks the database. With
useAddressList, `to` names address lists, and cc, bcc and xsmtpapi count for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from html import escape
from itertools import islice
from typing import Any

from domains.credentials import Credential
from gateway.api.bodies import FormFile, Payload
from gateway.api.fields import check, fault_in, guess_type, pieces
from gateway.api.mailboxes import parse_mailbox, split_mailboxes
from gateway.api.overlay import Overlay, apply, is_control
from gateway.api.sendcloud import xsmtpapi
from gateway.api.sendcloud.parse import drop_empty
from gateway.api.sendcloud.parse.mail_fields import MAX_COPIES, SEND, SEND_TEMPLATE
from gateway.base.errors import AttachmentsTooLarge, FieldMissing, RecipientMissing, TooManyRecipients
from gateway.engine.submission import Addressee, FilePart, Kind, Mailbox, Submission, Syntax
from gateway.smtp.addresses import AddressError, parse_address

MAX_LISTS = 5
MAX_REPLY_TO = 3
MAX_FILES = 10_485_760  # octets of all files together
REQUEST_ID_SECONDS, KEY_SECONDS = 3600, 86_400  # how long a sendRequestId and an Idempotency-Key are remembered

_KINDS = {"to": Kind.TO, "cc": Kind.CC, "bcc": Kind.BCC}
_BESIDE_LISTS = ("cc", "bcc", "xsmtpapi")
_body_tag = re.compile(r"<body(?:\s[^<>]{0,2000})?>", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendCall:
    """A call that sends, as asked for: the mail, what is still to be looked up, and whether the answer lists the mails' ids."""

    submission: Submission
    lists: tuple[str, ...] = ()  # addresses of the lists that it goes to
    label_id: int | None = None
    label_name: str = ""
    with_ids: bool = True
    email_type: int | None = None  # of the API user; None: it sends templates of both types


def parse_send(payload: Payload, credential: Credential) -> SendCall:
    """Return what a mail/send asks for."""
    return read_send(payload, credential, check(SEND, drop_empty(payload.values)))


def parse_template(payload: Payload, credential: Credential) -> SendCall:
    """Return what a mail/sendtemplate asks for; its template fills in what is given for each recipient."""
    found = check(SEND_TEMPLATE, drop_empty(payload.values))
    if found["xsmtpapi"] is None and not found["useAddressList"]:
        raise fault_in("xsmtpapi", 40812, "xsmtpapi is required.")
    call = read_send(payload, credential, {"cc": None, "bcc": None, "html": "", "plain": "", "contentSummary": ""} | found)
    return replace(call, submission=replace(call.submission, template_name=found["templateInvokeName"]))


def read_send(payload: Payload, credential: Credential, found: Mapping[str, Any]) -> SendCall:
    """Return what a call that sends asks for, from its fields by name."""
    to_lists = found["useAddressList"]
    lists = _read_lists(found["to"] or "") if to_lists else ()
    overlay = Overlay() if to_lists else _read_xsmtpapi(found["xsmtpapi"])
    sender = _read_sender(found)
    own_headers = tuple((name, value) for name, value in found["headers"] if not is_control(name))
    submission = Submission(
        account_id=credential.account_id,
        door="sendcloud",
        smtp_user_id=credential.smtp_user_id,
        domain_id=credential.domain_id,
        sender=sender,
        recipients=() if to_lists else overlay.recipients or tuple(_read_recipients(found)),
        one_by_one=to_lists,
        bulk=to_lists,
        syntax=Syntax.SENDCLOUD if to_lists else Syntax.NONE,
        subject=found["subject"],
        text=found["plain"],
        html=_add_summary(found["html"], found["contentSummary"]),
        reply_to=_read_reply_to(found["replyTo"]),
        headers=(*own_headers, *_ask_notification(sender, is_wanted=found["useNotification"])),
        event_headers={name: value for name, value in own_headers if name.lower().startswith("sc-custom-")},
        files=_read_files(payload.files, found["embeddedCid"]),
        tags=found["tag"],
        idempotency_key=found["sendRequestId"] or payload.idempotency_key,
        idempotency_seconds=REQUEST_ID_SECONDS if found["sendRequestId"] else KEY_SECONDS,
        notes=tuple(_note(found)),
        client=payload.client,
    )
    return SendCall(
        submission=apply(submission, overlay),
        lists=lists,
        label_id=found["labelId"],
        label_name=found["labelName"],
        with_ids=found["respEmailId"],
        email_type=credential.email_type,
    )


def _read_xsmtpapi(value: str | dict[str, Any] | None) -> Overlay:
    if value is None:
        return Overlay()
    if value == {}:
        raise FieldMissing("xsmtpapi")
    return xsmtpapi.read_object(value) if isinstance(value, dict) else xsmtpapi.read_text(value)


def _read_sender(found: Mapping[str, Any]) -> Mailbox:
    """Return From; a name of its own parameter beats the one beside the address."""
    mailbox = parse_mailbox(found["from"])
    return Mailbox(email=mailbox.email, name=found["fromName"] or mailbox.name)


def _read_recipients(found: Mapping[str, Any]) -> Iterator[Addressee]:
    for name, kind in _KINDS.items():
        mailboxes = tuple(islice(split_mailboxes(found[name] or ""), MAX_COPIES + 1))
        if not mailboxes and (name == "to" or found[name] is not None):
            raise RecipientMissing(f"{name} names nobody.", field=name)
        if len(mailboxes) > MAX_COPIES:
            raise TooManyRecipients(f"{name} has more than {MAX_COPIES} addresses.", field=name)
        yield from (Addressee(email=mailbox.email, name=mailbox.name, kind=kind) for mailbox in mailboxes)


def _read_reply_to(value: str | None) -> tuple[Mailbox, ...]:
    mailboxes = tuple(islice(split_mailboxes(value or ""), MAX_REPLY_TO + 1))
    if value is not None and not mailboxes:
        raise FieldMissing("reply_to")
    if len(mailboxes) > MAX_REPLY_TO:
        raise fault_in("replyTo", 40879, f"replyTo has more than {MAX_REPLY_TO} addresses.")
    return mailboxes


def _read_lists(to: str) -> tuple[str, ...]:
    """Return the addresses of lists in `to`, each once."""
    names = tuple(islice(pieces(to.lower()), MAX_LISTS + 1))
    if not names:
        raise fault_in("to", 40872, "to names no address list.")
    if len(names) > MAX_LISTS:
        raise fault_in("to", 40864, f"to has more than {MAX_LISTS} address lists.")
    try:
        for name in names:
            parse_address(name)
    except AddressError as error:
        raise fault_in("to", 40862, str(error)) from None
    return tuple(dict.fromkeys(names))


def _note(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the message's page should say: what counts for nothing."""
    yield from (f"The header {name[:80]!r} was left out." for name, _ in found["headers"] if is_control(name))
    unread = [name for name in _BESIDE_LISTS if found["useAddressList"] and found[name] is not None]
    if unread:
        yield f"Mail to address lists goes without {', '.join(unread)}."


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


def _read_files(files: tuple[FormFile, ...], ids: str) -> tuple[FilePart, ...]:
    """Return attachments and, with an id each from `embeddedCid`, inline images."""
    if sum(len(file.content) for file in files) > MAX_FILES:
        raise AttachmentsTooLarge(f"The files have more than {MAX_FILES} bytes.")
    images = [file for file in files if file.name == "embeddedImage"]
    content_ids = [*islice(pieces(ids), len(images) + 1)]
    if len(images) != len(content_ids):
        raise fault_in("embeddedCid", 40875, "embeddedCid and embeddedImage differ in number.")
    attachments = [_read_file(file) for file in files if file.name != "embeddedImage"]
    return (*attachments, *(_read_file(file, content_id) for file, content_id in zip(images, content_ids, strict=True)))


def _read_file(file: FormFile, content_id: str = "") -> FilePart:
    content_type = file.content_type or guess_type(file.filename)
    return FilePart(filename=file.filename, content_type=content_type, content=file.content, content_id=content_id)
