"""One message through every door, as a customer's program would send it: over HTTP and SMTP, with nothing of ours inside."""

from __future__ import annotations

import json
import smtplib
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from django.conf import settings
from django.core.management import CommandError

from gateway.base.environment import Endpoint

TIMEOUT = 30  # seconds for a call
_TEXT = "Hello,\n\nthis message came in by {door} and was signed and delivered by Gatepost.\n"
_HTML = (
    '<div style="font-family:sans-serif"><h2>Hello from {door}</h2>'
    "<p>This message came in by <b>{door}</b> and was signed and delivered by Gatepost.</p>"
    '<p><a href="https://www.example.com/?from={door}&amp;a=1">A link that is tracked</a></p></div>'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What one door is given. The subject is how the message is found again: not every dialect answers with an id."""

    door: str
    sender: str
    recipient: str
    subject: str

    @property
    def text(self) -> str:
        return _TEXT.format(door=self.door)

    @property
    def html(self) -> str:
        return _HTML.format(door=self.door)


Credentials = Mapping[str, Any]  # what `bootstrap --json` prints
Send = Callable[[Letter, Credentials], None]


def send_by_sendclean(letter: Letter, given: Credentials) -> None:
    body = {
        "owner_id": given["account"]["owner_id"],
        "token": given["account"]["token"],
        "smtp_user_name": given["smtp_user"]["name"],
        "message": {
            "html": letter.html,
            "text": letter.text,
            "subject": letter.subject,
            "from_email": letter.sender,
            "from_name": "SendClean door",
            "to": [{"email": letter.recipient, "name": "Demo", "type": "to"}],
        },
    }
    _call("/v1.0/messages/sendMail", body, lambda answer: answer["status"] == "success")


def send_by_sendcloud(letter: Letter, given: Credentials) -> None:
    form = {
        "apiUser": given["smtp_user"]["name"],
        "apiKey": given["smtp_user"]["password"],
        "from": letter.sender,
        "fromName": "SendCloud door",
        "to": letter.recipient,
        "subject": letter.subject,
        "html": letter.html.replace("Hello", "Hello %name%"),
        "xsmtpapi": json.dumps({"to": [letter.recipient], "sub": {"%name%": ["Demo"]}}),
    }
    _call("/apiv2/mail/send", form, lambda answer: answer["result"] is True, is_form=True)


def send_by_mailup(letter: Letter, given: Credentials) -> None:
    body = {
        "Subject": letter.subject,
        "Html": {"DocType": None, "Head": None, "Body": letter.html.replace("Hello", "Hello [firstname]"), "BodyTag": "<body>"},
        "Text": letter.text,
        "From": {"Name": "MailUp door", "Email": letter.sender},
        "To": [{"Name": "Demo", "Email": letter.recipient}],
        "CharSet": "utf-8",
        "XSmtpAPI": {"CampaignName": "Demo", "DynamicFields": [{"N": "firstname", "V": "Demo"}]},
        "User": {"Username": given["smtp_user"]["name"], "Secret": given["smtp_user"]["password"]},
    }
    _call("/API/v2.0/messages/sendmessage", body, lambda answer: answer["Code"] == "0")


def send_by_octeth(letter: Letter, given: Credentials) -> None:
    body = {
        "Subject": letter.subject,
        "ContentType": "html",
        "HtmlContent": letter.html,
        "PlainContent": letter.text,
        "From": {"email": letter.sender, "name": "Octeth door"},
        "To": [{"email": letter.recipient, "name": "Demo"}],
    }
    bearer = {"Authorization": f"Bearer {given['domain']['api_key']}"}
    _call("/api/v1/email", body, lambda answer: "MessageID" in answer, headers=bearer)


def send_by_smtp(letter: Letter, given: Credentials) -> None:
    """Send by submission with STARTTLS."""
    with smtplib.SMTP(*_reachable(settings.GATEPOST_SMTP), timeout=TIMEOUT) as client:
        client.starttls(context=_trusting())
        _submit(client, letter, given)


def send_by_smtps(letter: Letter, given: Credentials) -> None:
    """Send by submission over TLS from the first byte."""
    with smtplib.SMTP_SSL(*_reachable(settings.GATEPOST_SMTPS), timeout=TIMEOUT, context=_trusting()) as client:
        _submit(client, letter, given)


DOORS: Mapping[str, Send] = {
    "sendclean": send_by_sendclean,
    "sendcloud": send_by_sendcloud,
    "mailup": send_by_mailup,
    "octeth": send_by_octeth,
    "smtp": send_by_smtp,
    "smtps": send_by_smtps,
}


def _submit(client: smtplib.SMTP, letter: Letter, given: Credentials) -> None:
    client.login(given["smtp_user"]["name"], given["smtp_user"]["password"])
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = f"SMTP door <{letter.sender}>", letter.recipient, letter.subject
    mail.set_content(letter.text)
    mail.add_alternative(letter.html, subtype="html")
    client.send_message(mail)


def _call(
    path: str,
    values: Mapping[str, Any],
    is_right: Callable[[Any], bool],
    *,
    is_form: bool = False,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Post to one of our APIs; raise CommandError when it does not take the message."""
    body = urllib.parse.urlencode(values) if is_form else json.dumps(values)
    kind = "application/x-www-form-urlencoded" if is_form else "application/json"
    host, port = _reachable(settings.GATEPOST_HTTP)
    request = urllib.request.Request(
        f"http://{Endpoint(host, port)}{path}", body.encode(), {"Content-Type": kind, **(headers or {})}
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as reply:  # noqa: S310
            answer = json.load(reply)
    except urllib.error.HTTPError as error:
        raise CommandError(f"{path} answered {error.code}: {error.read(500).decode(errors='replace')}") from None
    if not is_right(answer):
        raise CommandError(f"{path} answered {answer}")


def _reachable(endpoint: Endpoint) -> Endpoint:
    """Return how to reach a listener from this machine: one on all addresses is reached by loopback."""
    return Endpoint("127.0.0.1" if endpoint.host in ("0.0.0.0", "::", "") else endpoint.host, endpoint.port)  # noqa: S104


def _trusting() -> ssl.SSLContext:
    """Return a context that takes the demo's self-signed certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
