"""One mail by five doors, each as its customers' own programs send it, and what the door answers, in one form for all.

Each client also checks the whole shape of its door's refusal: not a member more, the right content type, no HTML.
"""

from __future__ import annotations

import base64
import json
import smtplib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.test.client import ClientHandler

from gateway.wsgi import DoorHandler
from tests.support.cast import Tenant

JSON = "application/json"
FILE = b"the file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail to send and who sends it. By HTTP, `method`, `path` (below the door's prefix) and `body` replace the usual ones.

    By SMTP, `body` is the whole message.
    """

    owner_id: str
    token: str = field(repr=False)
    key: str = field(repr=False)
    user: str
    secret: str = field(repr=False)
    sender: str = "news@acme.example"
    to: tuple[str, ...] = ("rita@example.com",)
    subject: str = "Hello"
    text: str = "Hello Rita"
    headers: tuple[tuple[str, str], ...] = ()
    method: str = "POST"
    path: str = ""
    body: bytes | None = None


class Answer(NamedTuple):
    """HTTP status or reply code; the dialect's code or the enhanced one; its words; and where it has one, the detail."""

    status: int
    code: int | str
    words: str
    detail: str = ""


def write_mail(tenant: Tenant) -> Mail:
    """Return a small mail of a tenant's that every door takes."""
    return Mail(
        owner_id=tenant.account.owner_id,
        token=tenant.api_secret,
        key=tenant.domain_secret,
        user=tenant.smtp_user.name,
        secret=tenant.smtp_secret,
    )


# By HTTP ---------------------------------------------------------------------------------------------------------------
def send_by_sendclean(mail: Mail) -> Answer:
    message = {
        "text": mail.text,
        "subject": mail.subject,
        "from_email": mail.sender,
        "to": [{"email": email} for email in mail.to],
        "headers": dict(mail.headers),
        "attachments": [{"type": "text/plain", "name": "a.txt", "content": _encode(FILE)}],
    }
    call = {"owner_id": mail.owner_id, "token": mail.token, "smtp_user_name": mail.user, "message": message}
    status, said = _call(mail, "/v1.0/", "messages/sendMail", json.dumps(call).encode())
    kind, words = said.get("type", ""), said["message"]
    assert said["status"] == "success" or said == {
        "status": "error",
        "code": -1,
        "name": kind,
        "type": kind,
        "message": words,
    }
    return Answer(status, kind, words)


def send_by_sendcloud(mail: Mail) -> Answer:
    form = {
        "apiUser": mail.user,
        "apiKey": mail.secret,
        "from": mail.sender,
        "to": ";".join(mail.to),
        "subject": mail.subject,
        "plain": mail.text,
        "headers": json.dumps(dict(mail.headers)),
        "attachments": SimpleUploadedFile("a.txt", FILE, "text/plain"),
    }
    status, said = _call(mail, "/apiv2/", "mail/send", form)
    code, words, info = said["statusCode"], said["message"], said["info"]
    assert said == {"result": code == 200, "statusCode": code, "message": words, "info": info}
    assert code == 200 or not info.keys() - {"reason"}
    return Answer(status, code, words, info.get("reason", ""))


def send_by_mailup(mail: Mail) -> Answer:
    message = {
        "Subject": mail.subject,
        "Text": mail.text,
        "From": {"Name": "", "Email": mail.sender},
        "To": [{"Name": "", "Email": email} for email in mail.to],
        "ExtendedHeaders": [{"N": name, "V": value} for name, value in mail.headers],
        "Attachments": [{"Filename": "a.txt", "Body": _encode(FILE)}],
        "User": {"Username": mail.user, "Secret": mail.secret},
    }
    status, said = _call(mail, "/API/v2.0/", "messages/sendmessage", json.dumps(message).encode())
    assert said.keys() - {"Detail"} == {"Status", "Code", "Message"}
    assert said["Status"] == ("done" if said["Code"] == "0" else "error")
    return Answer(status, said["Code"], said["Message"], said.get("Detail", ""))


