"""The mails of the matrix of clients, and what a mail is compared by: as it was meant, and as it was stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from hashlib import sha256
from random import Random

from gateway.models import Content, Recipient
from tests.support.letters import parse

SENDER = "shop@acme.example"
BEN = "ben@inbox.example"
REFUSED = f"{'x' * 65}@inbox.example"  # RFC 5321 4.5.3.1.1: 64 octets before the @


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail that a client is to send: `raw` for clients that take it whole, the rest for those that write it themselves."""

    raw: bytes = field(repr=False)
    to: tuple[str, ...] = (BEN,)
    subject: str
    text: str
    name: str = "Shop"  # of the sender
    attachment: bytes = field(default=b"", repr=False)
    is_8bit: bool = False
    is_utf8: bool = False  # header and addresses (RFC 6532)


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What has to arrive of a mail, whoever wrote it."""

    recipients: frozenset[str]
    sender: str
    subject: str
    text: str
    attachments: tuple[str, ...]  # their SHA-256


def mean(mail: Mail) -> Meaning:
    return Meaning(
        recipients=frozenset(mail.to) - {REFUSED},
        sender=str(Address(mail.name, addr_spec=SENDER)),
        subject=mail.subject,
        text=mail.text.rstrip(),
        attachments=(_digest(mail.attachment),) if mail.attachment else (),
    )


def read_recipients(content: Content) -> frozenset[str]:
    return frozenset(Recipient.objects.filter(message=content.message_id).values_list("email", flat=True))


def read_stored(content: Content) -> Meaning:
    """Return what a stored message means to whom it is for."""
    message = parse(bytes(content.raw or b""))
    body = message.get_body(("plain",))
    assert isinstance(body, EmailMessage)
    return Meaning(
        recipients=read_recipients(content),
        sender=str(message["From"]),
        subject=str(message["Subject"]),
        text=body.get_content().replace("\r\n", "\n").rstrip(),
        attachments=tuple(_digest(part.get_content()) for part in message.iter_attachments()),
    )


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def _write(
    subject: str,
    text: str,
    *,
    to: Sequence[str] = (BEN,),
    name: str = "Shop",
    attachment: bytes = b"",
    is_utf8: bool = False,
    **encoding: str,
) -> Mail:
    message = EmailMessage(policy.SMTPUTF8 if is_utf8 else policy.SMTP)
    message["From"], message["To"], message["Subject"] = Address(name, addr_spec=SENDER), ", ".join(to), subject
    message["Date"], message["Message-ID"] = "Sun, 22 Nov 2026 10:30:00 +0000", "<1@acme.example>"
    message.set_content(text, **encoding)
    if attachment:
        message.add_attachment(attachment, maintype="application", subtype="octet-stream", filename="report.bin")
    return Mail(
        raw=message.as_bytes(),
        to=tuple(to),
        subject=subject,
        text=text,
        name=name,
        attachment=attachment,
        is_8bit=encoding.get("cte") == "8bit",
        is_utf8=is_utf8,
    )


PLAIN = "Hello Ben\n\n.one dot\n..two dots\n.\nFrom here on: the end\n"
MAILS = {
    "ASCII": _write("Hello", PLAIN),
    "UTF-8": _write("Grüße aus 北京", "Grüße, 世界! €\n", name="Jürgen Shop", cte="quoted-printable"),
    "8-bit": _write("Eight bits", "Grüße ÿ\n", charset="iso-8859-1", cte="8bit"),
    "10 MB": _write("A large one", PLAIN, attachment=Random(6).randbytes(10 * 1024 * 1024)),
    "100 recipients": _write("To many", PLAIN, to=[f"user{n}@inbox.example" for n in range(100)]),
    "one refused": _write("Not to all", PLAIN, to=[BEN, REFUSED, "joe@inbox.example"]),
    "SMTPUTF8": _write("Grüße", "Grüße\n", to=["jürgen@inbox.example"], cte="8bit", is_utf8=True),
}
