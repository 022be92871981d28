"""The one contract of all doors: the same mail, said in each dialect, is the same Submission; by SMTP it has the same parts."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

import pytest

from domains.credentials import Credential, find_smtp_user
from gateway.api.bodies import FormFile, Payload
from gateway.api.mailup.parse.messages import parse_message
from gateway.api.octeth.parse.email import parse_email
from gateway.api.sendclean.parse.messages import parse_mail
from gateway.api.sendcloud.parse.mail import parse_send
from gateway.engine.checks import check
from gateway.engine.submission import Addressee, FilePart, Kind, Mailbox, Submission
from gateway.listeners.translate import Login, translate
from gateway.smtp.addresses import parse_address
from tests.gateway.api.wire import write_wire
from tests.support.cast import Tenant

CALLER = Credential(account_id=3, owner_id="acme", account_status="enabled", requests_per_minute=None, smtp_user_id=5)
HTML = "<html><head></head><body><p>Grüße, <img src='cid:logo.png'></p></body></html>"
TEXT = "Grüße"
SUBJECT = "Grüße aus Köln"
NOTES, IMAGE = b"example file", b"\x89PNG example"
NOTES_64, IMAGE_64 = base64.b64encode(NOTES).decode(), base64.b64encode(IMAGE).decode()

EXPECTED = Submission(
    account_id=3,
    smtp_user_id=5,
    door="any",
    sender=Mailbox(email="news@acme.example", name="Acme, Inc."),
    recipients=(
        Addressee(email="rita@example.com", name="Rita"),
        Addressee(email="rob@example.com", name="Rob"),
        Addressee(email="carl@example.com", name="Carl", kind=Kind.CC),
        Addressee(email="bea@example.com", name="Bea", kind=Kind.BCC),
    ),
    subject=SUBJECT,
    html=HTML,
    text=TEXT,
    reply_to=(Mailbox(email="help@acme.example"),),
    headers=(("X-Shop", "7"), ("X-Order", "A-1")),
    files=(
        FilePart(filename="notes.txt", content_type="text/plain", content=NOTES),
        FilePart(filename="logo.png", content_type="image/png", content=IMAGE, content_id="logo.png"),
    ),
    idempotency_key="key",
    client="192.0.2.1",
)


def payload(values: dict[str, object], *files: FormFile) -> Payload:
    return Payload(values=values, files=files, client="192.0.2.1", idempotency_key="key")


def say_in_sendclean() -> Submission:
    message = {
        "html": HTML,
        "text": TEXT,
        "subject": SUBJECT,
        "from_email": "news@acme.example",
        "from_name": "Acme, Inc.",
        "to": [
            {"email": "rita@example.com", "name": "Rita"},
            {"email": "bea@example.com", "name": "Bea", "type": "bcc"},
            {"email": "rob@example.com", "name": "Rob", "type": "to"},
            {"email": "carl@example.com", "name": "Carl", "type": "cc"},
        ],
        "headers": {"Reply-To": "help@acme.example", "X-Shop": "7", "X-Order": "A-1"},
        "attachments": [{"type": "text/plain", "name": "notes.txt", "content": NOTES_64}],
        "images": [{"type": "image/png", "name": "logo.png", "content": IMAGE_64}],
    }
    return parse_mail(payload({"message": message}), CALLER)


def say_in_sendcloud() -> Submission:
    call = {
        "html": HTML,
        "plain": TEXT,
        "subject": SUBJECT,
        "from": "news@acme.example",
        "fromName": "Acme, Inc.",
        "to": "Rita <rita@example.com>;Rob <rob@example.com>",
        "cc": "Carl <carl@example.com>",
        "bcc": "Bea <bea@example.com>",
        "replyTo": "help@acme.example",
        "headers": json.dumps({"X-Shop": "7", "X-Order": "A-1"}),
        "embeddedCid": "logo.png",
    }
    files = (
        FormFile(name="attachments", filename="notes.txt", content_type="text/plain", content=NOTES),
        FormFile(name="embeddedImage", filename="logo.png", content_type="image/png", content=IMAGE),
    )
    return parse_send(payload(call, *files), CALLER).submission


def say_in_mailup() -> Submission:
    call = {
        "Html": {"Body": HTML},
        "Text": TEXT,
        "Subject": SUBJECT,
        "From": {"Email": "news@acme.example", "Name": "Acme, Inc."},
        "To": [{"Email": "rita@example.com", "Name": "Rita"}, {"Email": "rob@example.com", "Name": "Rob"}],
        "Cc": [{"Email": "carl@example.com", "Name": "Carl"}],
        "Bcc": [{"Email": "bea@example.com", "Name": "Bea"}],
        "ReplyTo": "help@acme.example",
        "ExtendedHeaders": [{"N": "X-Shop", "V": "7"}, {"N": "X-Order", "V": "A-1"}],
        "Attachments": [{"Filename": "notes.txt", "Body": NOTES_64}],
        "EmbeddedImages": [{"Filename": "logo.png", "ContentId": "logo.png", "Body": list(IMAGE)}],
    }
    return parse_message(payload(call), CALLER)


def say_in_octeth() -> Submission:
    call = {
        "ContentType": "html",
        "HtmlContent": HTML,
        "PlainContent": TEXT,
        "Subject": SUBJECT,
        "From": {"email": "news@acme.example", "name": "Acme, Inc."},
        "To": [{"email": "rita@example.com", "name": "Rita"}, {"email": "rob@example.com", "name": "Rob"}],
        "CC": [{"email": "carl@example.com", "name": "Carl"}],
        "BCC": [{"email": "bea@example.com", "name": "Bea"}],
        "ReplyTo": [{"email": "help@acme.example", "name": ""}],
        "Headers": {"X-Shop": "7", "X-Order": "A-1"},
        "Attachments": [
            {"filename": "notes.txt", "content": NOTES_64},
            {"filename": "logo.png", "content": IMAGE_64, "disposition": "inline", "contentid": "logo.png"},
        ],
    }
    return parse_email(payload(call), CALLER)


def _by_kind(submission: Submission) -> tuple[Addressee, ...]:
    """Return the recipients in the order of their positions, which `accept` gives them."""
    return tuple(one for kind in Kind for one in submission.recipients if one.kind is kind)


SAID = [say_in_sendclean, say_in_sendcloud, say_in_mailup, say_in_octeth]


@pytest.mark.parametrize("say", SAID)
def test_the_same_mail_is_the_same_submission(say: Callable[[], Submission]) -> None:
    submission = say()
    # Octeth alone refuses a call for one suppressed address.
    assert submission.refuse_suppressed == (submission.door == "octeth")
    # MailUp's lists alone have a header and a footer.
    assert {submission.header, submission.footer} == ({None} if submission.door == "mailup" else {False})
    common = replace(submission, door="any", refuse_suppressed=False, header=False, footer=False)
    assert replace(common, recipients=_by_kind(submission)) == EXPECTED


# By SMTP ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a reader's program finds in a mail."""

    people: dict[str, str]
    recipients: frozenset[str]
    headers: dict[str, str]
    texts: dict[str, str]
    files: frozenset[tuple[str, str, Any, str]]


