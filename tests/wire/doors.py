"""Every door as its customers reach it, up to what it hands in: requests through the views, SMTP through the state machine.

What a door hands in is checked at once, so that its refusals are in its own words, and kept; `route.carry` stores what was
kept, many in one commit.
"""

from __future__ import annotations

import base64
import copy
import json
import re
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
from django.http import QueryDict
from django.test import Client
from django.test.client import ClientHandler
from django.urls import reverse

from accounts.access import load_access
from domains.credentials import authenticate_smtp_user
from gateway.base.errors import Refused
from gateway.console import template_test
from gateway.console.list_send import SendForm
from gateway.engine import intake, notices
from gateway.engine.accept import accept
from gateway.engine.checks import check
from gateway.engine.mailing import send_to_lists
from gateway.engine.submission import Accepted, Submission
from gateway.listeners.replies import reply_to, reply_to_auth
from gateway.listeners.submission import make_policy
from gateway.listeners.translate import Login, translate
from gateway.smtp.events import AuthRequested, DataRequested, MessageReceived, Reply
from gateway.smtp.server import Server
from gateway.wsgi import DoorHandler
from templates_app.models import Template
from tests.support.browsers import log_in
from tests.support.cast import Tenant
from tests.wire.calls import LIST, MEMBER, TEMPLATE
from tests.wire.places import CALLS
from tests.wire.raw import find_mail, spell, write
from tests.wire.rows import Rows

