"""MailUp's API v2.0: `/API/v2.0/<resource>/<method>`."""

from __future__ import annotations

from contextlib import suppress

from django.http import HttpResponse

from domains.credentials import Credential, authenticate_smtp_user
from domains.holdings import PAGE, get_any_smtp_user, list_smtp_users
from domains.models import SMTPUser
from gateway.api.base import DialectView, UnknownPath
from gateway.api.bodies import Payload
from gateway.api.fields import check
from gateway.api.mailup.answers import SendResponse, say_done, say_refused
from gateway.api.mailup.answers.users import UserList, say_users
from gateway.api.mailup.parse import parse_user
from gateway.api.mailup.parse.documents import parsers_for
from gateway.api.mailup.parse.messages import MESSAGE, TEMPLATE, parse_message, parse_template
from gateway.api.mailup.parse.users import LIST_USERS
from gateway.base.errors import CredentialBlocked, CredentialBlockedUntil, CredentialRevoked, CredentialSendsOnly, Refused
from gateway.engine.submission import Accepted, Submission


class MailUpView(DialectView):
    """A call of an SMTP+ user, whose name and secret stand in the document; `root` is the document's name in XML."""

    dialect = "mailup"
    root = ""
    http_method_names = ("post",)

    def authenticate(self, payload: Payload) -> Credential:
        credential = authenticate_smtp_user(*parse_user(payload.values))
        credential.check_usable()
        return credential

    def refuse(self, refusal: Refused) -> HttpResponse:
        return say_refused(refusal, self.http)


class SendingView(MailUpView):
    """A call that sends."""

    answers = (SendResponse,)

    def answer(self, done: Accepted) -> HttpResponse:
        return say_done(self.http)


class SendMessage(SendingView):
    """SendMessage: a message with its own content."""

    root = "MessageDTO"
    parsers = parsers_for(root)
    fields = MESSAGE

    def parse(self, payload: Payload, credential: Credential) -> Submission:
        return parse_message(payload, credential)


class SendTemplate(SendingView):
    """SendTemplate: a message with the content of a template of the account."""

    root = "TemplateDTO"
    parsers = parsers_for(root)
    fields = TEMPLATE

    def parse(self, payload: Payload, credential: Credential) -> Submission:
        return parse_template(payload, credential)


class ListUserInfo(MailUpView):
    """ListUserInfo

    The SMTP+ users of the account, or one of them. At most 1,000 are listed, the oldest first; each of the others can be asked
    for by name. A caller that is blocked is answered, too. One that may send, and no more, is told of itself only.
    """

    root = "ListUsersDTO"
    parsers = parsers_for(root)
    fields = LIST_USERS
    answers = (UserList,)

    def authenticate(self, payload: Payload) -> Credential:
        credential = authenticate_smtp_user(*parse_user(payload.values))
        with suppress(CredentialBlocked, CredentialBlockedUntil):  # which check_usable looks for last
            credential.check_usable()
        return credential

    def parse(self, payload: Payload, credential: Credential) -> tuple[int, str]:
        name = check(self.fields, payload.values)["Username"]
        if credential.may_manage:
            return credential.account_id, name
        if name not in {"", credential.name}:
            raise CredentialSendsOnly
        return credential.account_id, credential.name

    def act(self, asked: tuple[int, str]) -> list[SMTPUser]:
        account_id, name = asked
        if not name:
            return list_smtp_users(account_id)
        user = get_any_smtp_user(account_id, name)
        if user.is_deleted:
            raise CredentialRevoked
        return [user]

    def answer(self, done: list[SMTPUser]) -> HttpResponse:
        detail = f"These are the first {PAGE:,}; ask for others by Username." if len(done) == PAGE else ""
        return say_users(done, self.http, detail=detail)


class Unknown(UnknownPath, MailUpView):
    """Every other path under /API/v2.0/."""
