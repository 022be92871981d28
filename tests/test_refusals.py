"""Bad input by every door: each says in its own language what is wrong, and nothing is stored or sent.

One table: what is wrong, and what each of the five doors answers. A text in place of an answer is the reason why a door cannot
be given that input, or takes it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import IdempotencyKey
from gateway.base import wake
from gateway.base.environment import Endpoint
from gateway.listeners.submission import Doors
from gateway.listeners.tls import keep_self_signed, make_context
from gateway.models import Attachment, Content, Message, Recipient
from tests.support import spoils
from tests.support.cast import Tenant
from tests.support.clients import CALLS, Answer, Mail, send_by_smtp, write_mail
from tests.support.sink import running
from tests.support.spoils import Spoil, World, change, change_account, change_user, exceed
from tracking.models import Event

STORED = (Message, Content, Attachment, Recipient, Event, IdempotencyKey)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """How the mail is spoiled, and what each door answers, or why there is no such refusal."""

    spoil: Spoil
    sendclean: Answer | str
    sendcloud: Answer | str
    mailup: Answer | str
    octeth: Answer | str
    smtp: Answer | str


# The words that doors have for more than one thing.
FAILED = "The operation is failed."  # MailUp
UNAUTHORIZED = "The operation is not authorized."
NO_FROM = (
    "From parameter is either missing or invalid. Make sure you pass both name and email address for the from field"  # Octeth
)
NOT_SENT, FORBIDDEN, HTTP_FAILED = "邮件发送失败", "你没有权限访问", "http其他错误"  # SendCloud
HAS_KEYS = "its callers are keys, not users"
HAS_USERS = "its callers are users; there is no owner beside them"
NO_HTTP = "SMTP has neither methods nor paths"
TWO_FIELDS = "a CRLF begins the next field, which is a right one: nothing tells it from one that was meant"
A_BODY = "the lines of a body may end in any way: the mail is built here, with CRLF"
NOT_JSON = "there is no JSON but that of X-SMTPAPI, which has a row of its own"
A_THOUSAND = "it takes 1,000, which has a row of its own"
TAKEN_OUT = "it takes no such orders, and no mail leaves with a header of that name"


def clean(words: str, status: int = 400, kind: str = "ValidationError") -> Answer:
    return Answer(status, kind, words)


def cloud(code: int, words: str, reason: str = "", *, status: int = 200) -> Answer:
    return Answer(status, code, words, reason)


def mailup(code: str, words: str, detail: str = "", *, status: int = 403) -> Answer:
    return Answer(status, code, words, detail)


def failed(detail: str, status: int = 400) -> Answer:
    """MailUp's code 1, for whatever has none of its own."""
    return Answer(status, "1", FAILED, detail)


def octeth(code: int, words: str, detail: str = "") -> Answer:
    return Answer(200, code, words, detail)


def octeth_http(status: int, words: str) -> Answer:
    """Octeth's answer to what has no code of its own."""
    return Answer(status, status, words)


def smtp(code: int, enhanced: str, words: str) -> Answer:
    return Answer(code, enhanced, words)


def forbidden(words: str, *, code: str, mailup_words: str, detail: str = "") -> dict[str, Answer | str]:
    """What is answered for a user that may not send: only MailUp has a code for each reason."""
    return {
        "sendclean": clean(words, 403, "AuthenticationError"),
        "sendcloud": cloud(6001, FORBIDDEN, words),
        "mailup": mailup(code, mailup_words, detail),
        "octeth": HAS_KEYS,
        "smtp": smtp(535, "5.7.1", words),
    }


def people(count: int) -> tuple[str, ...]:
    return tuple(f"user{number}@example.com" for number in range(count))


