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
from gateway.base.environment import Endpoint
from gateway.base.errors import Refused
from gateway.console import template_test
from gateway.console.list_send import SendForm
from gateway.engine import intake
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
from templates_app import queries
from templates_app.actions import add_template
from templates_app.lists import add_list
from templates_app.members import Entry, put_members
from templates_app.texts import Texts
from tests.support.browsers import log_in
from tests.support.cast import Tenant
from tests.wire.places import CALLS

JSON = "application/json"
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
        self._made = 0

    def harmless(self, door: str) -> dict[str, Any]:
        """Return the harmless call of a door with the tenant's secrets in it."""
        tenant, call = self._tenant, copy.deepcopy(CALLS[door])
        body = call["body"]
        secrets = {
            "sendclean": {"owner_id": "acme", "token": tenant.api_secret, "smtp_user_name": tenant.smtp_user.name},
            "octeth": {"SenderAPIKey": tenant.domain_secret},
            "mailup": {"User": {"Username": tenant.smtp_user.name, "Secret": tenant.smtp_secret}},
            "sendcloud": {"apiUser": tenant.smtp_user.name, "apiKey": tenant.smtp_secret},
        }
        body.update(secrets.get(door.partition(" ")[0], {}))
        if "settings" in body.get("xsmtpapi", {}):
            page = tenant.account.unsubscribe_pages.get()
            body["xsmtpapi"]["settings"]["unsubscribe"]["page_id"] = [str(page.pk)]
        return call

    def send(self, door: str, call: Mapping[str, Any]) -> Answer:
        """Make a call; fail where the door answers with a fault of its own."""
        self._handed_in = []
        kind, _, variant = door.partition(" ")
        doors: dict[str, Callable[[Mapping[str, Any]], str]] = {
            "sendclean": self._send_by_sendclean,
            "sendcloud": self._send_by_sendcloud,
            "mailup": self._send_by_mailup,
            "octeth": self._send_by_octeth,
            "smtp": self._send_by_smtp,
            "console": self._send_test if variant == "test" else self._send_list,
        }
        refusal = doors[kind](call)
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
    def _send_by_sendclean(self, call: Mapping[str, Any]) -> str:
        said = self._post("/v1.0/messages/sendMail", call)
        if said["status"] == "success":
            return ""
        assert said.keys() == {"status", "code", "name", "type", "message"}
        return str(said["message"])

    def _send_by_sendcloud(self, call: Mapping[str, Any]) -> str:
        said = self._post("/apiv2/mail/send", call)
        assert said.keys() == {"result", "statusCode", "message", "info"}
        return "" if said["result"] else f"{said['statusCode']} {said['message']} {said['info']}"

    def _send_by_mailup(self, call: Mapping[str, Any]) -> str:
        said = self._post("/API/v2.0/messages/sendmessage", call)
        assert said.keys() - {"Detail"} == {"Status", "Code", "Message"}
        return "" if said["Status"] == "done" else f"{said['Code']} {said['Message']} {said.get('Detail')}"

    def _send_by_octeth(self, call: Mapping[str, Any]) -> str:
        said = self._post("/api/v1/email", call)
        return "" if "MessageID" in said else str(said["Errors"])

    def _post(self, path: str, call: Mapping[str, Any]) -> dict[str, Any]:
        """Post JSON, or where there are files a multipart form; return what the answer says."""
        content_type, body = JSON, json.dumps(call["body"]).encode()
        if call.get("files"):
            content_type, body = "multipart/form-data; boundary=wire", write_form(call["body"], call["files"])
        headers = {name: value for name, value in call["http"].items() if value}
        response = self._client.generic("POST", path, body, content_type, headers=headers)
        assert response.status_code < 500, response.content
        assert response.headers["Content-Type"] == JSON
        said: dict[str, Any] = response.json()
        return said

    # By SMTP ----------------------------------------------------------------------------------------------------------
    def _send_by_smtp(self, call: Mapping[str, Any]) -> str:
        """Say all at once, as a client may that pipelines; the last reply that is not positive is the refusal."""
        asked = call["body"]
        server = Server(make_policy(Endpoint("127.0.0.1", 0)))
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
        server.receive((b"\r\n" + write_raw(asked)).replace(b"\r\n.", b"\r\n..")[2:] + b".\r\n")
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
        account_id = self._tenant.account.pk
        try:
            template, news = self._make_template(asked["template"]), self._make_list()
            variables, member = asked["member"]["variables"], asked["member"]
            entry = Entry(email=member["email"], name=member["name"], variables=variables)
            written = put_members(account_id, news.pk, [entry])
            if written.refused:
                return written.refused[0].reason
            own = {"address_list": news.pk, "template": template.pk, "domain": self._tenant.domain.pk}
            given = {name: asked[name] for name in SendForm.base_fields if name in asked}
            data = urlencode(given | own | {"once": f"{asked['once']}{self._made}"}, errors="surrogatepass")
            form = SendForm(QueryDict(data), access=load_access(self._tenant.user))
            if not form.is_valid():
                return str(form.errors)
            send_to_lists(form.to_submission(client="192.0.2.7"), [news.pk])
        except Refused as refusal:
            return refusal.message
        return ""

    def _send_test(self, call: Mapping[str, Any]) -> str:
        asked = call["body"]
        try:
            template = self._make_template(asked["template"])
        except Refused as refusal:
            return refusal.message
        path = reverse("admin:template_test", args=(template.pk,))
        form = urlencode({"sender": asked["sender"], "values": asked["values"]}, errors="surrogatepass")
        response = self._browser.post(path, form, "application/x-www-form-urlencoded")
        assert response.status_code in {200, 302}, response.content
        return "" if response.status_code == 302 else "refused"

    def _make_template(self, texts: Mapping[str, str]) -> Any:
        self._made += 1
        queries.forget()  # what was rolled back may have had the same key
        return add_template(self._tenant.account.pk, invoke_name=f"t{self._made}", name="T", texts=Texts(**texts))

    def _make_list(self) -> Any:
        return add_list(self._tenant.account.pk, address=f"l{self._made}@lists.example", name="L")


