"""The programs of the matrix: each sends mails to a port in its own way, and tells whether they were taken."""

from __future__ import annotations

import base64
import json
import os
import smtplib
import ssl
import subprocess
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass, field
from enum import Enum
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend

from tests.gateway.listeners.clients.mails import SENDER, Mail
from tests.support.readme import NODE_PATH

HOST = "127.0.0.1"
HELLO = "shop.example"
PATIENCE = 60


class Auth(Enum):
    """How a client logs in."""

    NONE = ""
    PLAIN = "PLAIN"
    LOGIN = "LOGIN"
    LOGIN_AT_ONCE = "LOGIN with initial response"

    @property
    def mechanism(self) -> str:
        return self.value.split(" ")[0]


class TLS(Enum):
    """How a client comes to TLS."""

    NONE = "none"
    STARTTLS = "STARTTLS"
    IMPLICIT = "from the start"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Where to send to, and how."""

    port: int
    tls: TLS
    auth: Auth
    user: str
    secret: str = field(repr=False)
    certificate: Path
    options: tuple[str, ...] = ()  # more of the program's own

    @property
    def logs_in(self) -> bool:
        return self.auth is not Auth.NONE

    @property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.certificate))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a client says became of a mail; `said` is the dialogue as it shows it."""

    is_taken: bool
    said: str


Job = tuple[Mail, Way]
SendAll = Callable[[Sequence[Job]], list[Outcome]]


def one_by_one(send: Callable[[Mail, Way], Outcome]) -> SendAll:
    def send_all(jobs: Sequence[Job]) -> list[Outcome]:
        return [send(mail, way) for mail, way in jobs]

    return send_all


def send_by_swaks(mail: Mail, way: Way) -> Outcome:
    tls = {TLS.NONE: [], TLS.STARTTLS: ["--tls"], TLS.IMPLICIT: ["--tls-on-connect"]}[way.tls]
    login = ["--auth", way.auth.mechanism, "--auth-user", way.user, "--auth-password", way.secret] if way.logs_in else []
    trust = ["--tls-verify", "--tls-ca-path", str(way.certificate)] if tls else []
    where = ["--server", HOST, "--port", str(way.port), "--ehlo", HELLO, "--pipeline", "--suppress-data"]
    envelope = ["--from", SENDER, "--to", ",".join(mail.to), "--data", "-"]
    return _run(["swaks", *where, *tls, *trust, *login, *envelope, *way.options], mail.raw.removesuffix(b"\r\n"))  # it adds one


def send_by_msmtp(mail: Mail, way: Way) -> Outcome:
    tls = {TLS.NONE: ["--tls=off"], TLS.STARTTLS: ["--tls=on"], TLS.IMPLICIT: ["--tls=on", "--tls-starttls=off"]}[way.tls]
    trust = [f"--tls-trust-file={way.certificate}"] if way.tls is not TLS.NONE else []
    secret = f"--passwordeval=echo {way.secret}"
    login = [f"--auth={way.auth.mechanism.lower()}", f"--user={way.user}", secret] if way.logs_in else ["--auth=off"]
    where = [f"--host={HOST}", f"--port={way.port}", f"--domain={HELLO}", f"--from={SENDER}", "--debug"]
    return _run(["msmtp", *where, *tls, *trust, *login, *way.options, "--", *mail.to], mail.raw.replace(b"\r\n", b"\n"))


def send_by_curl(mail: Mail, way: Way) -> Outcome:
    scheme = "smtps" if way.tls is TLS.IMPLICIT else "smtp"
    trust = ["--ssl-reqd", "--cacert", str(way.certificate)] if way.tls is not TLS.NONE else []
    login = ["--user", f"{way.user}:{way.secret}", "--login-options", f"AUTH={way.auth.mechanism}"] if way.logs_in else []
    at_once = ["--sasl-ir"] if way.auth is Auth.LOGIN_AT_ONCE else []
    recipients = [word for one in mail.to for word in ("--mail-rcpt", one)]
    envelope = ["--mail-from", SENDER, *recipients, "--mail-rcpt-allowfails", "--upload-file", "-"]
    where = ["curl", "-sS", "-v", f"{scheme}://{HOST}:{way.port}/{HELLO}"]
    return _run([*where, *trust, *login, *at_once, *envelope, *way.options], mail.raw)


def send_by_nodemailer(jobs: Sequence[Job]) -> list[Outcome]:
    """Send mails by one process, as Node.js takes long to start."""
    orders = [{"transport": _transport_of(way), "mail": _order_of(mail)} for mail, way in jobs]
    script = Path(__file__).with_name("send.js")
    done = _run(["node", str(script)], json.dumps(orders).encode(), NODE_PATH=NODE_PATH)
    assert done.is_taken, done.said
    return [Outcome(**each) for each in json.loads(done.said)]


def _transport_of(way: Way) -> dict[str, Any]:
    transport = {
        "host": HOST,
        "port": way.port,
        "name": HELLO,
        "secure": way.tls is TLS.IMPLICIT,
        "requireTLS": way.tls is TLS.STARTTLS,
        "ignoreTLS": way.tls is TLS.NONE,
        "tls": {"ca": way.certificate.read_text()},
    }
    login = {"auth": {"user": way.user, "pass": way.secret}, "authMethod": way.auth.mechanism} if way.logs_in else {}
    return {**transport, **login}