_away = "The message could not be stored; nothing was accepted. Try again in a moment."
_not_ours = "globex.example is not a sender domain of this account; add it and publish its DNS records first."
_not_verified = "The sender domain acme.example is not verified; publish its DNS records first."
_not_among = "news@shop.example is not among the senders of this credential."
_no_domain = "is not an address that can be used: no domain stands after the @"
_two_commands = "rita@example.com\r\nRCPT TO:<eve@evil.example"
_carriage_return = f"{_two_commands!r} is not an address that can be used: the character U+000D is not allowed before the @"
_bad_subject = "The subject has control characters or line breaks; remove them."
_bad_name = (
    r"The header name 'X-A\r\nBcc: eve@evil.example\r\nX-B' is not valid; use at most 76 ASCII letters, digits and hyphens."
)
_bad_value = "The header X-A has control characters or line breaks; remove them."
_reserved = "The header Received may not be set: it is added as mail passes through."
_too_many = "The message has 1001 recipients; at most 1000 are allowed."
_too_large = "The message has 2008 bytes; at most 1000 are allowed."
_too_often = "More than 2 requests in 60 seconds. Wait for N seconds."
_used_up = "The account's quota of 0 recipients in this month is used up."
_method = "This call does not take that HTTP method."
_truncated = "The JSON cannot be read: Input data was truncated."

