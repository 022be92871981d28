"""How the callers of each call say who they are, and in which dialect's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.api.fields import Field, mapping, nested
from gateway.api.mailup.views import MailUpView
from gateway.api.octeth.views.base import OctethView
from gateway.api.octeth.views.command import Command
from gateway.api.octeth.views.sender_domains import ServersCall
from gateway.api.octeth.views.sessions import Login
from gateway.api.octeth.views.smtp_relay import SMTPRelay
from gateway.api.sendclean import parse as sendclean
from gateway.api.sendclean.views.base import SendCleanView
from gateway.api.sendcloud import parse as sendcloud
from gateway.api.sendcloud.parse.v1 import CREDENTIALS_V1
from gateway.api.sendcloud.views.base import SendCloudView
from gateway.api.sendcloud.views.v1 import V1View

BEARER: Final = "bearer"
SCHEMES: Final[Mapping[str, Any]] = {
    BEARER: {"type": "http", "scheme": "bearer", "description": "The key of a sender domain, as `Authorization: Bearer KEY`."}
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The section that a call is in, the credentials among its parameters, and whether it takes a bearer token."""

    dialect: str
    tag: str
    fields: tuple[Field, ...] = ()
    by_bearer: bool = False


SENDCLEAN: Final = "SendClean"
SENDCLOUD: Final = "SendCloud"
SENDCLOUD_V1: Final = "SendCloud-v1"
MAILUP: Final = "MailUp"
OCTETH: Final = "Octeth"
COMMANDS: Final = "Octeth-commands"

# How the names of components begin, by a dialect's folder.
DIALECTS: Final[Mapping[str, str]] = {
    "sendclean": "SendClean",
    "sendcloud": "SendCloud",
    "mailup": "MailUp",
    "octeth": "Octeth",
}
TAGS: Final[Mapping[str, str]] = {
    SENDCLEAN: (
        "Also PowerEmail. `owner_id` and `token` in the body name the account; `token` is any API key of the whole account. "
        "Calls that send also name the SMTP user that they send as."
    ),
    SENDCLOUD: (
        "`apiUser` and `apiKey` are name and secret of an SMTP user. Errors have HTTP status 200 and `result` false; "
        "`statusCode` says what is wrong."
    ),
    SENDCLOUD_V1: (
        "`api_user` and `api_key` are name and secret of an SMTP user. Errors have HTTP status 200 and `errors`. Each path "
        "answers in XML where it ends with `.xml` instead of `.json`."
    ),
    MAILUP: (
        "SMTP+. `User` in the document has name and secret of an SMTP user. Errors have HTTP status 403 with a code from 101, "
        "or 400 with code 1 and the reason in `Detail`. Documents are JSON or XML, which Content-Type says; of XML the root is "
        "the DTO's name. Answers are in what Accept asks for, else in the same."
    ),
    OCTETH: (
        "`/api/v1`: the key of a sender domain, as a bearer token or as `SenderAPIKey`. Errors are listed in `Errors` and have "
        "HTTP status 200, but for those whose code is an HTTP status."
    ),
    COMMANDS: (
        "One path, `/api.php`: `Command` in the body says which command it is. What stands after `#` is never sent, and only "
        "tells commands apart here. Names of commands and parameters have no case; a query by GET does as well. Either "
        "`SessionID` (of User.Login) or `APIKey` says who calls. Errors of a command have HTTP status 200 and `Success` false. "
        "`ResponseFormat=XML` asks for the answer in XML."
    ),
}

_USER: Final = (Field("Username", required=True), Field("Secret", required=True))
_MAILUP: Final = (Field("User", mapping, required=True), *nested("User", _USER))
_SENDER_KEY: Final = Field("SenderAPIKey")
_OF_SERVERS: Final = (Field("AdminAPIKey"), Field("APIKey"), _SENDER_KEY)

# By the class of a call, or the nearest above it.
ACCESS: Final[Mapping[type, Access]] = {
    SendCleanView: Access(dialect="sendclean", tag=SENDCLEAN, fields=sendclean.CREDENTIALS),
    SendCloudView: Access(dialect="sendcloud", tag=SENDCLOUD, fields=sendcloud.CREDENTIALS),
    V1View: Access(dialect="sendcloud", tag=SENDCLOUD_V1, fields=CREDENTIALS_V1),
    MailUpView: Access(dialect="mailup", tag=MAILUP, fields=_MAILUP),
    OctethView: Access(dialect="octeth", tag=OCTETH, fields=(_SENDER_KEY,), by_bearer=True),
    ServersCall: Access(dialect="octeth", tag=OCTETH, fields=_OF_SERVERS, by_bearer=True),
    Command: Access(dialect="octeth", tag=COMMANDS, fields=(Field("SessionID"), Field("APIKey"))),
    Login: Access(dialect="octeth", tag=COMMANDS),
    SMTPRelay: Access(dialect="octeth", tag=COMMANDS, fields=(Field("AdminAPIKey"),), by_bearer=True),
}


def access_to(call: type) -> Access:
    """Return how a call is reached."""
    return next(ACCESS[kind] for kind in call.__mro__ if kind in ACCESS)