def write_form(values: Mapping[str, Any], files: list[Mapping[str, str]]) -> bytes:
    """Return a multipart form; objects are JSON, and names of files are written as RFC 5987 has them, which hides nothing."""
    pieces = []
    for name, value in values.items():
        spelled = json.dumps(value) if isinstance(value, dict | list) else value
        piece = f'Content-Disposition: form-data; name="{name}"\r\n\r\n{spelled}'
        pieces.append(piece.encode("utf-8", "surrogatepass"))
    for file in files:
        escaped = "".join(f"%{octet:02X}" for octet in file["filename"].encode("utf-8", "surrogatepass"))
        name = file["name"].replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A").encode("utf-8", "replace").decode()
        head = f"Content-Disposition: form-data; name=\"{name}\"; filename*=utf-8''{escaped}\r\n"
        head += f"Content-Type: {file['content_type']}\r\n\r\n"
        pieces.append(head.encode("utf-8", "surrogatepass") + file["content"].encode("utf-8", "surrogatepass"))
    return b"".join(b"--wire\r\n" + piece + b"\r\n" for piece in pieces) + b"--wire--\r\n"


def write_raw(asked: Mapping[str, Any]) -> bytes:
    """Return the mail that a call by SMTP hands in, with the octets of its texts as they are."""
    fields = [*asked["fields"], *_orders(asked["x_smtpapi"])]
    header = "".join(f"{name}: {value}\r\n" for name, value in fields)
    mail = f"{header}\r\n{asked['body']}".encode("utf-8", "surrogatepass")
    return mail if mail.endswith(b"\r\n") else mail + b"\r\n"


def _orders(x_smtpapi: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    if x_smtpapi is None:
        return []
    if "json" in x_smtpapi:
        return [("X-SMTPAPI", json.dumps(x_smtpapi["json"]))]
    return [("X-SMTPAPI", base64.b64encode(json.dumps(x_smtpapi["base64"]).encode()).decode())]