CASES = {
    # Who calls --------------------------------------------------------------------------------------------------------
    "a wrong secret": Case(
        spoil=change(token="wrong", key="wrong", secret="wrong"),
        sendclean=clean("Token MissMatch", 401, "AuthenticationError"),
        sendcloud=cloud(40005, "认证失败"),
        mailup=mailup("102", UNAUTHORIZED),
        octeth=octeth(13, "Invalid SenderAPIKey"),
        smtp=smtp(535, "5.7.8", "The name and secret, or the key, are not right."),
    ),
    "an unknown user": Case(
        spoil=change(user="nobody"),
        sendclean=clean("This account has no SMTP user nobody."),
        sendcloud=cloud(40005, "认证失败"),
        mailup=mailup("102", UNAUTHORIZED),
        octeth=HAS_KEYS,
        smtp=smtp(535, "5.7.8", "The name and secret, or the key, are not right."),
    ),
    "an unknown owner": Case(
        spoil=change(owner_id="nobody"),
        sendclean=clean("Token MissMatch", 401, "AuthenticationError"),
        sendcloud=HAS_USERS,
        mailup=HAS_USERS,
        octeth=HAS_KEYS,
        smtp=HAS_USERS,
    ),
    "the secrets of another tenant": Case(
        spoil=spoils.use_the_others_secrets,
        sendclean=clean("Token MissMatch", 401, "AuthenticationError"),
        sendcloud=cloud(40005, "认证失败"),
        mailup=mailup("102", UNAUTHORIZED),
        octeth=octeth(3, NO_FROM, _not_ours.replace("globex", "acme")),  # a good key, of who may not send this mail
        smtp=smtp(535, "5.7.8", "The name and secret, or the key, are not right."),
    ),
    "the user of another tenant": Case(
        spoil=spoils.use_the_others_user,
        sendclean=clean("This account has no SMTP user smtp_globex."),
        sendcloud=cloud(40005, "认证失败"),
        mailup=mailup("102", UNAUTHORIZED),
        octeth=HAS_KEYS,
        smtp=smtp(535, "5.7.8", "The name and secret, or the key, are not right."),
    ),
    "a disabled user": Case(
        spoil=change_user(is_enabled=False),
        **forbidden("This credential is disabled.", code="103", mailup_words="The user is not enabled."),
    ),
    "a blocked user": Case(
        spoil=change_user(is_blocked=True),
        **forbidden("This credential was blocked by the operator.", code="104", mailup_words="The user is blocked."),
    ),
    "a user that is blocked until a day": Case(
        spoil=change_user(blocked_until=datetime(2100, 1, 1, tzinfo=UTC)),
        **forbidden(
            "This credential is blocked until 2100-01-01 00:00:00 UTC.",
            code="105",
            mailup_words="The user is blocked until this date.",
            detail="This credential is blocked until 2100-01-01 00:00:00 UTC.",
        ),
    ),
    "a deleted user": Case(
        spoil=change_user(is_deleted=True),
        sendclean=clean("This credential was deleted.", 401, "AuthenticationError"),
        sendcloud=cloud(40005, "认证失败"),
        mailup=mailup("112", "User is deleted."),
        octeth=HAS_KEYS,
        smtp=smtp(535, "5.7.8", "This credential was deleted."),
    ),
    "a suspended account": Case(
        spoil=change_account(status="suspended"),
        sendclean=clean("The account is suspended.", 403, "AuthenticationError"),
        sendcloud=cloud(6001, FORBIDDEN, "The account is suspended."),
        mailup=mailup("107", "The console account is suspended."),
        octeth=octeth(12, "Invalid or deactivated user account"),
        smtp=smtp(535, "5.7.1", "The account is suspended."),
    ),
    "a deleted account": Case(
        spoil=change_account(status="deleted"),
        sendclean=clean("The account was deleted.", 403, "AuthenticationError"),
        sendcloud=cloud(40301, "用户不存在"),
        mailup=mailup("108", "The console account is deleted."),
        octeth=octeth(12, "Invalid or deactivated user account"),
        smtp=smtp(535, "5.7.1", "The account was deleted."),
    ),
    # From whom, to whom -----------------------------------------------------------------------------------------------
    "an unverified domain": Case(
        spoil=spoils.take_the_proof_away,
        sendclean=clean(_not_verified),
        sendcloud=cloud(40901, NOT_SENT, _not_verified),
        mailup=mailup("102", UNAUTHORIZED, _not_verified),
        octeth=octeth(32, "Domain is not activated"),
        smtp=smtp(550, "5.7.1", _not_verified),
    ),
    "another tenant's domain": Case(
        spoil=change(sender="news@globex.example"),
        sendclean=clean(_not_ours),
        sendcloud=cloud(40901, NOT_SENT, _not_ours),
        mailup=mailup("102", UNAUTHORIZED, _not_ours),
        octeth=octeth(3, NO_FROM, _not_ours),
        smtp=smtp(550, "5.7.1", _not_ours),
    ),
    "a sender that the credential is not for": Case(
        spoil=spoils.send_from_elsewhere,
        sendclean=clean(_not_among),
        sendcloud=cloud(40901, NOT_SENT, _not_among),
        mailup=mailup("102", UNAUTHORIZED, _not_among),
        octeth=octeth(3, NO_FROM, "This credential sends from acme.example only, not from news@shop.example."),
        smtp=smtp(550, "5.7.1", _not_among),
    ),
    "no sender": Case(
        spoil=change(sender=""),
        sendclean=clean("message.from_email is required."),
        sendcloud=cloud(40801, "发信人地址from不能为空"),
        mailup=mailup("110", "The sender is mandatory."),
        octeth=octeth(3, NO_FROM),
        smtp=smtp(550, "5.1.7", "The From field is not a name and an address: '' cannot be read as a name and an address."),
    ),
    "a sender that is no address": Case(
        spoil=change(sender="news@"),
        sendclean=clean(f"'news@' {_no_domain}"),
        sendcloud=cloud(40802, "发信人地址from格式错误"),
        mailup=failed(f"'news@' {_no_domain}"),
        octeth=octeth(23, "Invalid from email address format"),
        smtp=smtp(553, "5.1.7", f"'news@' {_no_domain}"),
    ),
    "no recipient": Case(
        spoil=change(to=()),
        sendclean=clean("At least one recipient is required."),
        sendcloud=cloud(40805, "收件人地址不能为空"),
        mailup=mailup("109", "At least one recipient is required."),
        octeth=octeth(20, "There is no recipient set for the email."),
        smtp=smtp(554, "5.5.1", "No valid recipients"),
    ),
    "a recipient that is no address": Case(
        spoil=change(to=("rita@",)),
        sendclean=clean(f"'rita@' {_no_domain}"),
        sendcloud=cloud(40806, "收件人地址数组中, 存在非法地址", f"'rita@' {_no_domain}"),
        mailup=failed(f"'rita@' {_no_domain}"),
        octeth=octeth(19, "Recipient email address is invalid."),
        smtp=smtp(553, "5.1.3", f"'rita@' {_no_domain}"),
    ),
    "an address with a command behind it": Case(
        spoil=change(to=(_two_commands,)),
        sendclean=clean(_carriage_return),
        sendcloud=cloud(40806, "收件人地址数组中, 存在非法地址", _carriage_return),
        mailup=failed(_carriage_return),
        octeth=octeth(19, "Recipient email address is invalid."),
        smtp=smtp(553, "5.1.3", "An address in angle brackets is required, such as <user@example.com>"),
    ),
    "1,001 recipients": Case(
        spoil=change(to=people(1001)),
        sendclean=clean(_too_many),
        sendcloud=cloud(40807, "收件人地址的数目不能超过100"),
        mailup=failed(_too_many),
        octeth=octeth_http(400, _too_many),
        smtp=smtp(550, "5.5.3", "More than 1000 recipients; nothing was sent"),
    ),
    "101 recipients": Case(
        spoil=change(to=people(101)),
        sendclean=A_THOUSAND,
        sendcloud=cloud(40807, "收件人地址的数目不能超过100"),
        mailup=A_THOUSAND,
        octeth=A_THOUSAND,
        smtp=A_THOUSAND,
    ),
    # What is in it ----------------------------------------------------------------------------------------------------
    "no content": Case(
        spoil=change(text=""),
        sendclean=clean("The message has neither HTML nor text."),
        sendcloud=cloud(40870, "html和plain不能同时为空"),
        mailup=failed("The message has neither HTML nor text."),
        octeth=octeth(11, "Missing PlainContent"),
        smtp="a mail may have an empty body",
    ),
    "nothing at all": Case(
        spoil=change(body=b""),
        sendclean=clean("owner_id is required."),
        sendcloud=cloud(40005, "认证失败"),
        mailup=mailup("101", "The input is null."),
        octeth=octeth(3, NO_FROM, "Missing Subject, Missing ContentType, There is no recipient set for the email."),
        smtp=smtp(550, "5.1.7", "The mail is empty."),
    ),
    "a control character in the subject": Case(
        spoil=change(subject="Hello\x07"),
        sendclean=clean(_bad_subject),
        sendcloud=cloud(40809, "邮件主题subject格式错误"),
        mailup=failed(_bad_subject),
        octeth=octeth_http(400, _bad_subject),
        smtp=smtp(550, "5.6.0", "The mail's header has control characters; remove them."),
    ),
    "a line break in the subject": Case(
        spoil=change(subject="Hello\r\nBcc: eve@evil.example"),
        sendclean=clean(_bad_subject),
        sendcloud=cloud(40809, "邮件主题subject格式错误"),
        mailup=failed(_bad_subject),
        octeth=octeth_http(400, _bad_subject),
        smtp=TWO_FIELDS,
    ),
    "a line break in a header's name": Case(
        spoil=change(headers=(("X-A\r\nBcc: eve@evil.example\r\nX-B", "1"),)),
        sendclean=clean(_bad_name),
        sendcloud=cloud(40869, "headers格式错误", _bad_name),
        mailup=failed(_bad_name),
        octeth=octeth_http(400, _bad_name),
        smtp=smtp(550, "5.6.0", "Line 4 of the mail's header, 'X-A', is neither a field nor the continuation of one."),
    ),
    "a line break in a header's value": Case(
        spoil=change(headers=(("X-A", "1\r\nBcc: eve@evil.example"),)),
        sendclean=clean(_bad_value),
        sendcloud=cloud(40869, "headers格式错误", _bad_value),
        mailup=failed(_bad_value),
        octeth=octeth_http(400, _bad_value),
        smtp=TWO_FIELDS,
    ),
    "a header that is ours": Case(
        spoil=change(headers=(("Received", "by elsewhere.example"),)),
        sendclean=clean(_reserved),
        sendcloud=cloud(40869, "headers格式错误", _reserved),
        mailup="it leaves out what is not on its list, and the message's page says so (decision 21)",
        octeth=octeth_http(400, _reserved),
        smtp="mail may have passed through other servers before",
    ),
    "a bare LF": Case(
        spoil=change(body=b"From: news@acme.example\r\n\r\na\nb\r\n"),
        sendclean=A_BODY,
        sendcloud=A_BODY,
        mailup=A_BODY,
        octeth=A_BODY,
        smtp=smtp(550, "5.6.0", "The message has a bare LF in it; end all lines with CRLF and leave NUL out"),
    ),
    "a bare CR": Case(
        spoil=change(body=b"From: news@acme.example\r\n\r\na\rb\r\n"),
        sendclean=A_BODY,
        sendcloud=A_BODY,
        mailup=A_BODY,
        octeth=A_BODY,
        smtp=smtp(550, "5.6.0", "The message has a bare CR in it; end all lines with CRLF and leave NUL out"),
    ),
    "a NUL": Case(
        spoil=change(text="a\0b"),
        sendclean=clean("The character U+0000 is not allowed."),
        sendcloud=cloud(49906, HTTP_FAILED, "The character U+0000 is not allowed."),
        mailup=failed("The character U+0000 is not allowed."),
        octeth=octeth_http(400, "The character U+0000 is not allowed."),
        smtp=smtp(550, "5.6.0", "The message has a NUL in it; end all lines with CRLF and leave NUL out"),
    ),
    "JSON that does not end": Case(
        spoil=change(body=b'{"message": '),
        sendclean=clean(_truncated),
        sendcloud=cloud(49906, HTTP_FAILED, _truncated),
        mailup=failed(_truncated),
        octeth=octeth_http(400, _truncated),
        smtp=NOT_JSON,
    ),
    "JSON that is no object": Case(
        spoil=change(body=b"[1]"),
        sendclean=clean("The JSON must be an object."),
        sendcloud=cloud(49906, HTTP_FAILED, "The JSON must be an object."),
        mailup=failed("The JSON must be an object."),
        octeth=octeth_http(400, "The JSON must be an object."),
        smtp=NOT_JSON,
    ),
    "orders that cannot be read": Case(
        spoil=change(headers=(("X-SMTPAPI", '{"to": '),)),
        sendclean=TAKEN_OUT,
        sendcloud="they are a parameter; a header of that name is left out, and the message's page says so",
        mailup="they are a member; a header of that name is left out, and the message's page says so",
        octeth=TAKEN_OUT,
        smtp=smtp(
            550,
            "5.6.0",
            "xsmtpapi error: X-SMTPAPI must be base64 of a JSON object, or a JSON object of XSmtpAPIDTO's names.",
        ),
    ),
    # How much of it ---------------------------------------------------------------------------------------------------
    "a message over the limit": Case(
        spoil=exceed("GATEPOST_MAX_SIZE"),
        sendclean=clean(_too_large, 413),
        sendcloud=cloud(40901, NOT_SENT, _too_large),
        mailup=failed(_too_large),
        octeth=octeth_http(413, _too_large),
        smtp=smtp(552, "5.3.4", "The message is larger than 1000 bytes"),
    ),
    "a body over the limit": Case(
        spoil=exceed("GATEPOST_MAX_BODY"),
        sendclean=clean("The body is larger than 1000 bytes.", 413),
        sendcloud=cloud(49906, HTTP_FAILED, "The body is larger than 1000 bytes.", status=413),
        mailup=failed("The body is larger than 1000 bytes.", 413),
        octeth=octeth_http(413, "The body is larger than 1000 bytes."),
        smtp="the message is the body, which has a row of its own",
    ),
    "a used-up quota": Case(
        spoil=change_account(quota_month=0),
        sendclean=clean(_used_up, 429, "GeneralError"),
        sendcloud=cloud(40904, "额度检查失败"),
        mailup=failed(_used_up),
        octeth=octeth(17, "Email sending limit reached"),
        smtp=smtp(452, "4.7.1", f"Request quota exceeded: {_used_up}"),
    ),
    "too many requests": Case(
        spoil=spoils.send_too_often,
        sendclean=clean(_too_often, 429, "GeneralError"),
        sendcloud=cloud(50000, "interface frequency limited", status=429),
        mailup=failed(_too_often, 429),
        octeth=octeth_http(429, "Too many requests. Wait for N seconds for another 2 attempts."),
        smtp=smtp(450, "4.7.1", f"frequency limited: {_too_often}"),
    ),
    # The call itself --------------------------------------------------------------------------------------------------
    "a wrong method": Case(
        spoil=change(method="GET"),
        sendclean=clean(_method, 405),
        sendcloud=cloud(49903, "http请求执行失败", _method, status=405),
        mailup=failed(_method, 405),
        octeth=octeth_http(405, _method),
        smtp=NO_HTTP,
    ),
    "an unknown path": Case(
        spoil=change(path="nothing/here"),
        sendclean=clean("Page not found", 200, "GeneralError"),
        sendcloud=cloud(49901, "url格式错误", "There is no such call.", status=404),
        mailup=failed("There is no such call.", 404),
        octeth=octeth_http(404, "There is no such call."),
        smtp=NO_HTTP,
    ),
    # Faults of ours ---------------------------------------------------------------------------------------------------
    "a database that is lost while storing": Case(
        spoil=spoils.lose_the_database_while_storing,
        sendclean=clean(_away, 503, "GeneralError"),
        sendcloud=cloud(501, "服务器异常", _away, status=503),
        mailup=failed(_away, 503),
        octeth=octeth_http(503, _away),
        smtp=smtp(451, "4.3.0", _away),
    ),
    "a database that is away": Case(
        spoil=spoils.lose_the_database,
        sendclean=clean(_away, 503, "GeneralError"),
        sendcloud=cloud(501, "服务器异常", _away, status=503),
        mailup=failed(_away, 503),
        octeth=octeth_http(503, _away),
        smtp=smtp(454, "4.3.0", "Logins cannot be checked just now. Try again in a moment."),
    ),
}
DOORS = (*CALLS, "smtp")
REFUSED = [(name, door) for name, case in CASES.items() for door in DOORS if isinstance(getattr(case, door), Answer)]