JSON = "application/json"
ADMIN = "the key of the installation"
PATHS: Mapping[str, str] = {
    "sendclean": "/v1.0/messages/sendMail",
    "sendclean template": "/v1.0/messages/sendTemplate",
    "sendclean get": "/v1.0/messages/sendTemplateHTTPGet",
    "sendclean raw": "/v1.0/messages/sendRaw",
    "sendclean verify": "/v1.0/settings/verifySendingDomain",
    "sendcloud all": "/apiv2/mail/send",
    "sendcloud each": "/apiv2/mail/send",
    "sendcloud json": "/apiv2/mail/send",
    "sendcloud template": "/apiv2/mail/sendtemplate",
    "sendcloud calendar": "/apiv2/mail/sendcalendar",
    "sendcloud v1": "/webapi/mail.send.json",
    "sendcloud v1 template": "/webapi/mail.send_template.json",
    "mailup": "/API/v2.0/messages/sendmessage",
    "mailup template": "/API/v2.0/messages/sendtemplate",
    "octeth": "/api/v1/email",
    "octeth template": "/api.php",
    "octeth list": "/api/v1/email",
    "octeth relay": "/api.php",
}
SYNTAXES = {
    "sendclean": Template.Syntax.SENDCLEAN,
    "sendcloud": Template.Syntax.SENDCLOUD,
    "octeth": Template.Syntax.OCTETH,
    "mailup": Template.Syntax.MAILUP,
}
SENT = Accepted(message_id=1, public_id="p", inbound_id="1_2_3_4.h-inbound", emails=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a door said: why it refused, empty where it did not; and what it handed in, or the number of what it accepted."""

    refusal: str = ""
    asked: tuple[Submission | int, ...] = ()


class _Handler(ClientHandler):
    load_middleware = DoorHandler.load_middleware


class Doors:
    """The doors of one tenant."""

    def __init__(self, tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
        self._tenant = tenant
        self._handed_in: list[Submission | int] = []
        self._client = Client()
        self._client.handler = _Handler()
        self._browser = log_in(tenant.user)
        self._login: Login | None = None
        monkeypatch.setattr(intake, "hand_in", self._hand_in)
        monkeypatch.setattr(template_test, "accept", self._accept)
        monkeypatch.setattr(notices, "check_rates", lambda *_: None)
        self.rows = Rows(tenant.account.pk)
        self._sends = 0

    def harmless(self, door: str) -> dict[str, Any]:
        """Return the harmless call of a door with the tenant's secrets in it."""
        call = copy.deepcopy(CALLS[door])
        body = call["body"]
        body.update(self._secrets_of(door))
        if "settings" in body.get("xsmtpapi", {}):
            page = self._tenant.account.unsubscribe_pages.get()
            body["xsmtpapi"]["settings"]["unsubscribe"]["page_id"] = [str(page.pk)]
        return call

    def _secrets_of(self, door: str) -> dict[str, Any]:
        tenant = self._tenant
        name, secret = tenant.smtp_user.name, tenant.smtp_secret
        secrets: dict[str, dict[str, Any]] = {
            "sendclean": {"owner_id": "acme", "token": tenant.api_secret, "smtp_user_name": name},
            "octeth": {"SenderAPIKey": tenant.domain_secret},
            "octeth relay": {"AdminAPIKey": ADMIN, "SMTPUsername": name, "SMTPPassword": secret},
            "mailup": {"User": {"Username": name, "Secret": secret}},
            "sendcloud": {"apiUser": name, "apiKey": secret},
            "sendcloud v1": {"api_user": name, "api_key": secret},
            "sendcloud v1 template": {"api_user": name, "api_key": secret},
        }
        return secrets.get(door) or secrets.get(door.partition(" ")[0], {})

    def send(self, door: str, call: Mapping[str, Any]) -> Answer:
        """Make a call; fail where the door answers with a fault of its own."""
        self._handed_in = []
        kind = door.partition(" ")[0]
        others: dict[str, Callable[[Mapping[str, Any]], str]] = {
            "smtp": self._send_by_smtp,
            "console list": self._send_list,
            "console test": self._send_test,
        }
        send = others.get(door) or others.get(kind)
        refusal = send(call) if send is not None else self._send_by_http(door, call)
        assert not (refusal and self._handed_in and kind != "smtp"), refusal
        return Answer(refusal=refusal, asked=tuple(self._handed_in))

    def _hand_in(self, submission: Submission) -> Future[Accepted]:
        """Stand for the thread that stores: take what would pass its checks."""
        future: Future[Accepted] = Future()
        try:
            check(submission)
        except Refused as refusal:
            future.set_exception(refusal)
        else:
            self._handed_in.append(submission)
            future.set_result(SENT)
        return future

    def _accept(self, submissions: list[Submission]) -> list[Accepted | Refused]:
        """Note what the console's page has accepted."""
        answers = accept(submissions)
        self._handed_in += [answer.message_id for answer in answers if isinstance(answer, Accepted)]
        return answers

    # By HTTP ----------------------------------------------------------------------------------------------------------
    def _send_by_http(self, door: str, call: Mapping[str, Any]) -> str:
        kind = door.partition(" ")[0]
        try:
            keys = self._make_rows(call, SYNTAXES.get(kind, Template.Syntax.LIQUID), by_name=kind == "sendcloud")
        except Refused as refusal:
            return refusal.message
        request = write_query if door == "sendclean get" else write_form if call.get("files") else write_json
        method, query, content_type, body = request(call)
        for name, key in keys.items():
            query, body = query.replace(name, str(key)), body.replace(name.encode(), str(key).encode())
        headers = {name: value for name, value in call["http"].items() if value}
        response = self._client.generic(method, PATHS[door], body, content_type, headers=headers, QUERY_STRING=query)
        assert response.status_code < 500, response.content
        assert response.headers["Content-Type"] == JSON
        return REFUSALS[door if door in REFUSALS else kind](response.json())

    def _make_rows(self, call: Mapping[str, Any], syntax: str, *, by_name: bool) -> dict[str, int | str]:
        """Make the template and the member that a call names; return their keys by what stands for them in the call.

        A template goes `by_name` where the dialect knows it by its invoke name.
        """
        keys: dict[str, int | str] = {}
        if "template" in call:
            key = self.rows.template(call["template"], syntax)
            keys[TEMPLATE] = Template.objects.get(pk=key).invoke_name if by_name else key
        if "member" in call:
            keys[LIST], keys[MEMBER] = self.rows.member(call["member"])
        return keys

    # By SMTP ----------------------------------------------------------------------------------------------------------
    def _send_by_smtp(self, call: Mapping[str, Any]) -> str:
        """Say all at once, as a client may that pipelines; the last reply that is not positive is the refusal."""
        asked = call["body"]
        server = Server(make_policy(), is_tls=True)
        server.greet()
        parameters = "".join(f" {name}={value}" if value else f" {name}" for name, value in asked["mail_parameters"].items())
        name = f"{self._tenant.smtp_user.name}#{asked['label']}\0{self._tenant.smtp_secret}"
        said = [
            f"EHLO {asked['ehlo']}".encode("utf-8", "surrogatepass"),
            b"AUTH PLAIN " + base64.b64encode(b"\0" + name.encode("utf-8", "surrogatepass")),
            f"MAIL FROM:<{asked['mail']}>{parameters}".encode("utf-8", "surrogatepass"),
            *(f"RCPT TO:<{one}>{asked['rcpt_parameters']}".encode("utf-8", "surrogatepass") for one in asked["rcpt"]),
            b"DATA",
        ]
        server.receive(b"\r\n".join(said) + b"\r\n")
        self._converse(server)
        if not server.is_holding:
            return self._last_refusal(server)
        server.receive((b"\r\n" + write(asked["message"])).replace(b"\r\n.", b"\r\n..")[2:] + b".\r\n")
        self._converse(server)
        return self._last_refusal(server)

    def _converse(self, server: Server) -> None:
        while (event := server.next_event()) is not None:
            match event:
                case AuthRequested():
                    server.answer(self._log_in(event))
                case DataRequested():
                    server.answer()
                case MessageReceived():
                    server.answer(self._submit(event, server.hello))

    def _log_in(self, event: AuthRequested) -> Reply | None:
        name, _, label = event.name.partition("#")
        try:
            self._login = Login(credential=authenticate_smtp_user(name, event.secret), label=label)
        except Refused as refusal:
            return reply_to_auth(refusal)
        return None

    def _submit(self, event: MessageReceived, ehlo: str) -> Reply | None:
        assert self._login is not None
        try:
            self._hand_in(translate(self._login, event.recipients, event.content, client="192.0.2.7", ehlo=ehlo)).result()
        except Refused as refusal:
            return reply_to(refusal)
        return None

    def _last_refusal(self, server: Server) -> str:
        lines = server.data_to_send().split(b"\r\n")[:-1]
        assert all(re.fullmatch(rb"[2-5][0-9]{2}[ -][^\x00-\x1f\x7f]{0,506}", line) for line in lines), lines
        assert not any(line.startswith((b"451", b"454")) for line in lines), lines
        refusals = [line.decode() for line in lines if line[:1] in b"45"]
        return "" if self._handed_in or not refusals else refusals[-1]

    # In the console ---------------------------------------------------------------------------------------------------
    def _send_list(self, call: Mapping[str, Any]) -> str:
        asked = call["body"]
        self._sends += 1
        try:
            template = self.rows.template(asked["template"])
            list_id, _ = self.rows.member(asked["member"])
            own = {"address_list": list_id, "template": template, "domain": self._tenant.domain.pk}
            given = {name: asked[name] for name in SendForm.base_fields if name in asked}
            data = urlencode(given | own | {"once": f"{asked['once']}{self._sends}"}, errors="surrogatepass")
            form = SendForm(QueryDict(data), access=load_access(self._tenant.user))
            if not form.is_valid():
                return str(form.errors)
            send_to_lists(form.to_submission(client="192.0.2.7"), [list_id])
        except Refused as refusal:
            return refusal.message
        return ""

    def _send_test(self, call: Mapping[str, Any]) -> str:
        asked = call["body"]
        try:
            template = self.rows.template(asked["template"])
        except Refused as refusal:
            return refusal.message
        path = reverse("admin:template_test", args=(template,))
        form = urlencode({"sender": asked["sender"], "values": asked["values"]}, errors="surrogatepass")
        response = self._browser.post(path, form, "application/x-www-form-urlencoded")
        assert response.status_code in {200, 302}, response.content
        return "" if response.status_code == 302 else "refused"


# What the answers of each dialect say: why the call was refused, empty where it was not ------------------------------------
def read_sendclean(said: Mapping[str, Any]) -> str:
    if said["status"] == "success":
        return ""
    assert said.keys() == {"status", "code", "name", "type", "message"}
    return str(said["message"])


def read_sendcloud(said: Mapping[str, Any]) -> str:
    assert said.keys() == {"result", "statusCode", "message", "info"}
    return "" if said["result"] else f"{said['statusCode']} {said['message']} {said['info']}"


def read_sendcloud_v1(said: Mapping[str, Any]) -> str:
    assert said.keys() in ({"message", "errors"}, {"message", "email_id_list"})
    return " ".join(said.get("errors", ()))


def read_mailup(said: Mapping[str, Any]) -> str:
    assert said.keys() - {"Detail"} == {"Status", "Code", "Message"}
    return "" if said["Status"] == "done" else f"{said['Code']} {said['Message']} {said.get('Detail')}"


def read_octeth(said: Mapping[str, Any]) -> str:
    if "MessageID" in said or said.get("Success") is True:
        return ""
    return str(said["Errors"] if "Success" not in said else said["ErrorText"])


REFUSALS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "sendclean": read_sendclean,
    "sendcloud": read_sendcloud,
    "sendcloud v1": read_sendcloud_v1,
    "sendcloud v1 template": read_sendcloud_v1,
    "mailup": read_mailup,
    "octeth": read_octeth,
}


