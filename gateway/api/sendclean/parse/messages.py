"""SendClean's parameters to a Submission (seed, messages/sendMail; decision 17).

X-STes-* headers are switches: they are acted on and leave the mail. SigningDomain names another verified domain of the account,
TrackingDomain and ReturnPathDomain verified hosts of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domains.credentials import Credential
from gateway.api.bodies import Payload
from gateway.api.fields import (
    Fault,
    Field,
    FieldsRefused,
    base64_bytes,
    boolean,
    check,
    check_each,
    guess_type,
    header_pairs,
    mapping,
    objects,
    text,
)
from gateway.engine.mailboxes import MailboxError, parse_mailboxes
from gateway.engine.submission import Addressee, Clicks, FilePart, Kind, Mailbox, Submission
from gateway.smtp.addresses import MAX_DOMAIN, AddressError, parse_domain
from templates_app.parts import html_of, text_of


def kind_of_recipient(value: Any) -> Kind:
    try:
        return Kind(text(value).strip().lower() or Kind.TO)
    except ValueError:
        raise ValueError("must be to, cc or bcc") from None


def kind_of_clicks(value: Any) -> Clicks:
    try:
        return Clicks(text(value).strip().lower())
    except ValueError:
        raise ValueError("must be html, text, both or no") from None


def image_type(value: Any) -> str:
    if text(value).lower().startswith("image/"):
        return text(value)
    raise ValueError('must begin with "image/"')


def domain_name(value: Any) -> str:
    try:
        return parse_domain(text(value).strip()[: MAX_DOMAIN + 1])
    except AddressError:
        raise ValueError("must be a domain name") from None


CALL = (Field("message", mapping, required=True),)
MESSAGE = (
    Field("html", default=""),
    Field("text", default=""),
    Field("subject", default=""),
    Field("from_email", required=True),
    Field("from_name", default=""),
    Field("to", objects, required=True),
    Field("headers", header_pairs, default=()),
    Field("attachments", objects, default=()),
    Field("images", objects, default=()),
)
RECIPIENT = (
    Field("email", required=True),
    Field("name", default=""),
    Field("type", kind_of_recipient, default=Kind.TO),
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
SWITCHES = (
    Field("x-stes-trackopen", boolean),
    Field("x-stes-trackclick", kind_of_clicks),
    Field("x-stes-autotext", boolean, default=False),
    Field("x-stes-autohtml", boolean, default=False),
    Field("x-stes-trackingdomain", domain_name),
    Field("x-stes-signingdomain", domain_name),
    Field("x-stes-returnpathdomain", domain_name),
)
NO_SWITCHES = check(SWITCHES, {})


def parse_mail(payload: Payload, credential: Credential) -> Submission:
    """Return the Submission of a sendMail call; raise FieldsRefused."""
    message = check(MESSAGE, check(CALL, payload.values)["message"], within="message.")
    headers = message["headers"]
    switches = _read_switches(headers)
    html, plain = _read_bodies(message, switches)
    return Submission(
        account_id=credential.account_id,
        smtp_user_id=credential.smtp_user_id,
        domain_id=credential.domain_id,
        door="sendclean",
        sender=Mailbox(email=message["from_email"], name=message["from_name"]),
        recipients=_read_recipients(message["to"]),
        subject=message["subject"],
        html=html,
        text=plain,
        headers=tuple((name, value) for name, value in headers if not _is_ours(name)),
        reply_to=_read_reply_to(headers),
        unique_id=next((value.strip() for name, value in headers if name.lower() == "x-unique-id"), ""),
        files=_read_files(message),
        signing_domain=switches["x-stes-signingdomain"] or "",
        tracking_domain=switches["x-stes-trackingdomain"] or "",
        return_domain=switches["x-stes-returnpathdomain"] or "",
        track_opens=switches["x-stes-trackopen"],
        track_clicks=switches["x-stes-trackclick"],
        idempotency_key=payload.idempotency_key,
        client=payload.client,
    )


def _read_switches(headers: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    given = {name.lower(): value for name, value in headers if name.lower().startswith("x-stes-")}
    return check(SWITCHES, given, within="headers.") if given else NO_SWITCHES


def _is_ours(name: str) -> bool:
    return name.lower() == "reply-to" or name.lower().startswith("x-stes-")


def _read_reply_to(headers: tuple[tuple[str, str], ...]) -> tuple[Mailbox, ...]:
    values = [value for name, value in headers if name.lower() == "reply-to" and value.strip()]
    try:
        return tuple(mailbox for value in values for mailbox in parse_mailboxes(value))
    except MailboxError as error:
        fault = Fault(field="headers.Reply-To", message=f"headers.Reply-To: {error}", value=values[0])
        raise FieldsRefused(fault) from None


def _read_bodies(message: Mapping[str, Any], switches: Mapping[str, Any]) -> tuple[str, str]:
    html, plain = message["html"], message["text"]
    if switches["x-stes-autotext"] and not plain:
        return html, text_of(html)
    if switches["x-stes-autohtml"] and plain and not html:
        return html_of(plain), plain
    return html, plain


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