@pytest.fixture(scope="session")
def context(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return make_context(keep_self_signed(tmp_path_factory.mktemp("tls") / "tls.pem", "mx.example"))


@pytest.fixture
def send(context: Any, settings: Settings) -> Callable[[str, Mail], Answer]:
    """Send a mail by a door; the SMTP door is opened for it, with the settings of that moment."""
    settings.EMBEDDED = True  # AUTH without TLS on loopback, whatever database the tests run on

    def send(door: str, mail: Mail) -> Answer:
        if door in CALLS:
            return CALLS[door](mail)
        with running(Doors(context).open(Endpoint("127.0.0.1", 0))) as port:
            return send_by_smtp(port, mail)

    return send


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the senders are told."""
    told: list[str] = []
    monkeypatch.setattr(wake, "wake_sender", lambda: told.append("mail"))
    return told


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("door", DOORS)
def test_it_works(send: Callable[[str, Mail], Answer], woken: list[str], acme: Tenant, door: str) -> None:
    assert send(door, write_mail(acme)).status in {200, 250}
    assert Message.objects.get().door == door
    assert Recipient.objects.get().email == "rita@example.com"
    assert woken == ["mail"]


@pytest.fixture
def world(acme: Tenant, globex: Tenant, settings: Settings, send: Callable[[str, Mail], Answer], door: str) -> Iterator[World]:
    with pytest.MonkeyPatch.context() as patch:
        yield World(acme=acme, globex=globex, settings=settings, patch=patch, send=lambda mail: send(door, mail))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("name", "door"), REFUSED)
def test_it_is_refused_and_nothing_is_stored(world: World, woken: list[str], name: str, door: str) -> None:
    case = CASES[name]
    answer = world.send(case.spoil(world, write_mail(world.acme)))
    world.patch.undo()
    assert _without_seconds(answer) == getattr(case, door)
    assert [model.__name__ for model in STORED if model.objects.exists()] == []
    assert woken == []


def _without_seconds(answer: Answer) -> Answer:
    """Return an answer with N for the seconds that are left, which depend on the time."""
    words, detail = (re.sub(r"Wait for \d+", "Wait for N", text) for text in (answer.words, answer.detail))
    return answer._replace(words=words, detail=detail)


_no_call = "There is no such call."
_page = {"status": "error", "code": -1, "name": "GeneralError", "type": "GeneralError", "message": "Page not found"}
_cloud_url = {"result": False, "statusCode": 49901, "message": "url格式错误", "info": {"reason": _no_call}}
_mailup_call = {"Status": "error", "Code": "1", "Message": FAILED, "Detail": _no_call}
_octeth_call = {"Errors": [{"Code": 404, "Message": _no_call}]}

# Every path that begins as a dialect's do is answered as that dialect does, by JSON.
PATHS: dict[str, tuple[int, dict[str, Any]]] = {
    "/v1.0": (200, _page),
    "/v1.0/": (200, _page),
    "/v1.0/messages/sendMail/x": (200, _page),
    "/apiv2": (404, _cloud_url),
    "/apiv2/mail": (404, _cloud_url),
    "/webapi/nothing.get.json": (404, {"message": "error", "errors": ["url格式错误", _no_call]}),
    "/API/v2.0": (404, _mailup_call),
    "/api/v2.0/messages/": (404, _mailup_call),
    "/api/v1": (404, _octeth_call),
    "/api/v1/emails": (404, _octeth_call),
    "/api/v3.0/messages": (404, _octeth_call),
    "/api": (404, _octeth_call),
}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "BREW"])
def test_an_unknown_path_is_answered_by_its_dialect(path: str, method: str) -> None:
    response = Client().generic(method, path, b"{", "application/json")
    assert (response.status_code, response.json()) == PATHS[path]