def parts_of(submission: Submission) -> Parts:
    """Return what is found in the mail that a submission becomes."""
    mail = BytesParser(policy=policy.default).parsebytes(write_wire(submission))
    leaves = [part for part in mail.walk() if not part.is_multipart()]
    is_file = [part.get_filename() is not None for part in leaves]
    return Parts(
        people={name: str(mail[name]) for name in ("From", "To", "Cc", "Reply-To", "Bcc") if mail[name] is not None},
        recipients=frozenset(address.text for _, address in check(submission).recipients),
        headers={name: str(mail[name]) for name in ("Subject", "X-Shop", "X-Order")},
        texts={
            part.get_content_subtype(): part.get_content().strip() for part, one in zip(leaves, is_file, strict=True) if not one
        },
        files=frozenset(
            (part.get_filename() or "", part.get_content_type(), part.get_payload(decode=True), part["Content-ID"] or "")
            for part, one in zip(leaves, is_file, strict=True)
            if one
        ),
    )


def say_by_smtp(caller: Credential) -> Submission:
    """Say it as Python's own library writes it."""
    mail = EmailMessage()
    mail["From"] = '"Acme, Inc." <news@acme.example>'
    mail["To"] = "Rita <rita@example.com>, Rob <rob@example.com>"
    mail["Cc"] = "Carl <carl@example.com>"
    mail["Bcc"] = "Bea <bea@example.com>"
    mail["Reply-To"] = "help@acme.example"
    mail["Subject"] = SUBJECT
    mail["X-Shop"] = "7"
    mail["X-Order"] = "A-1"
    mail.set_content(TEXT)
    mail.add_alternative(HTML, subtype="html")
    shown = list(mail.iter_parts())[1]
    assert isinstance(shown, EmailMessage)
    shown.add_related(IMAGE, "image", "png", cid="<logo.png>", filename="logo.png", disposition="inline")
    mail.add_attachment(NOTES, "text", "plain", filename="notes.txt")
    recipients = [parse_address(one.email) for one in EXPECTED.recipients]
    content = mail.as_bytes(policy=policy.SMTP)
    return translate(Login(credential=caller), recipients, content, client="192.0.2.1", ehlo="shop.example")


def test_the_same_mail_by_smtp_has_the_same_parts(acme: Tenant) -> None:
    caller = find_smtp_user(acme.account.pk, acme.smtp_user.name)
    assert caller is not None
    by_smtp = parts_of(say_by_smtp(caller))
    assert by_smtp.texts == {"plain": TEXT, "html": HTML}
    assert {name for name, *_ in by_smtp.files} == {"notes.txt", "logo.png"}
    assert "Bcc" not in by_smtp.people
    for say in SAID:
        theirs = replace(say(), account_id=acme.account.pk, smtp_user_id=acme.smtp_user.pk)
        assert parts_of(theirs) == by_smtp, theirs.door
