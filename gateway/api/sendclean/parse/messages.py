"""Parameters of messages/* to a Submission (seed; decision 17): mail that is built, from a template or from its own bodies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import wraps
from typing import Any, Final

from domains.credentials import Credential
from gateway.api.bodies import Payload
from gateway.api.fields import (
    Fault,
    Field,
    FieldsRefused,
    Kind,
    base64_bytes,
    check,
    check_each,
    guess_type,
    header_pairs,
    looked_up,
    mapping,
    nested,
    objects,
    text,
)
from gateway.api.sendclean.parse import SMTP_USER
from gateway.api.sendclean.parse.switches import PARTS, PREFIX, SWITCHES, obey
from gateway.engine.mailboxes import MailboxError, parse_mailboxes
from gateway.engine.submission import Addressee, FilePart, Mailbox, Submission
from gateway.engine.submission import Kind as RecipientKind
from templates_app.parts import html_of, text_of

MOST_VALUES: Final = 1_000  # dynamic values of a call
LONGEST_VALUES: Final = 1_000_000  # characters of them together

_DYNAMIC: Final = re.compile(r"dynamic_value\[(.+)\]", re.DOTALL)


def or_empty(kind: Kind) -> Kind:
    """Return a kind that also takes an empty array: so PHP writes an object without members."""

    @wraps(kind)
    def taken(value: Any) -> Any:
        return kind({} if value == [] else value)

    return taken


def kind_of_recipient(value: Any) -> RecipientKind:
    try:
        return RecipientKind(text(value).strip().lower() or RecipientKind.TO)
    except ValueError:
        raise ValueError("must be to, cc or bcc") from None


def image_type(value: Any) -> str:
    if text(value).lower().startswith("image/"):
        return text(value)
    raise ValueError('must begin with "image/"')


def dynamic_values(value: Any) -> dict[str, str]:
    """Take an object of texts by name."""
    given = {name: item for name, item in mapping(value).items() if item is not None}
    if any(isinstance(item, dict | list | bool) for item in given.values()):
        raise ValueError("must have text as values")
    if len(given) > MOST_VALUES:
        raise ValueError(f"must have at most {MOST_VALUES:,} values")
    if sum(len(name) + len(text(item)) for name, item in given.items()) > LONGEST_VALUES:
        raise ValueError(f"must have at most {LONGEST_VALUES:,} characters in all")
    return {name: text(item) for name, item in given.items()}


CALL = (Field("message", mapping, required=True),)
_BODIES = (Field("html", default=""), Field("text", default=""))
_TEMPLATE = (Field("template_id", looked_up, required=True),)
_ENVELOPE = (
    Field("subject", default=""),
    Field("from_email", required=True),
    Field("from_name", default=""),
    Field("to", objects, required=True),
    Field("headers", or_empty(header_pairs), default=()),
)
_VALUES = (Field("dynamic_value", or_empty(dynamic_values), default={}),)
_FILES = (Field("attachments", objects, default=()), Field("images", objects, default=()))
MAIL = (*_BODIES, *_ENVELOPE, *_FILES)
TEMPLATED = (*_TEMPLATE, *_ENVELOPE, *_VALUES, *_FILES)
TEMPLATED_BY_GET = (
    *_TEMPLATE,
    Field("subject", required=True),
    Field("from_email", required=True),
    Field("to", required=True),
    *_VALUES,
)
RECIPIENT = (
    Field("email", required=True),
    Field("name", default=""),
    Field("type", kind_of_recipient, default=RecipientKind.TO),
)
ATTACHMENT = (
    Field("type", default=""),
    Field("name", required=True),
    Field("content", base64_bytes, required=True),
)
IMAGE = (
    Field("type", image_type, required=True),
    Field("name", required=True),
    Field("content", base64_bytes, required=True),
)
# All that a call takes, the fields of its structs by their paths.
_STRUCTS = (
    *nested("message.to[]", RECIPIENT),
    *nested("message.headers", (*SWITCHES, *PARTS)),
    *nested("message.attachments[]", ATTACHMENT),
    *nested("message.images[]", IMAGE),
)
SEND_MAIL = (*SMTP_USER, *CALL, *nested("message", MAIL), *_STRUCTS)
SEND_TEMPLATE = (*SMTP_USER, *CALL, *nested("message", TEMPLATED), *_STRUCTS)
SEND_TEMPLATE_BY_GET = (*SMTP_USER, *TEMPLATED_BY_GET)


def parse_mail(payload: Payload, credential: Credential) -> Submission:
    """Return the Submission of a sendMail call; raise FieldsRefused."""
    message = check(MAIL, check(CALL, payload.values)["message"], within="message.")
    submission = _read_message(_begin(payload, credential, message), message)
    return _complete(replace(submission, html=message["html"], text=message["text"]))


def parse_template(payload: Payload, credential: Credential) -> Submission:
    """Return the Submission of a sendTemplate call; raise FieldsRefused."""
    message = check(TEMPLATED, check(CALL, payload.values)["message"], within="message.")
    return _read_message(_with_template(_begin(payload, credential, message), message), message)


def parse_template_by_get(payload: Payload, credential: Credential) -> Submission:
    """Return the Submission of a sendTemplateHTTPGet call, `dynamic_value[NAME]=...` in its query; raise FieldsRefused."""
    named = {found[1]: value for name, value in payload.values.items() if (found := _DYNAMIC.fullmatch(name))}
    message = check(TEMPLATED_BY_GET, {**payload.values, **({"dynamic_value": named} if named else {})})
    submission = _with_template(_begin(payload, credential, message), message)
    return replace(submission, recipients=(Addressee(email=message["to"]),))


def _begin(payload: Payload, credential: Credential, message: Mapping[str, Any]) -> Submission:
    """Return what all calls have: who sends, and what the mail is about."""
    return Submission(
        account_id=credential.account_id,
        smtp_user_id=credential.smtp_user_id,
        domain_id=credential.domain_id,
        door="sendclean",
        sender=Mailbox(email=message["from_email"], name=message.get("from_name", "")),
        recipients=(),
        subject=message["subject"],
        idempotency_key=payload.idempotency_key,
        client=payload.client,
    )


def _with_template(submission: Submission, message: Mapping[str, Any]) -> Submission:
    """Return the submission of a template: by its number or, for who brings ids from elsewhere, by its invoke name."""
    name = message["template_id"].strip()
    is_number = name.isascii() and name.isdigit() and len(name) < 19
    return replace(
        submission,
        template_id=int(name) if is_number else None,
        template_name=name,
        variables=message["dynamic_value"],
    )


def _read_message(submission: Submission, message: Mapping[str, Any]) -> Submission:
    """Return the submission with what the struct `message` says beside its bodies."""
    headers = message["headers"]
    told = replace(
        submission,
        recipients=_read_recipients(message["to"]),
        headers=tuple((name, value) for name, value in headers if not _is_ours(name)),
        reply_to=_read_reply_to(headers),
        unique_id=next((value.strip() for name, value in headers if name.lower() == "x-unique-id"), ""),
        files=_read_files(message),
    )
    controls = {name.lower(): value for name, value in headers if name.lower().startswith(PREFIX)}
    return obey(told, controls) if controls else told


def _is_ours(name: str) -> bool:
    return name.lower() == "reply-to" or name.lower().startswith(PREFIX)


def _read_reply_to(headers: tuple[tuple[str, str], ...]) -> tuple[Mailbox, ...]:
    values = [value for name, value in headers if name.lower() == "reply-to" and value.strip()]
    try:
        return tuple(mailbox for value in values for mailbox in parse_mailboxes(value))
    except MailboxError as error:
        fault = Fault(field="headers.Reply-To", message=f"headers.Reply-To: {error}", value=values[0])
        raise FieldsRefused(fault) from None


def _complete(submission: Submission) -> Submission:
    """Return the submission with the body that is missing made from the other, where that was asked for."""
    if submission.auto_text and not submission.text:
        return replace(submission, text=text_of(submission.html))
    if submission.auto_html and submission.text and not submission.html:
        return replace(submission, html=html_of(submission.text))
    return submission


def _read_recipients(given: list[dict[str, Any]]) -> tuple[Addressee, ...]:
    found = check_each(RECIPIENT, given, within="message.to")
    return tuple(Addressee(email=one["email"], name=one["name"], kind=one["type"]) for one in found)


def _read_files(message: Mapping[str, Any]) -> tuple[FilePart, ...]:
    attachments = (
        FilePart(filename=one["name"], content_type=one["type"] or guess_type(one["name"]), content=one["content"])
        for one in check_each(ATTACHMENT, message["attachments"], within="message.attachments")
    )
    images = (
        FilePart(filename=one["name"], content_type=one["type"], content=one["content"], content_id=one["name"])
        for one in check_each(IMAGE, message["images"], within="message.images")
    )
    return (*attachments, *images)