def send_by_octeth(mail: Mail) -> Answer:
    call = {
        "Subject": mail.subject,
        "ContentType": "plain",
        "PlainContent": mail.text,
        "From": {"email": mail.sender, "name": ""},
        "To": [{"email": email, "name": ""} for email in mail.to],
        "Headers": dict(mail.headers),
        "Attachments": [{"filename": "a.txt", "content": _encode(FILE)}],
    }
    status, said = _call(mail, "/api/v1/", "email", json.dumps(call).encode(), Authorization=f"Bearer {mail.key}")
    if "MessageID" in said:
        return Answer(status, 0, "")
    errors = said.pop("Errors")
    assert not said
    assert all(error.keys() - {"Detail"} == {"Code", "Message"} for error in errors)
    first, *others = errors  # the vendor lists everything that is wrong
    return Answer(status, first["Code"], first["Message"], first.get("Detail", "") + ", ".join(e["Message"] for e in others))


class _Handler(ClientHandler):
    """The doors as the web process serves them: without middleware."""

    load_middleware = DoorHandler.load_middleware


def _call(mail: Mail, prefix: str, path: str, body: Any, **headers: str) -> tuple[int, dict[str, Any]]:
    """Call a door with an idempotency key; return status and JSON."""
    client = Client()
    client.handler = _Handler()
    headers["Idempotency-Key"] = "a key"
    path = prefix + (mail.path or path)
    if isinstance(body, dict) and mail.body is None and mail.method == "POST":
        response = client.post(path, body, headers=headers)
    else:
        given = mail.body if mail.body is not None else b"{}" if isinstance(body, dict) else body
        response = client.generic(mail.method, path, given, JSON, headers=headers)
    _check_headers(response)
    return response.status_code, response.json()


def _check_headers(response: HttpResponse) -> None:
    assert response.headers["Content-Type"] == JSON
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert ("Allow" in response.headers) == (response.status_code == 405)
    assert response.status_code != 429 or int(response.headers["Retry-After"]) > 0


def _encode(content: bytes) -> str:
    return base64.b64encode(content).decode()


CALLS: Mapping[str, Callable[[Mail], Answer]] = {
    "sendclean": send_by_sendclean,
    "sendcloud": send_by_sendcloud,
    "mailup": send_by_mailup,
    "octeth": send_by_octeth,
}


# By SMTP ---------------------------------------------------------------------------------------------------------------
def send_by_smtp(port: int, mail: Mail) -> Answer:
    """Send over a socket, octet by octet as given; return the reply that ended it, and hang up."""
    client = smtplib.SMTP("127.0.0.1", port, local_hostname="shop.example", timeout=10)
    try:
        client.login(mail.user, mail.secret)
        return _transact(client, mail)
    except smtplib.SMTPAuthenticationError as refused:
        return _read_reply(refused.smtp_code, refused.smtp_error)
    finally:
        client.close()


def _transact(client: smtplib.SMTP, mail: Mail) -> Answer:
    for step in (f"MAIL FROM:<{mail.sender}>", *(f"RCPT TO:<{email}>" for email in mail.to), "DATA"):
        client.send(f"{step}\r\n".encode())
        code, words = client.getreply()
        if code >= 500:  # who is refused for now only leaves the others their mail
            return _read_reply(code, words)
    client.send((_write_raw(mail) if mail.body is None else mail.body) + b".\r\n")
    return _read_reply(*client.getreply())


def _write_raw(mail: Mail) -> bytes:
    header = [("From", mail.sender), ("To", mail.to[0]), ("Subject", mail.subject), *mail.headers]
    lines = [f"{name}: {value}" for name, value in header]
    return "\r\n".join([*lines, "", mail.text, ""]).encode()


def _read_reply(code: int, said: bytes | str) -> Answer:
    text = said if isinstance(said, str) else said.decode("ascii")
    if code < 400:
        return Answer(code, "", text)
    lines = [line.partition(" ") for line in text.split("\n")]
    assert len({enhanced for enhanced, _, _ in lines}) == 1
    return Answer(code, lines[0][0], "".join(words for _, _, words in lines))