def _order_of(mail: Mail) -> dict[str, Any]:
    """Return a mail as nodemailer's `sendMail` takes it: in fields, or whole where it is in 8 bits, which it does not write."""
    if mail.is_8bit:
        envelope = {"from": SENDER, "to": mail.to, "use8BitMime": True}
        return {"envelope": envelope, "raw": base64.b64encode(mail.raw).decode()}
    attached = {"filename": "report.bin", "content": base64.b64encode(mail.attachment).decode(), "encoding": "base64"}
    return {
        "from": {"name": mail.name, "address": SENDER},
        "to": mail.to,
        "subject": mail.subject,
        "text": mail.text,
        "attachments": [attached] if mail.attachment else [],
    }


def send_by_smtplib(mail: Mail, way: Way) -> Outcome:
    with redirect_stderr(StringIO()) as said:
        try:
            _converse(mail, way)
        except (smtplib.SMTPException, OSError) as error:
            return Outcome(is_taken=False, said=f"{said.getvalue()}{error}")
    return Outcome(is_taken=True, said=said.getvalue())


def _converse(mail: Mail, way: Way) -> None:
    with _connect(way) as client:
        client.set_debuglevel(not mail.attachment)  # it shows messages whole
        if way.tls is TLS.STARTTLS:
            client.starttls(context=way.trust)
        client.ehlo()
        if way.logs_in:
            client.user, client.password = way.user, way.secret
            exchange = client.auth_plain if way.auth is Auth.PLAIN else client.auth_login
            client.auth(way.auth.mechanism, exchange, initial_response_ok=way.auth is not Auth.LOGIN)
        options = ["BODY=8BITMIME"] * mail.is_8bit + ["SMTPUTF8"] * mail.is_utf8
        client.sendmail(SENDER, mail.to, mail.raw, options)


def _connect(way: Way) -> smtplib.SMTP:
    if way.tls is TLS.IMPLICIT:
        return smtplib.SMTP_SSL(HOST, way.port, local_hostname=HELLO, timeout=PATIENCE, context=way.trust)
    return smtplib.SMTP(HOST, way.port, local_hostname=HELLO, timeout=PATIENCE)


def send_by_django(mail: Mail, way: Way) -> Outcome:
    backend = EmailBackend(
        host=HOST,
        port=way.port,
        username=way.user if way.logs_in else "",
        password=way.secret if way.logs_in else "",
        use_tls=way.tls is TLS.STARTTLS,
        use_ssl=way.tls is TLS.IMPLICIT,
        timeout=PATIENCE,
    )
    backend.ssl_context = way.trust
    message = EmailMessage(mail.subject, mail.text, f"{mail.name} <{SENDER}>", mail.to, connection=backend)
    if mail.attachment:
        message.attach("report.bin", mail.attachment, "application/octet-stream")
    try:
        return Outcome(is_taken=message.send() == 1, said="")
    except (smtplib.SMTPException, OSError, ValueError) as error:
        return Outcome(is_taken=False, said=str(error))
    finally:
        backend.close()


def _run(command: list[str], given: bytes, **env: str) -> Outcome:
    done = subprocess.run(
        command,
        input=given,
        env=os.environ | env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=PATIENCE,
        check=False,
    )
    return Outcome(is_taken=done.returncode == 0, said=done.stdout.decode(errors="replace"))


def _on(switch: bool) -> str:
    return "on" if switch else "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program and what it can do; `needs` names it in `tests/support/plugin.py` where it is none of Python's."""

    send_all: SendAll
    needs: str = ""
    auths: tuple[Auth, ...] = (Auth.PLAIN, Auth.LOGIN)
    is_verbatim: bool = True  # sends a message as it was given
    shows_dialogue: bool = True
    cannot: frozenset[str] = frozenset()  # mails that it does not get through, by name

    def send(self, mail: Mail, way: Way) -> Outcome:
        return self.send_all([(mail, way)])[0]


ALL_OR_NOBODY = "one refused"  # what sends to nobody when one recipient is refused, and not to the others
PROGRAMS = {
    "swaks": Program(send_all=one_by_one(send_by_swaks), needs="swaks", cannot=frozenset({"SMTPUTF8"})),
    "msmtp": Program(send_all=one_by_one(send_by_msmtp), needs="msmtp", cannot=frozenset({"SMTPUTF8", ALL_OR_NOBODY})),
    "curl": Program(send_all=one_by_one(send_by_curl), needs="curl", auths=(Auth.PLAIN, Auth.LOGIN, Auth.LOGIN_AT_ONCE)),
    "nodemailer": Program(send_all=send_by_nodemailer, needs="nodemailer", is_verbatim=False),
    "smtplib": Program(send_all=one_by_one(send_by_smtplib), auths=(Auth.PLAIN, Auth.LOGIN, Auth.LOGIN_AT_ONCE)),
    "Django": Program(
        send_all=one_by_one(send_by_django),
        auths=(Auth.PLAIN,),  # the first on offer that smtplib knows
        is_verbatim=False,
        shows_dialogue=False,
        cannot=frozenset({"SMTPUTF8"}),
    ),
}