# Requests: method, query, content type and body ----------------------------------------------------------------------------
Request = tuple[str, str, str, bytes]


def write_json(call: Mapping[str, Any]) -> Request:
    """Return a request with JSON, in which a whole mail is one text."""
    mail = find_mail(call["body"])
    body = {name: spell(value) if mail is not None and value is mail else value for name, value in call["body"].items()}
    return "POST", "", JSON, json.dumps(body).encode()


def write_query(call: Mapping[str, Any]) -> Request:
    """Return a request with all in its query, and the values of fields as `dynamic_value[NAME]`."""
    values = {f"dynamic_value[{name}]": value for name, value in call["body"]["dynamic_value"].items()}
    plain = {name: value for name, value in call["body"].items() if name != "dynamic_value"}
    return "GET", urlencode(plain | values, errors="surrogatepass"), "", b""


def write_form(call: Mapping[str, Any]) -> Request:
    """Return a request with a multipart form; objects are JSON, names of files as RFC 5987 has them, which hides nothing."""
    pieces = []
    for name, value in call["body"].items():
        spelled = json.dumps(value) if isinstance(value, dict | list) else value
        piece = f'Content-Disposition: form-data; name="{name}"\r\n\r\n{spelled}'
        pieces.append(piece.encode("utf-8", "surrogatepass"))
    for file in call["files"]:
        escaped = "".join(f"%{octet:02X}" for octet in file["filename"].encode("utf-8", "surrogatepass"))
        name = file["name"].replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A").encode("utf-8", "replace").decode()
        head = f"Content-Disposition: form-data; name=\"{name}\"; filename*=utf-8''{escaped}\r\n"
        head += f"Content-Type: {file['content_type']}\r\n\r\n"
        pieces.append(head.encode("utf-8", "surrogatepass") + file["content"].encode("utf-8", "surrogatepass"))
    body = b"".join(b"--wire\r\n" + piece + b"\r\n" for piece in pieces) + b"--wire--\r\n"
    return "POST", "", "multipart/form-data; boundary=wire", body
